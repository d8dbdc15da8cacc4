/** What the user asks of the positions in files, and the facts that the user adds to them. */
import type { Angstrom } from "../../domain/units.js";
import type { Shape3 } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { runNameOf } from "../runNames.js";
import type { WriteOptions } from "./format.js";
import { type FrameName, ownPixel, type PositionSet } from "./frames.js";
import type { PositionsFile } from "./readPositions.js";

/** Facts that the user gives in addition to the files. */
export interface ConvertOptions extends WriteOptions {
  readonly toFrame?: FrameName;
  /** Voxel size in Å wherever a file does not state it, and of the written file. */
  readonly spacing?: Angstrom;
  /** Voxel size in Å that the positions in the files count in, whatever the files state. */
  readonly fromSpacing?: Angstrom;
  readonly toSpacing?: Angstrom;
  /** Size of the volume along z, y, x in voxels of `spacing`. */
  readonly size?: Shape3;
  /** Run of files that name none; of files that name several runs, the only one kept. */
  readonly run?: string;
  /** Particle type of files that name none; of files that name several types, the only one kept. */
  readonly type?: string;
  readonly rename?: ReadonlyMap<string, string>;
  readonly userId?: string;
  readonly sessionId?: string;
}

/** Checks the numbers that the user gives. @throws PickbenchError BadUsage with the flag of one out of its range */
export function checkConvertOptions({ spacing, fromSpacing, toSpacing, size, box }: ConvertOptions): void {
  const lengths = { spacing, "from-spacing": fromSpacing, "to-spacing": toSpacing, box };
  for (const [flag, value] of Object.entries(lengths))
    if (value !== undefined && !(Number.isFinite(value) && value > 0))
      throw new PickbenchError("BadUsage", `--${flag} is ${value}, wanted a number above 0`);
  const bad = size?.find((voxels) => !Number.isSafeInteger(voxels) || voxels < 1);
  if (bad !== undefined)
    throw new PickbenchError("BadUsage", `--size is ${bad}, wanted a whole number of at least 1; give one`);
}

/** Sets of positions and where they come from. */
export type SourceSets = Pick<PositionsFile, "path" | "sets"> & Partial<PositionsFile>;

/** Gives the user's run name to the only run where the files can only number it. */
export function withNamedRun<Source extends SourceSets>(
  files: readonly Source[],
  run: string | undefined,
): readonly Source[] {
  const runs = new Set(files.flatMap(({ sets }) => sets.map((set) => set.run)));
  const [only] = runs;
  if (run === undefined || runs.size !== 1 || only === undefined || !/^\d+$/.test(only)) return files;
  return files.map((file) => ({ ...file, sets: file.sets.map((set) => ({ ...set, run })) }));
}

/** Completes a set with the facts that the user gives. */
export function described(set: PositionSet, options: ConvertOptions): PositionSet {
  const { size, spacing, fromSpacing, run, userId, sessionId } = options;
  const pixel = fromSpacing ?? set.pixel ?? ownPixel(set.frame) ?? spacing;
  const voxel = spacing ?? pixel;
  const volume = size && voxel !== undefined ? { size, spacing: voxel } : undefined;
  return {
    ...set,
    ...(pixel === undefined ? {} : { pixel }),
    ...(volume ? { volume } : {}),
    ...(set.run === undefined && run !== undefined ? { run } : {}),
    author: {
      ...set.author,
      ...(userId === undefined ? {} : { userId }),
      ...(sessionId === undefined ? {} : { sessionId }),
    },
    positions: renamed(set, options),
  };
}

function renamed({ positions }: PositionSet, options: ConvertOptions): PositionSet["positions"] {
  if (options.type === undefined && !options.rename) return positions;
  return positions.map((position) => {
    const type = typeOf(position.type, options);
    return type === undefined ? position : { ...position, type };
  });
}

/** Returns the type that positions of a type in a file have for the user. */
export function typeOf(
  inFile: string | undefined,
  { type: given, rename }: ConvertOptions,
): string | undefined {
  const type = inFile ?? given;
  return type === undefined ? undefined : (rename?.get(type) ?? type);
}

/** A set and the file that it comes from. */
interface Named {
  readonly what: string;
  readonly set: PositionSet;
}

/**
 * Keeps only the run and the type that the user names.
 *
 * @throws PickbenchError BadUsage where the files have no such run or type
 */
export function chosenOnly(read: readonly Named[], options: ConvertOptions): Named[] {
  const { run, type, rename } = options;
  const ofRun = run === undefined ? [...read] : read.filter(({ set }) => isAskedRun(set.run, run));
  if (ofRun.length === 0 && read.length > 0)
    throw absent(
      "run",
      run!,
      read.map(({ set }) => set.run ?? "a run without a name"),
    );
  if (type === undefined) return ofRun;
  const ofType = ofRun.map(({ what, set }) => ({ what, set: ofAskedType(set, options) }));
  const all = ofRun.flatMap(({ set }) => set.positions);
  if (all.length > 0 && ofType.every(({ set }) => set.positions.length === 0))
    throw absent(
      "type",
      rename?.get(type) ?? type,
      all.map((position) => position.type!),
    );
  return ofType;
}

/** Whether a run is the one that the user names, or there is no such name. */
export const isAskedRun = (name: string | undefined, run: string | undefined): boolean =>
  run === undefined || name === run || (name !== undefined && name === runNameOf(run));

/** Keeps the positions of the type that the user names; all, where there is no such name. */
export const ofAskedType = (set: PositionSet, options: ConvertOptions): PositionSet =>
  options.type === undefined
    ? set
    : { ...set, positions: set.positions.filter(({ type }) => isAskedType(type, options)) };

/** Whether a type, by the name that it has for the user, is the one that the user names, or there is no such name. */
export const isAskedType = (name: string | undefined, { type, rename }: ConvertOptions): boolean =>
  type === undefined || name === (rename?.get(type) ?? type);

function absent(flag: string, asked: string, there: readonly string[]): PickbenchError {
  const names = [...new Set(there)];
  const listed = `${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}`;
  return new PickbenchError("BadUsage", `--${flag} is ${asked}, wanted one that the files hold: ${listed}`);
}
