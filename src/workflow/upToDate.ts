/** Whether a step is up to date, by what is noted beside its outputs: command line, inputs, outputs and program. */
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type ProgramVersion, programVersion, versions } from "../domain/environment.js";
import { isAsNoted, ofOutput } from "../makings/fingerprint.js";
import { commandWords, type Named, placeNow, selectionOf } from "../makings/making.js";
import { type Making, readMakings, sidecarOf } from "../makings/sidecar.js";
import { messageOf } from "../system/errors.js";
import { isThere } from "../system/paths/replacing.js";
import type { PlannedStep } from "./plan.js";

/** Why a step is to be done: as after its name and a colon. */
export interface Stale {
  readonly why: string;
}

/** The program as what was made is held against it. */
export interface Program {
  readonly code: ProgramVersion;
  readonly onnxruntime: string | null;
}

/** Returns the program that runs. */
export async function thisProgram(): Promise<Program> {
  return { code: await programVersion(), onnxruntime: (await versions()).onnxruntime };
}

/**
 * Tells whether a step's outputs are there as its command made them, of inputs that are as they were, by the same program.
 * Files are read only where sizes or times differ.
 *
 * @param program undefined where any will do
 * @returns why the step is to be done; undefined where it is up to date
 */
export async function staleness(step: PlannedStep, program: Program | undefined): Promise<Stale | undefined> {
  const words = commandWords(step.argv);
  for (const output of step.writes) {
    const found = await makingOf(output.path, words);
    const why = "why" in found ? found.why : await changeOf(output, found, program);
    if (why !== undefined) return { why };
  }
  return undefined;
}

/** Finds what is noted of an output and this command line in this folder. */
async function makingOf(path: string, words: readonly string[]): Promise<Making | Stale> {
  if (!(await isThere(path))) return { why: `${path} is not there` };
  let makings: Making[] | undefined;
  try {
    makings = await readMakings(path);
  } catch (error) {
    return { why: messageOf(error) };
  }
  const last = makings?.at(-1);
  if (makings === undefined || last === undefined) return { why: `nothing says that ${path} was finished` };
  const here = resolve(".");
  const same = makings.filter(({ command }) => command.join("\0") === words.join("\0"));
  const making = same.findLast(({ folder }) => resolve(dirname(sidecarOf(path)), folder) === here);
  if (making !== undefined) return making;
  return {
    why: same.length > 0 ? `${path} was made in another working folder` : difference(last.command, words),
  };
}

/** Says in what two command lines differ. */
function difference(before: readonly string[], now: readonly string[]): string {
  if (before[0] !== now[0]) return `it was made by pickbench ${before[0]}`;
  const without = (all: readonly string[], others: readonly string[]) => {
    const left = [...others];
    return all.filter((word) => {
      const at = left.indexOf(word);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  };
  const [gone, come] = [without(before, now), without(now, before)];
  if (gone.length + come.length === 0) return "its arguments came in another order";
  if (gone.length === 1 && come.length === 1) {
    const flag = now[now.indexOf(come[0]!) - 1]!;
    return `${flag.startsWith("--") ? `${flag} ` : ""}${come[0]} was ${gone[0]}`;
  }
  const parts = [
    ...(come.length > 0 ? [`with ${come.join(" ")}`] : []),
    ...(gone.length > 0 ? [`no more with ${gone.join(" ")}`] : []),
  ];
  return `now ${parts.join(", ")}`;
}

async function changeOf(
  output: Named,
  making: Making,
  program: Program | undefined,
): Promise<string | undefined> {
  if (program !== undefined && !isSameProgram(making, program))
    return "another version of the program made it";
  const noted = making.outputs.find(
    ({ path }) => placeNow(output.path, making, { path }) === resolve(output.path),
  );
  if (noted?.sha256 === undefined || noted.stamp === undefined)
    return `nothing says what ${output.path} was when it was made`;
  const { sha256, stamp } = noted;
  if (!(await isAsNoted(output.path, { sha256, stamp }, ofOutput)))
    return `${output.path} was changed since it was made`;
  const outputs = making.outputs.map((each) => placeNow(output.path, making, each));
  for (const input of making.inputs) {
    const place = placeNow(output.path, making, input);
    if (input.kind === "name") {
      if (input.sha256 === undefined || !(await isFile(place))) continue;
      return `${input.path} is a file now, and was the name of what comes along`;
    }
    if (input.sha256 === undefined || input.stamp === undefined)
      return `${input.path} changed while it was read`;
    const as = { sha256: input.sha256, stamp: input.stamp };
    if (await isAsNoted(place, as, selectionOf(making.runs, outputs))) continue;
    return (await isThere(place)) ? `${input.path} has changed` : `${input.path} is not there any more`;
  }
  return undefined;
}

const isFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() === true;

/** The same sources and packages; where the sources are not noted, the same commit without changes. */
function isSameProgram({ code, versions: made }: Making, { code: now, onnxruntime }: Program): boolean {
  if (code.lockfileHash !== now.lockfileHash || made.onnxruntime !== onnxruntime) return false;
  if (code.sources !== undefined && now.sources !== undefined) return code.sources === now.sources;
  return code.commit !== null && code.commit === now.commit && code.dirty === false && now.dirty === false;
}
