/** Notes what a command reads before it runs, and writes how its outputs were made when it has ended. */
import { dirname, relative, resolve } from "node:path";
import { machine, programVersion, versions } from "../domain/environment.js";
import { withHome, withoutHome } from "../system/paths/home.js";
import { fingerprintOf, type Selection, type Standing, standingAt } from "./fingerprint.js";
import { addMaking, type MadePlace, type Making, sidecarOf } from "./sidecar.js";

/** A path, or another word, that an argument of a command named. */
export interface Named {
  readonly option: string;
  readonly path: string;
  /** File that a name, which is no path, stands for. */
  readonly meant?: string | undefined;
  /** Whether it is no path, even where one of that name is there. */
  readonly isElsewhere?: boolean;
}

/** What is known of a command before it runs. */
export interface Begun {
  readonly command: readonly string[];
  readonly startedAt: string;
  readonly runs: readonly string[] | undefined;
  /** Paths of what it will write, which is no part of what it reads. */
  readonly outputs: readonly string[];
  readonly inputs: readonly (Named & {
    readonly place: string | undefined;
    readonly standing: Standing | undefined;
  })[];
}

/** Begins a making: notes what stands where the command will read. @param command without the program's name; flags that change no result are left out */
export async function beginMaking(
  command: readonly string[],
  inputs: readonly Named[],
  outputs: readonly string[],
  runs: readonly string[] | undefined,
): Promise<Begun> {
  const begun = { command: commandWords(command), startedAt: new Date().toISOString(), runs, outputs };
  return addInputs({ ...begun, inputs: [] }, inputs);
}

/** The words of a command line as a making has them: without flags that change no result, and without the user's home. */
export const commandWords = (command: readonly string[]): string[] =>
  command.filter((word) => !mannersOnly.includes(word)).map(withoutHome);

/** Flags that change nothing of what is made. */
const mannersOnly = ["--quiet", "--json", "--overwrite", "--resume"];

/** Notes what stands where a command will read, or has read, besides what was noted. */
export async function addInputs(begun: Begun, inputs: readonly Named[]): Promise<Begun> {
  const selection = selectionOf(begun.runs, begun.outputs);
  const noted = inputs.map(async (input) => {
    const places = input.meant === undefined ? placesOf(input.path) : [input.meant];
    for (const place of input.isElsewhere ? [] : places) {
      const standing = await standingAt(place, selection);
      if (standing) return { ...input, place, standing };
    }
    return { ...input, place: undefined, standing: undefined };
  });
  return { ...begun, inputs: [...begun.inputs, ...(await Promise.all(noted))] };
}

/** Writes the sidecars of a command's outputs; those that it did not write, for there was nothing to, have none. */
export async function endMaking(begun: Begun, outputs: readonly Named[]): Promise<void> {
  const written = (await Promise.all(outputs.map(outputOf))).filter((each) => each !== undefined);
  if (written.length === 0) return;
  const selection = selectionOf(begun.runs, begun.outputs);
  const inputs: MadePlace[] = [];
  for (const input of begun.inputs) inputs.push(await inputOf(input, selection));
  const facts = { code: await programVersion(), versions: await versions(), machine: machine() };
  for (const { path, kind } of written) {
    const making: Making = {
      command: [...begun.command],
      folder: slashed(relative(dirname(sidecarOf(path)), process.cwd())) || ".",
      inputs,
      outputs: written.map(({ place }) => place),
      ...(begun.runs && { runs: [...begun.runs] }),
      ...facts,
      startedAt: begun.startedAt,
      finishedAt: new Date().toISOString(),
    };
    await addMaking(path, kind, making);
  }
}

/** What of a making's inputs counted. */
export const selectionOf = (runs: readonly string[] | undefined, outputs: readonly string[]): Selection => ({
  runs,
  without: outputs,
});

/** Where a word may lead: `PATH@USER_SESSION`, `membrane:0.5` and the like are paths with something behind. */
export const placesOf = (word: string): string[] =>
  /^[a-z][a-z\d+.-]*:\/\//i.test(word)
    ? []
    : [
        word,
        ...[/@[^@/\\]*$/, /:[^/\\]*$/].flatMap((tail) => (tail.test(word) ? [word.replace(tail, "")] : [])),
      ].filter((place) => place !== "");

async function inputOf(
  { option, path, meant, place, standing }: Begun["inputs"][number],
  selection: Selection,
): Promise<MadePlace> {
  if (place === undefined || standing === undefined) return { option, path: withoutHome(path), kind: "name" };
  const { kind, files, bytes } = standing;
  const facts =
    meant === undefined
      ? { option, path: withoutHome(place), kind, files, bytes }
      : { option, path, kind: "name" as const };
  const now = await fingerprintOf(place, selection);
  return now?.stamp === standing.stamp ? { ...facts, sha256: now.sha256, stamp: now.stamp } : facts;
}

async function outputOf({ option, path }: Named) {
  const found = await fingerprintOf(path);
  return found && { path, kind: found.kind, place: { option, path: withoutHome(path), ...found } };
}

/** Returns where a place of a making lies now. @param output whose sidecar holds the making */
export const placeNow = (
  output: string,
  { folder }: Pick<Making, "folder">,
  { path }: Pick<MadePlace, "path">,
): string => resolve(dirname(sidecarOf(output)), folder, withHome(path));

const slashed = (path: string): string => path.split(/[/\\]/).join("/");
