/** Notes what a command reads before it runs, and writes how its outputs were made when it has ended. */
import { dirname, relative, resolve } from "node:path";
import { machine, programVersion, versions } from "../domain/environment.js";
import { slashed, withHome, withoutHome } from "../system/paths/home.js";
import {
  fingerprintOf,
  isUntouched,
  type Listing,
  listingAt,
  ofOutput,
  type Selection,
  standingOf,
} from "./fingerprint.js";
import { addMaking, type MadePlace, type Making, readMakings, sidecarOf } from "./sidecar.js";

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
  /** Whether it replaces what is there already. */
  readonly replaces: boolean;
  readonly runs: readonly string[] | undefined;
  /** Paths of what it will write, which is no part of what it reads. */
  readonly outputs: readonly string[];
  readonly inputs: readonly BegunInput[];
}

interface BegunInput extends Named {
  readonly place: string | undefined;
  /** What stood there; undefined where that could not be told. */
  readonly listing: Listing | undefined;
  /** SHA-256 of a file that the command itself may write over. */
  readonly sha256?: string | undefined;
}

/** Begins a making: notes what stands where the command will read. @param command without the program's name; flags that change no result are left out */
export async function beginMaking(
  command: readonly string[],
  inputs: readonly Named[],
  outputs: readonly string[],
  runs: readonly string[] | undefined,
  startedAt = new Date().toISOString(),
): Promise<Begun> {
  const begun = {
    command: commandWords(command),
    startedAt,
    replaces: command.includes("--overwrite"),
    runs,
    outputs,
  };
  return addInputs({ ...begun, inputs: [] }, inputs);
}

/** The words of a command line as a making has them: without flags that change no result, and without the user's home. */
export const commandWords = (command: readonly string[]): string[] =>
  command.filter((word) => !mannersOnly.includes(word)).map(withoutHome);

/** Flags that change nothing of what is made. */
const mannersOnly = ["--quiet", "--json", "--overwrite", "--resume"];

/** Notes what stands where a command will read, or has read, besides what was noted. */
export async function addInputs(begun: Begun, inputs: readonly Named[]): Promise<Begun> {
  const noted = await Promise.all(inputs.map((input) => begunInput(input, begun.outputs)));
  return { ...begun, inputs: [...begun.inputs, ...noted] };
}

async function begunInput(input: Named, outputs: readonly string[]): Promise<BegunInput> {
  const places = input.meant === undefined ? placesOf(input.path) : [input.meant];
  for (const place of input.isElsewhere ? [] : places) {
    const listing = await listingAt(place).catch(() => null);
    if (listing === undefined) continue;
    const isRewritten = listing?.kind === "file" && outputs.some((each) => resolve(each) === resolve(place));
    const sha256 = isRewritten ? (await fingerprintOf(place))?.sha256 : undefined;
    return { ...input, place, listing: listing ?? undefined, sha256 };
  }
  return { ...input, place: undefined, listing: undefined };
}

/**
 * Writes the sidecars of a command's outputs; those that it did not write, for there was nothing to, have none.
 *
 * @param notes what was done otherwise than asked
 * @throws PickbenchError System where a sidecar cannot be written
 */
export async function endMaking(
  begun: Begun,
  outputs: readonly Named[],
  notes: readonly string[] = [],
): Promise<void> {
  const written = (await Promise.all(outputs.map(outputOf))).filter((each) => each !== undefined);
  if (written.length === 0) return;
  const selection = selectionOf(
    begun.runs,
    outputs.map(({ path }) => path),
  );
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
      ...(notes.length > 0 && { notes: [...notes] }),
      ...facts,
      startedAt: begun.startedAt,
      finishedAt: new Date().toISOString(),
    };
    await addMaking(path, kind, making, begun.replaces);
  }
}

/** What of a making's inputs counted. */
export const selectionOf = (runs: readonly string[] | undefined, outputs: readonly string[]): Selection => ({
  runs,
  without: outputs,
});

/** Tells whether a word is an address on a server, and no path. */
export const isAddress = (word: string): boolean => /^[a-z][a-z\d+.-]*:\/\//i.test(word);

/** Where a word may lead: `PATH@USER_SESSION`, `membrane:0.5`, `manifest.json#SPLIT` and the like are paths with something behind. */
export const placesOf = (word: string): string[] =>
  isAddress(word)
    ? []
    : [
        word,
        ...[/@[^@/\\]*$/, /:[^/\\]*$/, /(?<=\.json)#[^#/\\]*$/i].flatMap((tail) =>
          tail.test(word) ? [word.replace(tail, "")] : [],
        ),
      ].filter((place) => place !== "");

async function inputOf(
  { option, path, meant, place, listing, sha256 }: BegunInput,
  selection: Selection,
): Promise<MadePlace> {
  if (place === undefined) return { option, path: withoutHome(path), kind: "name" };
  const named = { option, path: meant === undefined ? withoutHome(place) : path };
  if (listing === undefined) return { ...named, kind: "folder" };
  const { stamp, ...standing } = standingOf(listing, selection);
  const facts = meant === undefined ? { ...named, ...standing } : { ...named, kind: "name" as const };
  if (sha256 !== undefined) return { ...facts, sha256, stamp };
  const content = await contentOf(place, stamp, selection);
  return content === undefined ? facts : { ...facts, sha256: content, stamp };
}

/** Returns the SHA-256 of what stands at a place; undefined where it has changed since its stamp was taken. */
async function contentOf(place: string, stamp: string, selection: Selection): Promise<string | undefined> {
  const known = await knownContent(place, stamp);
  if (known !== undefined && (await isUntouched(place, stamp, selection))) return known;
  const now = await fingerprintOf(place, selection);
  return now?.stamp === stamp ? now.sha256 : undefined;
}

/** Returns what the sidecar of a place says of it, if the stamps are the same, which spares the reading. */
async function knownContent(place: string, stamp: string): Promise<string | undefined> {
  const makings = (await readMakings(place).catch(() => undefined)) ?? [];
  const outputs = makings.flatMap((making) =>
    making.outputs.filter((output) => placeNow(place, making, output) === resolve(place)),
  );
  return outputs.find((output) => output.stamp === stamp)?.sha256;
}

async function outputOf({ option, path }: Named) {
  const found = await fingerprintOf(path, ofOutput);
  return found && { path, kind: found.kind, place: { option, path: withoutHome(path), ...found } };
}

/** Returns where a place of a making lies now. @param output whose sidecar holds the making */
export const placeNow = (
  output: string,
  { folder }: Pick<Making, "folder">,
  { path }: Pick<MadePlace, "path">,
): string => resolve(dirname(sidecarOf(output)), folder, withHome(path));
