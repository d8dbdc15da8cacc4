/** Conversion of a file of positions part by part: memory does not grow with the file. */
import { type ConvertOptions, isAskedRun, isAskedType, typeOf, withNamedRun } from "../asked.js";
import { conversionOf, partConverter } from "../convert.js";
import type { PositionFormat } from "../format.js";
import type { FrameName, PositionSet } from "../frames.js";
import { byType, checkPlaces, nameLosses, type Placed, placesOf } from "../placeFiles.js";
import type { PositionsFile } from "../readPositions.js";
import type { TypeCounts } from "./outline.js";
import type { OutlinedFile } from "./outlineFile.js";
import { type PartFile, partFile } from "./partFile.js";

/** Where converted positions go. */
export interface Target {
  /** The file, or with `isFolder` the folder. */
  readonly out: string;
  readonly format: PositionFormat;
  readonly isFolder: boolean;
  readonly overwrite: boolean;
  /** Text, in bytes, that is held before it is written to the disk. */
  readonly mostHeld?: number;
}

/** A set that was written: in outline, with the counts of its positions by type. */
export interface WrittenSet {
  readonly set: PositionSet;
  readonly counts: TypeCounts;
}

/** What was written, in which frame, and notes for the user. */
export interface ConvertedParts extends Placed {
  readonly frame: FrameName;
  readonly sets: readonly WrittenSet[];
}

const usuallyHeld = 1 << 24;
/** Files that are put in their places at a time: their flushing takes longer than their making. */
const mostFinishing = 8;

/**
 * Whether a file's runs stay apart by the names that they have for the user, so that their parts can be told by them.
 *
 * @param named the outline, its runs named by the rule for names of runs
 */
export function areRunsApart(named: PositionsFile, { run }: ConvertOptions): boolean {
  const names = namesOf(named, run);
  return new Set(names).size === names.length;
}

const namesOf = (named: PositionsFile, run: string | undefined): (string | undefined)[] =>
  withNamedRun([named], run)[0]!.sets.map((set) => set.run ?? run);

/**
 * Converts a file of positions and writes it, part by part, to the bytes that `convertPositions` and `placeFiles` make of it.
 *
 * @param named the file's outline, its runs named by the rule for names of runs
 * @throws PickbenchError as `convertPositions` and `placeFiles`, before anything is written; BadDataset where the file
 * changes while it is read
 */
export async function convertParts(
  file: OutlinedFile,
  named: PositionsFile,
  { out, format, isFolder, overwrite, mostHeld = usuallyHeld }: Target,
  options: ConvertOptions,
): Promise<ConvertedParts> {
  const { sets, frame, notes } = conversionOf([named], format, options);
  const names = namesOf(named, options.run);
  const nameInFile = new Map(file.runs.map(({ set }, i) => [set.run, names[i]]));
  const countsByRun = new Map(file.runs.map(({ counts }, i) => [names[i], askedCounts(counts, options)]));
  const writtenSets = sets.map((set) => ({ set, counts: countsByRun.get(set.run)! }));
  const places = placesOf(out, sets, format, isFolder).map((place) => {
    const counts = place.sets.map(({ run, positions }) =>
      place.isByType ? countsByRun.get(run)!.get(positions[0]!.type)! : total(countsByRun.get(run)!),
    );
    return { ...place, file: partFile(place.path, format, place.sets, counts, options) };
  });
  const files = new OpenFiles(
    places.map((place) => place.file),
    mostHeld,
  );
  await checkPlaces(out, files.paths, { isFolder, overwrite });
  const sections = new Map(
    places.flatMap(({ sets: ofPlace, isByType, file: into }) =>
      ofPlace.map((set, section) => [keyOf(set, isByType), { file: into, section }]),
    ),
  );
  const isByType = places[0]?.isByType ?? false;
  const convert = partConverter(format, frame, options);
  let outside = 0;
  try {
    await file.readAgain(async (read) => {
      const run = nameInFile.get(read.run);
      if (!isAskedRun(run, options.run)) return;
      const converted = convert({ ...read, ...(run === undefined ? {} : { run }) }, file.path);
      outside += converted.outside;
      const parts = isByType ? byType(converted.part).map(([, part]) => part) : [converted.part];
      for (const part of parts.filter(({ positions }) => positions.length > 0)) {
        const { file: into, section } = sections.get(keyOf(part, isByType))!;
        into.add(section, part);
        if (into.isComplete && places.length > 1) await files.finish(into);
      }
      await files.makeRoom();
    });
    await files.finishAll();
  } catch (error) {
    await files.discard();
    throw error;
  }
  const placeNotes = [...(isFolder ? [] : nameLosses(sets, format)), ...files.notes];
  return { frame, sets: writtenSets, paths: files.paths, notes: [...notes(outside), ...placeNotes] };
}

/** Names a section: a run, or a type in it. */
const keyOf = ({ run, positions }: PositionSet, isByType: boolean): string =>
  JSON.stringify([run ?? null, isByType ? (positions[0]?.type ?? null) : null]);

/** Counts of a run's positions by the types that they have for the user, of those that the user asks for. */
function askedCounts(inFile: TypeCounts, options: ConvertOptions): TypeCounts {
  const counts = new Map<string | undefined, number>();
  for (const [name, count] of inFile) {
    const type = typeOf(name, options);
    if (isAskedType(type, options)) counts.set(type, (counts.get(type) ?? 0) + count);
  }
  return counts;
}

const total = (counts: TypeCounts): number => [...counts.values()].reduce((sum, count) => sum + count, 0);

/** Files that take parts, until they are put in their places. */
class OpenFiles {
  readonly paths: readonly string[];
  readonly notes: readonly string[];
  readonly #open: Set<PartFile>;
  readonly #mostHeld: number;
  readonly #finishing = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(files: readonly PartFile[], mostHeld: number) {
    this.#open = new Set(files);
    this.#mostHeld = mostHeld;
    this.paths = files.flatMap((file) => file.paths);
    this.notes = [...new Set(files.flatMap((file) => file.notes))];
  }

  /**
   * Begins to put a file in its place; waits while many are being put there.
   *
   * @throws what an earlier file was refused by, which may have been long before anybody waits for it
   */
  async finish(file: PartFile): Promise<void> {
    this.#checkWhole();
    this.#open.delete(file);
    const finishing = file
      .finish()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#finishing.delete(finishing));
    this.#finishing.add(finishing);
    if (this.#finishing.size >= mostFinishing) await Promise.race(this.#finishing);
  }

  async finishAll(): Promise<void> {
    for (const file of this.#open) await this.finish(file);
    await Promise.all(this.#finishing);
    this.#checkWhole();
  }

  #checkWhole(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Writes to the disk what is held, where it is much. */
  async makeRoom(): Promise<void> {
    let held = 0;
    for (const file of this.#open) held += file.held;
    if (held < this.#mostHeld) return;
    for (const file of this.#open) if (file.held > 0) await file.spill();
  }

  async discard(): Promise<void> {
    await Promise.allSettled(this.#finishing);
    for (const file of this.#open) await file.discard();
  }
}
