/** A methods paragraph of plain facts, with the works' keys in Pandoc's form `[@key]`. */
import { fixed, plural, thousands } from "../../present/text.js";
import { canonicalJson } from "../../system/files.js";
import { runName } from "../../train/experiment/experiment.js";
import { networkName } from "../../train/experiment/networkChoice.js";
import type { DataSet } from "./dataSets.js";
import type { Ensemble, Facts, GivenCommand, Training } from "./facts.js";
import { type MethodKind, methodOf } from "./methods.js";
import type { Used } from "./used.js";

/** Returns the paragraph; what is not known is left out, never guessed. */
export function paragraphOf(facts: Facts, dataSets: readonly DataSet[], used: readonly Used[]): string {
  const sentences = [
    ...dataSets.map(({ said, cited }) => `${said}${keysOf(cited.map(({ entry }) => entry.key))}.`),
    ...trainingGroups(facts.trainings).map(groupSentences),
    ...facts.ensembles.map(ensembleSentence),
    ...facts.commands.flatMap(commandSentence),
    ...versionSentence(facts, used),
  ];
  return sentences.join(" ");
}

const keysOf = (keys: readonly string[]): string =>
  keys.length === 0 ? "" : ` [${[...new Set(keys)].map((key) => `@${key}`).join("; ")}]`;

/** A method with its works; the name itself where it is none that is known. */
function said(kind: MethodKind, name: string, shown?: string): string {
  const method = methodOf(kind, name);
  return `${shown ?? method?.title ?? name}${keysOf(method?.works ?? [])}`;
}

/** Trainings that differ in nothing but their seeds are told together. */
function trainingGroups(trainings: readonly Training[]): Training[][] {
  const groups = new Map<string, Training[]>();
  for (const training of trainings) {
    const { seed: _, ...others } = training.experiment;
    const key = canonicalJson([others, training.record?.runs ?? null, training.along ?? null]);
    groups.set(key, [...(groups.get(key) ?? []), training]);
  }
  return [...groups.values()];
}

function groupSentences(group: readonly Training[]): string {
  const [{ experiment, record, along }] = group as [Training];
  const { network, from, patch, budget, output } = experiment;
  const name = networkName(network);
  const base = typeof network === "object" && "architecture" in network ? network.architecture : name;
  const parameters = record?.result ? `, ${thousands(record.result.parameters)} parameters` : "";
  const names = group.map((training) => runName(training.experiment)).join(" and ");
  const seeds = group.map((training) => training.experiment.seed).join(" and ");
  const began = from ? `, begun with the weights of ${from.checkpoint}` : "";
  const isTrained = typeof network === "string" || !("onnx" in network);
  const how = isTrained
    ? ` Training: ${lossesOf(experiment)}; ${said("training", "adamw")} at a rate of ${experiment.optimiser.rate} on ${said("training", "cosine", "a cosine schedule")}${averageOf(experiment)}; ${budget} with patches of ${patch.shape.join("×")} voxels; ${plural(group.length, "seed").replace(/^\S+ /, "")} ${seeds}${began}. Output: ${output}.`
    : "";
  const title = along ? ` (${along}; it comes along with pickbench)` : "";
  const results = group.map(resultSentences).join("");
  return `${group.length === 1 ? "Network" : "Networks"} ${names}${title}: ${name}, ${said("architecture", base)}${parameters}.${how}${rolesOf(record)}${results}`;
}

function resultSentences({ experiment, record, picking }: Training): string {
  const of = ` of ${runName(experiment)}`;
  return `${pickingOf(experiment.picking.method, picking, of)}${scoreOf(record, of)}`;
}

const lossesOf = ({ loss }: Training["experiment"]): string =>
  loss
    .map(({ kind, weight }) => `${said("loss", kind)}${weight === 1 ? "" : ` (weight ${weight})`}`)
    .join(" and ");

const averageOf = ({ optimiser }: Training["experiment"]): string =>
  optimiser.average === 0 ? "" : ` with a ${said("training", "average")}`;

function rolesOf(record: Training["record"]): string {
  if (!record) return "";
  const { train, tune, holdout } = record.runs;
  const runs = (names: readonly string[]) => names.join(", ");
  const parts = [
    ...(train.length > 0 ? [`trained on ${runs(train)}`] : []),
    ...(tune.length > 0 ? [`tuned on ${runs(tune)}`] : []),
    ...(holdout.length > 0 ? [`${runs(holdout)} held out`] : []),
  ];
  return parts.length === 0 ? "" : ` Tomograms: ${parts.join("; ")}.`;
}

function pickingOf(method: string | undefined, picking: Training["picking"], of: string): string {
  const types = [...(picking ?? [])];
  if (types.length === 0 || method === undefined) return "";
  const thresholds = types.map(([type, { threshold }]) => `${type} ${threshold}`).join(", ");
  return ` Picking${of}: ${said("picking", method)}, thresholds ${thresholds}.`;
}

function scoreOf(record: Training["record"], of: string): string {
  const score = record?.result?.metrics.score;
  return score === undefined
    ? ""
    : ` Score${of} on the held-out tomograms: ${fixed(score, 4)}, by ${said("metric", "score")}.`;
}

function ensembleSentence({ members, average, choice, tune, picking }: Ensemble): string {
  const names = members
    .map(({ experiment, weight }) => `${experiment} (weight ${fixed(weight, 3)})`)
    .join(", ");
  const [method] = [...picking.values()].map((settings) => settings.method);
  return `Ensemble of ${plural(members.length, "network")}, ${names}: ${said("ensemble", average)}, ${said("ensemble", choice)}, tuned on ${tune.join(", ")}.${pickingOf(method, picking, " of the ensemble")}`;
}

/** Commands whose doing is told by trainings, ensembles and data already. */
const toldElsewhere = [
  "run",
  "train",
  "tune",
  "repeat",
  "compare",
  "ensemble",
  "simulate",
  "quickstart",
  "fetch",
  "portal",
];

function commandSentence({ words, flags }: GivenCommand): string[] {
  const command = words[0]!;
  const method = methodOf("command", command);
  if (toldElsewhere.includes(command) || !method) return [];
  const added = [...flags.keys()].flatMap((flag) => methodOf("flag", `${command} --${flag}`) ?? []);
  const also =
    added.length === 0
      ? ""
      : `, with ${added.map(({ title, works }) => `${title}${keysOf(works)}`).join(", ")}`;
  return [`pickbench ${command}: ${method.title}${keysOf(method.works)}${also}.`];
}

function versionSentence({ versions }: Facts, used: readonly Used[]): string[] {
  if (versions.length === 0) return [];
  const engine = keysOf(used.filter(({ kind }) => kind === "engine").flatMap(({ works }) => works));
  const each = versions.map(
    ({ pickbench, node, onnxruntime }) =>
      `pickbench ${pickbench} on Node ${node}${onnxruntime === null ? "" : ` with ONNX Runtime ${onnxruntime}`}`,
  );
  return [`Computed with ${each.join(", and ")}${engine}.`];
}
