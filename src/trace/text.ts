/** The chain as an indented tree for people: the output first, below each thing its makers, and below those what they read. */
import { plural } from "../present/text.js";
import { type Chain, type ChainNode, isRaw, isWord } from "./chain.js";
import { commandText, factsOf, recordFacts, shortHash, stateText, titleOf } from "./words.js";

/** Returns the tree, and what of it is no longer as it was. */
export function chainText(chain: Chain): string {
  const nodes = new Map(chain.nodes.map((node) => [node.id, node]));
  const steps = new Map(chain.steps.map((step) => [step.id, step]));
  const shown = new Set<string>();
  const lines: string[] = [];

  function showNode(id: string, first: string, rest: string, option = ""): void {
    const node = nodes.get(id)!;
    const named = `${option === "" ? "" : `${option}: `}${titleOf(node)}`;
    const hash = node.sha256 ? `, ${shortHash(node.sha256)}` : "";
    const isAbove = shown.has(id) && node.makers.length > 0;
    lines.push(`${first}${named}  [${stateText(node)}${hash}]${isAbove ? " (see above)" : ""}`);
    if (isAbove) return;
    shown.add(id);
    for (const maker of node.makers) showStep(maker, rest);
  }

  function showStep(id: string, indent: string): void {
    const step = steps.get(id)!;
    const isAbove = shown.has(id);
    lines.push(`${indent}└ ${commandText(step)}${isAbove ? " (see above)" : ""}`);
    if (isAbove) return;
    shown.add(id);
    const { inputs } = step;
    const bar = inputs.length > 0 ? "│" : " ";
    for (const fact of [...factsOf(step), ...recordFacts(step)]) lines.push(`${indent}  ${bar} ${fact}`);
    for (const [at, { node, option }] of inputs.entries()) {
      const isLast = at === inputs.length - 1;
      showNode(node, `${indent}  ${isLast ? "└" : "├"} `, `${indent}  ${isLast ? " " : "│"}   `, option);
    }
  }

  showNode(chain.target, "", "");
  return [...lines, "", ...summary(chain)].join("\n");
}

function summary({ nodes, steps, notes }: Chain): string[] {
  const of = (state: ChainNode["state"]) => nodes.filter((node) => node.state === state && !isWord(node));
  const [changed, gone] = [of("changed"), of("gone")];
  const raw = nodes.filter(isRaw);
  return [
    `${plural(steps.length, "command")}, ${plural(raw.length, "raw file or folder", "raw files or folders")}`,
    ...changed.map((node) => `changed: ${titleOf(node)}, since ${node.why.join(" and ")}`),
    ...gone.map((node) => `gone: ${titleOf(node)}`),
    ...(changed.length + gone.length + notes.length === 0 ? ["all that was noted is as it was"] : []),
    ...notes,
  ];
}

/** Tells whether something that was noted has changed, is gone, or cannot be read. */
export const isBroken = ({ nodes, notes }: Chain): boolean =>
  notes.length > 0 ||
  nodes.some((node) => !isWord(node) && (node.state === "changed" || node.state === "gone"));
