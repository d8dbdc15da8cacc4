/** A script that makes an output again: the commands of its chain in order, from the raw files on. */
import { dirname, normalize, relative, resolve } from "node:path";
import { printableLine } from "../present/printable.js";
import { shellWord } from "../system/files.js";
import { fromHome } from "../system/paths/home.js";
import { type Chain, type ChainNode, type ChainStep, isRaw } from "./chain.js";
import { commandWord, factsOf, shortHash, stateText, titleOf } from "./words.js";

/** Returns a script for bash; its first argument is the folder to work in, which is the chain's own if absent. */
export function bashScript(chain: Chain): string {
  const target = targetOf(chain);
  const root = rootOf(chain);
  const raw = chain.nodes.filter(isRaw);
  return `${[
    "#!/usr/bin/env bash",
    comment(
      `Makes ${titleOf(target)} again, from what nothing notes how it was made. Nothing that is there is replaced: give another`,
    ),
    comment(
      "folder, which holds the raw files, or move what was made away. PICKBENCH is the program, if it is not on the PATH.",
    ),
    "set -euo pipefail",
    `cd -- "\${1:-${doubleQuoted(fromHome(root))}}"`,
    `pickbench() { \${PICKBENCH:-command pickbench} "$@"; }`,
    `holds() { [ "$(sha256sum <"$1" | head -c 64)" = "$2" ]; }`,
    ...(raw.length === 0 ? [] : ["", comment("What the commands read that nothing notes how it was made.")]),
    ...raw.flatMap((node) => rawLines(node, root)),
    ...chain.steps.flatMap((step, at) => stepLines(step, at + 1, root)),
    "",
    ...lastLines(target, root),
  ].join("\n")}\n`;
}

/** Returns the same as data: folders and command lines in order, and the raw files. */
export function jsonScript(chain: Chain): string {
  const root = rootOf(chain);
  const target = targetOf(chain);
  const raw = chain.nodes
    .filter(isRaw)
    .map(({ path, sha256 }) => ({ path: within(root, path), sha256: sha256 ?? null }));
  const steps = chain.steps.map(({ command, folder, versions }) => ({
    folder: folder === undefined ? null : within(root, folder),
    command: ["pickbench", ...command],
    pickbench: versions.pickbench,
  }));
  const made = { path: within(root, target.path), sha256: target.sha256 ?? null };
  return `${JSON.stringify({ root: fromHome(root), raw, steps, made }, null, 2)}\n`;
}

const targetOf = ({ nodes, target }: Chain): ChainNode => nodes.find(({ id }) => id === target)!;

/** The deepest folder that holds where every command worked, and the places above that to which its words lead by `..`. */
function rootOf(chain: Chain): string {
  const folders = chain.steps.flatMap(({ folder, command }) =>
    folder === undefined ? [] : [folder, ...command.flatMap((word) => placesAbove(folder, word))],
  );
  if (folders.length === 0) return dirname(targetOf(chain).path);
  return folders.reduce((a, b) => {
    let shared = a;
    while (leadsOut(relative(shared, b)) && dirname(shared) !== shared) shared = dirname(shared);
    return shared;
  });
}

/** Folders above a working folder that a word leads to: `../a.csv`, `NAME=../a.csv`, `a.csv,../b.csv`. */
const placesAbove = (folder: string, word: string): string[] =>
  word.split(/[=,]/).flatMap((part) => {
    const [up = ""] = /^(?:\.\.(?:[/\\]|$))*/.exec(normalize(part)) ?? [];
    return up === "" ? [] : [resolve(folder, up)];
  });

const leadsOut = (below: string): boolean => /^\.\.(?:[/\\]|$)/.test(below);

/** A path below the root from there; any other as it is, or below the home. */
function within(root: string, path: string): string {
  const below = relative(root, path);
  return leadsOut(below) || resolve(root, below) !== resolve(path) ? fromHome(path) : below || ".";
}

function rawLines(node: ChainNode, root: string): string[] {
  const place = within(root, node.path);
  const hash = node.sha256 ? `, SHA-256 ${node.sha256}` : "";
  const about = comment(`${place}: ${stateText({ ...node, makers: ["raw"] })}${hash}`);
  if (node.kind !== "file" || !node.sha256) return [about];
  const refused = shellWord(`${place} is not what was read`);
  return [about, `holds ${commandWord(place)} ${node.sha256} || { echo ${refused} >&2; exit 1; }`];
}

function stepLines(step: ChainStep, number: number, root: string): string[] {
  const folder = commandWord(step.folder === undefined ? "." : within(root, step.folder));
  const line = ["pickbench", ...step.command.map(commandWord)].join(" ");
  return [
    "",
    comment(`${number}. ${factsOf(step).join("; ")}`),
    folder === "." ? line : `(mkdir -p -- ${folder} && cd -- ${folder} && ${line})`,
  ];
}

function lastLines({ kind, path, sha256 }: ChainNode, root: string): string[] {
  const place = within(root, path);
  if (kind !== "file" || !sha256) return [`echo ${shellWord(`made: ${place}`)}`];
  return [
    `if holds ${commandWord(place)} ${sha256}`,
    `then echo ${shellWord(`the same to the bit: ${place}`)}`,
    `else echo ${shellWord(`another content than ${shortHash(sha256)}: ${place}`)}`,
    "fi",
  ];
}

/** A line that bash passes over, whatever the names in it. */
const comment = (text: string): string => `# ${printableLine(text)}`;

/** Text within double quotes of bash; `~` stands for the home there too. */
const doubleQuoted = (text: string): string =>
  text.replace(/["\\`$]/g, "\\$&").replace(/^~(?=\/|$)/, "$HOME");
