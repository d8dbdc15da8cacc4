/** Who made a file or folder: by the sidecar beside it or beside a folder above it, and by the record of a run. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { datasetOf, type RunRecord, readRecord } from "../domain/record.js";
import { ofOutput, type Selection } from "../makings/fingerprint.js";
import { commandWords, isAddress, placeNow, selectionOf } from "../makings/making.js";
import { type MadePlace, type Making, readMakings, sidecarOf } from "../makings/sidecar.js";
import { messageOf } from "../system/errors.js";
import { withHome } from "../system/paths/home.js";
import { sidecarEnding } from "../system/paths/sidecar.js";

/** What was noted of something that a command read or wrote. */
export interface Noted {
  readonly option: string;
  /** Whole path; of a name or an address the word itself. */
  readonly path: string;
  readonly isPath: boolean;
  readonly sha256?: string | undefined;
  readonly stamp?: string | undefined;
  /** What of a folder counts. */
  readonly selection: Selection;
}

/** A command that made something. */
export interface Maker {
  readonly command: readonly string[];
  /** Working folder; undefined where it is not known. */
  readonly folder: string | undefined;
  readonly inputs: readonly Noted[];
  readonly outputs: readonly Noted[];
  readonly runs: readonly string[] | undefined;
  readonly code: RunRecord["code"];
  readonly versions: RunRecord["versions"];
  readonly machine: RunRecord["machine"];
  readonly startedAt: string;
  /** Null where it never ended. */
  readonly finishedAt: string | null;
  /** File that says all this. */
  readonly notedIn: string;
  /** Record of the run, which is richer; undefined of what is no run. */
  readonly record?: RunRecord | undefined;
}

/** The makers of a path, and the output of theirs that it is or lies in. */
export interface Made {
  readonly output: string;
  /** The oldest first. */
  readonly makers: readonly Maker[];
  /** Sentences on what cannot be read. */
  readonly notes: readonly string[];
}

/** Name of a run's record in its folder. */
const recordFile = "record.json";

/**
 * Finds who made what stands, or stood, at a path: by its own sidecar, else by the sidecar or record of the nearest folder
 * above it; undefined where nothing says it.
 */
export async function makersOf(path: string): Promise<Made | undefined> {
  const notes: string[] = [];
  for (let place = resolve(path); ; place = dirname(place)) {
    const makings = await readMakings(place).catch((error: unknown) => void notes.push(messageOf(error)));
    const record = await recordIn(place, notes);
    if (makings || record) {
      const makers = (makings ?? []).map((making) => makerOf(place, making));
      const joined = record ? await joinedWith(makers, place, record) : makers;
      return { output: place, makers: joined.toSorted(byStart), notes };
    }
    if (dirname(place) === place)
      return notes.length === 0 ? undefined : { output: resolve(path), makers: [], notes };
  }
}

/** Finds who made what lies in a folder, of whose whole nothing says it. */
export async function makersInside(folder: string): Promise<Made> {
  const names = await readdir(folder).catch(() => []);
  const made = new Set<string>();
  for (const name of names.sort()) {
    if (name.endsWith(sidecarEnding)) made.add(join(folder, name.slice(0, -sidecarEnding.length)));
    else if (existsSync(join(folder, name, recordFile))) made.add(join(folder, name));
  }
  const found = (await Promise.all([...made].map(makersOf))).filter((each) => each !== undefined);
  const makers = found.flatMap((each) => each.makers).toSorted(byStart);
  return { output: folder, makers, notes: found.flatMap(({ notes }) => notes) };
}

const byStart = (a: Maker, b: Maker): number => (a.startedAt < b.startedAt ? -1 : 1);

async function recordIn(folder: string, notes: string[]): Promise<RunRecord | undefined> {
  const path = join(folder, recordFile);
  if (!existsSync(path)) return undefined;
  return readRecord(path).catch((error: unknown) => void notes.push(messageOf(error)));
}

function makerOf(output: string, making: Making): Maker {
  const place = (made: MadePlace) => placeNow(output, making, made);
  const written = making.outputs.map(place);
  const noted = (made: MadePlace, selection: Selection): Noted => ({
    option: made.option,
    path: made.kind === "name" ? made.path : place(made),
    isPath: made.kind !== "name",
    ...{ sha256: made.sha256, stamp: made.stamp, selection },
  });
  const { command, runs, code, versions, machine, startedAt, finishedAt } = making;
  return {
    ...{ command, runs, code, versions, machine, startedAt, finishedAt },
    folder: placeNow(output, making, { path: "." }),
    inputs: making.inputs.map((made) => noted(made, selectionOf(runs, written))),
    outputs: making.outputs.map((made) => noted(made, ofOutput)),
    notedIn: sidecarOf(output),
  };
}

/** Joins a run's record with the sidecars of its folder or, of a part of a greater work, of a folder above it. */
async function joinedWith(makers: readonly Maker[], folder: string, record: RunRecord): Promise<Maker[]> {
  const own = makers.findLast((maker) => isOf(record, maker));
  if (own) return makers.map((maker) => (maker === own ? withRecord(maker, folder, record) : maker));
  const above = makers.length === 0 ? await makerAbove(dirname(folder), record) : undefined;
  return [...makers, withRecord(above ?? ofRecord(folder, record), folder, record)];
}

async function makerAbove(folder: string, record: RunRecord): Promise<Maker | undefined> {
  for (let place = folder; ; place = dirname(place)) {
    const makings = (await readMakings(place).catch(() => undefined)) ?? [];
    const found = makings.map((making) => makerOf(place, making)).findLast((maker) => isOf(record, maker));
    if (found || dirname(place) === place) return found;
  }
}

/** Commands that a run's folder may be made by, whatever their flags. */
const runCommands = ["run", "train", "repeat", "compare", "search", "quickstart"];

/** Tells whether a maker made the run of a record: its start lies within the maker's time. */
const isOf = (record: RunRecord, maker: Maker): boolean =>
  runCommands.includes(maker.command[0]!) &&
  [record, ...(record.earlier ?? [])].some(
    ({ startedAt }) => maker.startedAt <= startedAt && startedAt <= (maker.finishedAt ?? startedAt),
  );

/** Adds what a record alone says: what the training began with, the network's file and further data sets. */
function withRecord(maker: Maker, folder: string, record: RunRecord): Maker {
  const base = maker.folder ?? process.cwd();
  const added = inputsIn(record, base).filter(
    ({ path }) =>
      !maker.inputs.some((input) => input.path === path || resolve(base, withHome(input.path)) === path),
  );
  const outputs = maker.outputs.concat(resultsOf(folder, record));
  return { ...maker, inputs: [...maker.inputs, ...added], outputs, record };
}

const at = (base: string, option: string, path: string, sha256?: string): Noted => ({
  ...{ option, path: resolve(base, withHome(path)), isPath: true, sha256, selection: {} },
});

function inputsIn({ start, experiment }: RunRecord, base: string): Noted[] {
  const { network, data } = experiment.resolved as {
    network?: { file?: unknown; onnx?: unknown; sha256?: unknown };
    data?: { also?: readonly { data?: unknown }[] };
  };
  const file = network?.file ?? network?.onnx;
  const hash = typeof network?.sha256 === "string" && network.onnx !== undefined ? network.sha256 : undefined;
  const began = start && {
    ...at(base, "from", start.checkpoint, start.sha256),
    ...(/[/\\]|\.(safetensors|onnx)$/i.test(start.checkpoint)
      ? {}
      : { path: start.checkpoint, isPath: false }),
  };
  return [
    ...(began ? [began] : []),
    ...(typeof file === "string" ? [at(base, "network", file, hash)] : []),
    ...(data?.also ?? []).flatMap((also) =>
      typeof also.data === "string" && !isAddress(also.data) ? [at(base, "data", also.data)] : [],
    ),
  ];
}

/** Files of a run's folder whose hashes its record holds. */
function resultsOf(folder: string, { result, tunings }: RunRecord): Noted[] {
  const checkpoint = tunings?.at(-1)?.after ?? result?.checkpointHash;
  return [
    ...(checkpoint ? [at(folder, "out", "best.safetensors", checkpoint)] : []),
    ...(result?.submissionHash ? [at(folder, "out", "submission.csv", result.submissionHash)] : []),
  ];
}

/** A maker of whom a record alone tells; where it worked is guessed by what it read. */
function ofRecord(folder: string, record: RunRecord): Maker {
  const { code, versions, machine, startedAt, result } = record;
  const command = commandWords(record.command);
  const experiment = ["run", "train", "tune"].includes(command[0] ?? "") ? command[1] : undefined;
  const dataset = datasetOf(record);
  const named = [
    ...(experiment === undefined ? [] : [{ option: "experiment", path: experiment }]),
    ...(dataset === undefined ? [] : [{ option: "data", path: dataset }]),
  ];
  const base = baseOf(folder, named);
  return {
    ...{ command, code, versions, machine, startedAt, finishedAt: result?.finishedAt ?? null },
    folder: base,
    inputs: named.map(({ option, path }) =>
      isAddress(path)
        ? { option, path, isPath: false, selection: {} }
        : at(base ?? process.cwd(), option, path),
    ),
    outputs: [],
    runs: undefined,
    notedIn: join(folder, recordFile),
  };
}

/** Returns the nearest folder from which something that was read is found: the working one, or one above the run's. */
function baseOf(folder: string, named: readonly { readonly path: string }[]): string | undefined {
  const bases = [process.cwd()];
  for (let place = folder; dirname(place) !== place; place = dirname(place)) bases.push(dirname(place));
  return bases.find((base) => named.some(({ path }) => existsSync(resolve(base, withHome(path)))));
}
