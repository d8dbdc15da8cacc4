/** Conversion of positions to another format's frame, with notes on what is lost or looks wrong. */
import type { Angstrom } from "../../domain/units.js";
import type { Shape3 } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { runNameOf } from "../runNames.js";
import { withBoxes } from "./boxes.js";
import { checkFinite, checkNeeds, checkOrientations } from "./checks.js";
import type { Carrier, WriteOptions } from "./format.js";
import {
  countsInVoxels,
  type ExtraColumns,
  type FrameName,
  isMirrored,
  isSamePixel,
  missingFor,
  ownPixel,
  type PositionSet,
  type Target,
  type TomogramPosition,
  toFrame,
} from "./frames.js";
import { lossesOf } from "./lostFields.js";
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
type SourceSets = Pick<PositionsFile, "path" | "sets"> & Partial<PositionsFile>;

/** Positions ready to be written, their frame, and notes for the user. */
interface Converted {
  readonly sets: readonly PositionSet[];
  readonly frame: FrameName;
  readonly notes: readonly string[];
}

/**
 * Converts the positions of files to the frame of a format, one set a run.
 *
 * @throws PickbenchError BadUsage with the flag to give where neither file nor user states something that is needed
 */
export function convertPositions(
  files: readonly SourceSets[],
  format: Carrier,
  options: ConvertOptions,
): Converted {
  const read = withNamedRun(files, options.run).flatMap(({ path, sets }) =>
    sets.map((set) => ({ what: path, set: described(set, options) })),
  );
  const chosen = chosenOnly(read, options);
  const frame =
    options.toFrame ??
    frameToWrite(
      chosen.map(({ set }) => set),
      format,
      options,
    );
  const converted = chosen.map(({ what, set }) => {
    checkNeeds(set, format, what);
    checkOrientations(set, format, what);
    const moved = toFrame(set, targetOf(set, frame, options), what);
    checkFinite(moved, what);
    return withoutStalePixels(moved, set);
  });
  const { sets, notes } = withBoxes(mergeByRun(converted), format, options);
  return {
    sets,
    frame,
    notes: [
      ...new Set([
        ...read.flatMap(({ set }) => set.notes ?? []),
        ...converted.flatMap(({ notes }) => notes ?? []),
        ...sizeNotes(
          chosen.map(({ set }) => set),
          options,
        ),
        ...outsideNotes(chosen.map(({ set }) => set)),
        ...lossesOf(sets, format),
        ...notes,
        ...mirrorNotes(
          chosen.map(({ set }) => set),
          frame,
        ),
      ]),
    ],
  };
}

/** Gives the user's run name to the only run where the files can only number it. */
function withNamedRun(files: readonly SourceSets[], run: string | undefined): readonly SourceSets[] {
  const runs = new Set(files.flatMap(({ sets }) => sets.map((set) => set.run)));
  const [only] = runs;
  if (run === undefined || runs.size !== 1 || only === undefined || !/^\d+$/.test(only)) return files;
  return files.map((file) => ({ ...file, sets: file.sets.map((set) => ({ ...set, run })) }));
}

/** Completes a set with the facts that the user gives. */
function described(set: PositionSet, options: ConvertOptions): PositionSet {
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

function renamed(
  { positions }: PositionSet,
  { type: given, rename }: ConvertOptions,
): PositionSet["positions"] {
  if (given === undefined && !rename) return positions;
  return positions.map((position) => {
    const type = position.type ?? given;
    return type === undefined ? position : { ...position, type: rename?.get(type) ?? type };
  });
}

interface Named {
  readonly what: string;
  readonly set: PositionSet;
}

/**
 * Keeps only the run and the type that the user names.
 *
 * @throws PickbenchError BadUsage where the files have no such run or type
 */
function chosenOnly(read: readonly Named[], { run, type, rename }: ConvertOptions): Named[] {
  const isAsked = (name: string | undefined) =>
    name === run || (name !== undefined && name === runNameOf(run!));
  const ofRun = run === undefined ? [...read] : read.filter(({ set }) => isAsked(set.run));
  if (ofRun.length === 0 && read.length > 0)
    throw absent(
      "run",
      run!,
      read.map(({ set }) => set.run ?? "a run without a name"),
    );
  if (type === undefined) return ofRun;
  const name = rename?.get(type) ?? type;
  const ofType = ofRun.map(({ what, set }) => ({
    what,
    set: { ...set, positions: set.positions.filter((position) => position.type === name) },
  }));
  const all = ofRun.flatMap(({ set }) => set.positions);
  if (all.length > 0 && ofType.every(({ set }) => set.positions.length === 0))
    throw absent(
      "type",
      name,
      all.map((position) => position.type!),
    );
  return ofType;
}

function absent(flag: string, asked: string, there: readonly string[]): PickbenchError {
  const names = [...new Set(there)];
  const listed = `${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}`;
  return new PickbenchError("BadUsage", `--${flag} is ${asked}, wanted one that the files hold: ${listed}`);
}

/** Chooses the format's first frame for which enough is known, else its first, whose error says what is missing. */
function frameToWrite(sets: readonly PositionSet[], format: Carrier, options: ConvertOptions): FrameName {
  const isReachable = (frame: FrameName) =>
    sets.every((set) => {
      const target = targetOf(set, frame, options);
      return missingFor(set, target).length === 0 && (frame !== "eman2" || target.volume !== undefined);
    });
  return format.frames.find(isReachable) ?? format.frames[0]!;
}

function targetOf(set: PositionSet, frame: FrameName, options: ConvertOptions): Target {
  const { spacing, toSpacing } = options;
  const pixel = toSpacing ?? ownPixel(frame) ?? (countsInVoxels(frame) ? (spacing ?? set.pixel) : set.pixel);
  if (toSpacing !== undefined && set.pixel === undefined && countsInVoxels(set.frame))
    throw new PickbenchError(
      "BadUsage",
      "--to-spacing is given, but not the voxel size that the positions count in now; give --from-spacing Å",
    );
  return {
    frame,
    ...(pixel === undefined ? {} : { pixel }),
    ...(set.volume ? { volume: set.volume } : {}),
  };
}

/** Columns of STAR files that state the voxel size. */
const pixelColumns = /^rln(OpticsGroup|.*PixelSize|Magnification)$/;

/** Drops the voxel size's columns and blocks of a STAR file where the voxel size has changed. */
function withoutStalePixels(converted: PositionSet, before: PositionSet): PositionSet {
  if (before.pixel === undefined || converted.pixel === before.pixel) return converted;
  if (converted.extra?.family !== "star") return converted;
  const { names } = converted.extra;
  const kept = names.map((_, i) => i).filter((i) => !pixelColumns.test(names[i]!));
  if (kept.length === names.length && !before.blocks?.length) return converted;
  return {
    ...converted,
    blocks: [],
    notes: [
      ...(converted.notes ?? []),
      `the voxel size changes from ${before.pixel} to ${converted.pixel} Å: optics and their columns are lost, since they state the old one`,
    ],
    extra: { family: "star", names: kept.map((i) => names[i]!) },
    positions: converted.positions.map((position) => ({
      ...position,
      extra: kept.map((i) => position.extra?.[i] ?? ""),
    })),
  };
}

function mirrorNotes(sets: readonly PositionSet[], frame: FrameName): string[] {
  const swapped = sets.filter((set) => isMirrored(set.frame) !== isMirrored(frame));
  return swapped.some(({ positions }) => positions.some(({ rotation }) => rotation))
    ? ["the mirror swaps the hand: orientations are those of the reference's mirror image"]
    : [];
}

/** Notes where the volume's size, in voxels of --spacing, had to be taken in the file's own voxels. */
function sizeNotes(sets: readonly PositionSet[], { size, spacing }: ConvertOptions): string[] {
  const volume = sets.find((set) => set.volume)?.volume;
  if (!size || !volume || spacing !== undefined) return [];
  return [
    `the volume is taken as ${size.join("×")} voxels of ${volume.spacing} Å, as the file counts; give --spacing if its voxels have another size`,
  ];
}

/** Notes positions outside of the volume, which are a sign of a wrong size, spacing, frame or mirror. */
function outsideNotes(sets: readonly PositionSet[]): string[] {
  let outside = 0;
  for (const set of sets) {
    const { volume } = set;
    if (!volume || missingFor(set, { ...set, frame: "angstrom" }).length > 0) continue;
    const far = [...volume.size].reverse().map((voxels) => voxels * volume.spacing);
    const isInside = (value: number, axis: number) => value >= 0 && value <= far[axis]!;
    for (const { at } of toFrame(set, { frame: "angstrom" }, "").positions)
      if (!at.every(isInside)) outside++;
  }
  return outside === 0
    ? []
    : [
        `${outside} ${outside === 1 ? "position lies" : "positions lie"} outside of the volume; check the volume's size, the voxel size and the frame`,
      ];
}

/** Joins the sets of one run and voxel size; extra columns that a set lacks are empty in it. */
function mergeByRun(sets: readonly PositionSet[]): PositionSet[] {
  const runs = new Map<string, PositionSet[][]>();
  for (const set of sets) {
    const key = set.run ?? "";
    const groups = runs.get(key) ?? [];
    runs.set(key, groups);
    const group = groups.find(([first]) => isSamePixel(first!.pixel, set.pixel));
    if (group) group.push(set);
    else groups.push([set]);
  }
  return [...runs.values()].flat().map((group) => (group.length === 1 ? group[0]! : merged(group)));
}

function merged(group: readonly PositionSet[]): PositionSet {
  const extra = commonColumns(group);
  return {
    ...group[0]!,
    ...(extra ? { extra } : {}),
    positions: group.flatMap((set) => set.positions.map((position) => aligned(position, set.extra, extra))),
  };
}

function commonColumns(group: readonly PositionSet[]): ExtraColumns | undefined {
  const families = new Set(group.flatMap(({ extra }) => extra?.family ?? []));
  const [family] = families;
  if (family === undefined) return undefined;
  const names = [...new Set(group.flatMap(({ extra }) => extra?.names ?? []))];
  return { family: families.size === 1 ? family : "table", names };
}

function aligned(
  position: TomogramPosition,
  from: ExtraColumns | undefined,
  to: ExtraColumns | undefined,
): TomogramPosition {
  if (!to) return position;
  return {
    ...position,
    extra: to.names.map((name) => position.extra?.[from?.names.indexOf(name) ?? -1] ?? ""),
  };
}
