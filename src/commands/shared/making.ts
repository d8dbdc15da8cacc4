/** How the outputs of a command were made, noted around it: see src/makings. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Named } from "../../makings/making.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { makingVariable } from "../../system/paths/sidecar.js";
import type { Given } from "./plainArguments.js";
import { print, printLine } from "./print.js";

/** Names of a command's arguments that name what it reads and writes. */
export interface CommandFiles {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Whether it writes where no argument says so. */
  readonly writesUnasked: boolean;
  /** Name of the argument that names the runs that count. */
  readonly selects: string;
}

/** What a command adds about itself while it runs. */
export interface RunningMaking {
  /** Adds what no argument named, such as a model that a feature set names. */
  read(option: string, path: string): void;
  /** Adds an output whose place no argument named. */
  wrote(option: string, path: string): void;
}

interface Making {
  readonly args: readonly string[];
  readonly given: Given;
  readonly files: CommandFiles;
}

/** Runs a command and, if it ends well and wrote something, notes how that was made. */
export async function withMaking(
  { args, given, files }: Making,
  run: (making: RunningMaking) => Promise<void>,
): Promise<void> {
  const inputs: Named[] = files.reads.flatMap((option) => named(given, option));
  const outputs = files.writes.flatMap((option) => named(given, option));
  const running = {
    read: (option: string, path: string) => void inputs.push({ option, path }),
    wrote(option: string, path: string) {
      if (!outputs.some((each) => resolve(each.path) === resolve(path))) outputs.push({ option, path });
    },
  };
  const writesNothing = outputs.length === 0 && !files.writesUnasked;
  if (writesNothing || process.env[makingVariable] === "no") return run(running);
  const { addInputs, beginMaking, endMaking } = await import("../../makings/making.js");
  const begun = await beginMaking(
    args,
    (await Promise.all(inputs.map(withNamed))).flat(),
    outputs.map(({ path }) => path),
    runsIn(given[files.selects]),
  );
  const known = inputs.length;
  await run(running);
  const told = given.quiet === true ? undefined : setTimeout(tellOfReading, patience);
  try {
    const later = (await Promise.all(inputs.slice(known).map(withNamed))).flat();
    await endMaking(await addInputs(begun, later), outputs);
  } catch (error) {
    const path = error instanceof PickbenchError && error.path ? "" : `${outputs[0]?.path}: `;
    print("stderr", `pickbench: warning: ${path}how it was made is not noted: ${messageOf(error)}`);
  } finally {
    clearTimeout(told);
  }
}

/** Milliseconds after which a user is told what is waited for. */
const patience = 5000;

const tellOfReading = (): void =>
  printLine(
    `noting how it was made: what was read and written is read once more for its hashes (${makingVariable}=no leaves that out)`,
  );

/** Adds what an input names itself: the file of a model that comes along, the maps and models of a feature set. */
async function withNamed(input: Named): Promise<Named[]> {
  if (elsewhere.includes(input.option)) return [{ ...input, isElsewhere: true }];
  if (!/\.ya?ml$/i.test(input.path)) return [await withModel(input)];
  const { placesInSet, readFeatureSet } = await import("../../features/set/featureSet.js");
  const set = await readFeatureSet(input.path).catch(() => undefined);
  const inside = set ? placesInSet(set).map((path) => withModel({ option: input.option, path })) : [];
  return [input, ...(await Promise.all(inside))];
}

/** Arguments that name what lies elsewhere, and no path even where one of that name is there. */
export const elsewhere: readonly string[] = ["url", "target"];

/** Options whose values may be names of models that come along. */
const modelOptions = ["checkpoint", "features", "from"];

async function withModel(input: Named): Promise<Named> {
  if (!modelOptions.includes(input.option) || existsSync(input.path)) return input;
  const { modelPaths } = await import("../../train/checkpoint/models.js");
  const [meant] = await modelPaths([input.path]).catch(() => []);
  return meant !== undefined && existsSync(meant) ? { ...input, meant } : input;
}

/** Whether a word that stands for no file here names what comes along, or none, where an argument takes such names. */
export async function isOwnName(option: string, word: string): Promise<boolean> {
  if (option === "experiment") {
    const { experimentFile } = await import("../../train/experiment/experiment.js");
    return experimentFile(word) !== word;
  }
  if (!modelOptions.includes(option)) return false;
  return word === "none" || (await withModel({ option, path: word })).meant !== undefined;
}

/** A list is an argument for each. */
function named(given: Given, option: string): Named[] {
  const value = given[option];
  const values = Array.isArray(value) ? value : [value];
  return values.flatMap((path) => (typeof path === "string" && path !== "" ? [{ option, path }] : []));
}

function runsIn(runs: unknown): string[] | undefined {
  if (typeof runs !== "string" || runs === "" || runs.startsWith("@")) return undefined;
  return runs.split(",").map((run) => run.trim());
}
