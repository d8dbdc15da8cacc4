/** Which methods a chain used, from its facts. */
import type { Cited } from "./bibtex.js";
import { workOf } from "./catalogue.js";
import type { Entry } from "./entry.js";
import type { Facts, GivenCommand, Training } from "./facts.js";
import { type Method, type MethodKind, methodOf } from "./methods.js";

/** A method that was used. */
export interface Used extends Method {
  readonly kind: MethodKind;
  readonly name: string;
}

/** Returns the methods that a chain used, each once. */
export function methodsUsed({ trainings, ensembles, commands, formats }: Facts): Used[] {
  const names: [MethodKind, string][] = [
    ...trainings.flatMap(ofTraining),
    ...ensembles.flatMap(({ average, choice, picking }): [MethodKind, string][] => [
      ["ensemble", average],
      ["ensemble", choice],
      ...[...picking.values()].map(({ method }): [MethodKind, string] => ["picking", method]),
    ]),
    ...commands.flatMap(ofCommand),
    ...formats.flatMap(formatNames),
  ];
  const found = new Map<string, Used>();
  for (const [kind, name] of names) {
    const method = methodOf(kind, name);
    if (method) found.set(`${kind} ${name}`, { kind, name, ...method });
  }
  return [...found.values()];
}

function ofTraining({ experiment, record }: Training): [MethodKind, string][] {
  const { network, loss, optimiser, augment, data, head, picking, features } = experiment;
  const architecture =
    typeof network === "string" ? network : "architecture" in network ? network.architecture : "";
  const isTrained = typeof network === "string" || !("onnx" in network);
  const engine = record?.engine ?? experiment.engine;
  return [
    ["architecture", architecture],
    ...loss.map(({ kind }): [MethodKind, string] => ["loss", kind]),
    ...flagged(isTrained, "training", "adamw"),
    ...flagged(isTrained, "training", "cosine"),
    ...flagged(isTrained && optimiser.average !== 0, "training", "average"),
    ...flagged((augment.mixup ?? 0) > 0, "training", "mixup"),
    ...flagged(head.offsets, "training", "offsets"),
    ...flagged(data.spectrum === "match", "training", "spectrum"),
    ["picking", picking.method],
    ["engine", engine === "auto" ? "onnx-cpu" : engine],
    ...flagged(record?.result?.metrics.score !== undefined, "metric", "score"),
    ...flagged(features !== undefined, "metric", "dice"),
    ["format", "zarr"],
  ];
}

const flagged = (isSo: boolean, kind: MethodKind, name: string): [MethodKind, string][] =>
  isSo ? [[kind, name]] : [];

function ofCommand({ words, flags }: GivenCommand): [MethodKind, string][] {
  const [command = ""] = words;
  const byFlag = [...flags].flatMap(([flag, value]): [MethodKind, string][] => [
    ["flag", `${command} --${flag}`],
    ["flag", `${command} --${flag} ${value}`],
  ]);
  const viewers =
    command === "open" ? (flags.get("for") ?? "neuroglancer,chimerax,napari,imod").split(",") : [];
  return [
    ["command", command],
    ...byFlag,
    ...words.slice(1).map((word): [MethodKind, string] => ["flag", `${command} ${word}`]),
    ...(command === "pick" ? pickingOf(flags) : []),
    ...flagged(command === "search", "training", "search"),
    ...flagged(flags.has("engine"), "engine", flags.get("engine") ?? ""),
    ...viewers.map((viewer): [MethodKind, string] => ["viewer", viewer.trim()]),
  ];
}

/** Files that say how is picked where no flag does. */
const pickingFiles = ["checkpoint", "config", "features"];

/** What a file says is told by the file, where it is one that can be read; of others nothing is known. */
function pickingOf(flags: GivenCommand["flags"]): [MethodKind, string][] {
  const method = flags.get("method");
  if (method !== undefined) return [["picking", method]];
  return flagged(!pickingFiles.some((flag) => flags.has(flag)), "picking", "watershed");
}

/** Endings that are not the name of their format. */
const byEnding: Readonly<Record<string, string>> = {
  star: "relion3",
  tbl: "dynamo",
  rec: "mrc",
  map: "mrc",
  mrcs: "mrc",
  scnm: "ais",
  scnmgroup: "ais",
  scnt: "ais",
};

/** A CSV is the challenge's or any other: nobody is owed the commas. */
function formatNames(format: string): [MethodKind, string][] {
  return format === "json" || format === "csv" ? [] : [["format", byEnding[format] ?? format]];
}

/** Returns the works of methods, each once, with what they are cited for; those of the data last. */
export function citedFor(used: readonly Used[], extra: readonly Cited[]): Cited[] {
  const ofMethods = used.flatMap(({ title, works }) =>
    works.map((key): Cited => ({ entry: workOf(key), uses: [title] })),
  );
  const cited = new Map<string, { readonly entry: Entry; readonly uses: Set<string> }>();
  for (const { entry, uses } of [...ofMethods, ...extra]) {
    const known = cited.get(entry.key) ?? { entry, uses: new Set() };
    for (const use of uses) known.uses.add(use);
    cited.set(entry.key, known);
  }
  return [...cited.values()].map(({ entry, uses }) => ({ entry, uses: [...uses] }));
}
