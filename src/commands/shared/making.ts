/** How the outputs of a command were made, noted around it: see src/makings. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Named } from "../../makings/making.js";
import { modelOptions } from "../../makings/options.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { makingVariable } from "../../system/paths/sidecar.js";
import { namedInside, subsetFiles } from "./making/namedInside.js";
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
  /** Adds a sentence on what was done otherwise than asked. */
  note(line: string): void;
}

interface Making {
  readonly args: readonly string[];
  readonly given: Given;
  readonly files: CommandFiles;
}

/**
 * Runs a command and, if it ends well and wrote something, notes how that was made. What is to be read is looked at before; a
 * command that names nothing to read and nothing to write is not kept waiting for that.
 */
export async function withMaking(
  { args, given, files }: Making,
  run: (making: RunningMaking) => Promise<void>,
): Promise<void> {
  const inputs: Named[] = files.reads.flatMap((option) => named(given, option));
  const outputs = files.writes.flatMap((option) => named(given, option));
  const notes: string[] = [];
  const running = {
    note: (line: string) => void notes.push(line),
    read: (option: string, path: string) => void inputs.push({ option, path }),
    wrote(option: string, path: string) {
      if (!outputs.some((each) => resolve(each.path) === resolve(path))) outputs.push({ option, path });
    },
  };
  const writesNothing = outputs.length === 0 && !files.writesUnasked;
  if (writesNothing || process.env[makingVariable] === "no") return run(running);
  const startedAt = new Date().toISOString();
  const subsets = await subsetFiles(given[files.selects]);
  inputs.push(...subsets.map((path) => ({ option: files.selects, path })));
  const set = textsIn(given.set);
  const begin = async () =>
    (await import("../../makings/making.js")).beginMaking(
      args,
      await withAllNamed(inputs, set),
      outputs.map(({ path }) => path),
      runsIn(given[files.selects]),
      startedAt,
    );
  const known = inputs.length;
  const before = known + outputs.length > 0 ? await begin() : undefined;
  await run(running);
  if (outputs.length === 0) return;
  const told = given.quiet === true ? undefined : setTimeout(tellOfReading, patience);
  try {
    const { addInputs, endMaking } = await import("../../makings/making.js");
    const later = before && (await withAllNamed(inputs.slice(known), set));
    await endMaking(later ? await addInputs(before, later) : await begin(), outputs, notes);
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

/** Adds what inputs name themselves: files of models that come along, and what experiments, feature sets and others name. */
export async function withAllNamed(inputs: readonly Named[], set: readonly string[] = []): Promise<Named[]> {
  const inside = await Promise.all(
    inputs.map((input) => (elsewhere.includes(input.option) ? [] : namedInside(input, set))),
  );
  return Promise.all([...inputs, ...inside.flat()].map(withModel));
}

/** Arguments that name what lies elsewhere, and no path even where one of that name is there. */
export const elsewhere: readonly string[] = ["url", "target"];

async function withModel(input: Named): Promise<Named> {
  if (elsewhere.includes(input.option)) return { ...input, isElsewhere: true };
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
const named = (given: Given, option: string): Named[] =>
  textsIn(given[option]).map((path) => ({ option, path }));

const textsIn = (value: unknown): string[] =>
  [value].flat().filter((text) => typeof text === "string" && text !== "") as string[];

function runsIn(runs: unknown): string[] | undefined {
  if (typeof runs !== "string" || runs === "" || runs.includes("@")) return undefined;
  return runs.split(",").map((run) => run.trim());
}
