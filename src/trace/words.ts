/** What a chain's parts are called where people read them. */
import { duration, moment } from "../present/text.js";
import { shellWord } from "../system/files.js";
import { withoutHome } from "../system/paths/home.js";
import { modelNameOf } from "../train/checkpoint/models.js";
import { type ChainNode, type ChainStep, isWord } from "./chain.js";

/** Digits of a hash or commit that tell it from all others at hand. */
const shown = 12;
export const shortHash = (hash: string): string => hash.slice(0, shown);

/** What a thing is called: its path as it is typed here, or the name of a model. */
export const titleOf = ({ kind, path }: Pick<ChainNode, "kind" | "path">): string =>
  kind === "model" ? (modelNameOf(path) ?? path) : isWord({ kind }) ? path : withoutHome(path);

/** How a thing stands, in words. */
export function stateText({ kind, state, why, makers }: ChainNode): string {
  if (kind === "name") return "a name";
  if (kind === "address") return "an address";
  const raw = makers.length === 0 && kind !== "model" ? ", raw: nothing notes how it was made" : "";
  const along = kind === "model" ? "a model that comes along, " : "";
  return `${along}${state === "changed" ? `changed since ${why.join(" and ")}` : state}${raw}`;
}

/** A step's command line, as it can be typed. */
export const commandText = ({ command }: Pick<ChainStep, "command">): string =>
  ["pickbench", ...command].map(commandWord).join(" ");

/** Quotes a word of a command line; what is under the home stays so. */
export const commandWord = (word: string): string =>
  word.startsWith("~/") ? `~/${shellWord(word.slice(2))}` : shellWord(word);

/** Facts about a step: when, how long, where, and what computed. */
export function factsOf({ startedAt, finishedAt, folder, code, versions, machine }: ChainStep): string[] {
  const seconds = finishedAt === null ? undefined : (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  const commit =
    code.commit === null ? "" : ` (commit ${shortHash(code.commit)}${code.dirty ? ", changed" : ""})`;
  const runtime = versions.onnxruntime === null ? "" : `, ONNX Runtime ${versions.onnxruntime}`;
  return [
    `${moment(startedAt)}, ${seconds === undefined ? "never ended" : duration(seconds)}${folder === undefined ? "" : `, in ${withoutHome(folder)}`}`,
    `pickbench ${versions.pickbench}${commit}, Node ${versions.node}${runtime}, ${machine.cpu}`,
  ];
}

/** Facts that a run's record adds. */
export function recordFacts({ record }: ChainStep): string[] {
  if (!record) return [];
  const { name, network, seed, engine, experiment, data, result } = record;
  const score = result?.metrics.score;
  return [
    `experiment ${name} (${shortHash(experiment.hash)}): ${network}, seed ${seed}, ${engine}; data ${shortHash(data.hash)}, ${data.files.length} files`,
    ...(score === undefined ? [] : [`score on the held-out runs: ${score.toFixed(4)}`]),
  ];
}
