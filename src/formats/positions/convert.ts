/** Conversion of positions to another format's frame, with notes on what is lost or looks wrong. */
import { PickbenchError } from "../../system/errors.js";
import {
  type ConvertOptions,
  chosenOnly,
  described,
  ofAskedType,
  type SourceSets,
  withNamedRun,
} from "./asked.js";
import { withBoxes } from "./boxes.js";
import { checkFinite, checkNeeds, checkOrientations } from "./checks.js";
import type { Carrier } from "./format.js";
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
  const { sets, frame, chosen, notes } = conversionOf(files, format, options);
  const outside = chosen.reduce((sum, set) => sum + countOutside(set), 0);
  return { sets, frame, notes: notes(outside) };
}

/** A conversion, and what of it decides the notes for the user. */
interface Conversion extends Pick<Converted, "sets" | "frame"> {
  /** The sets that the user asks for, before their conversion. */
  readonly chosen: readonly PositionSet[];
  /** Makes the notes. @param outside number of positions outside of their volumes */
  readonly notes: (outside: number) => readonly string[];
}

/** Converts as `convertPositions`, but for the count of positions outside, which needs a look at each. */
export function conversionOf(
  files: readonly SourceSets[],
  format: Carrier,
  options: ConvertOptions,
): Conversion {
  const read = withNamedRun(files, options.run).flatMap(({ path, sets }) =>
    sets.map((set) => ({ what: path, set: described(set, options) })),
  );
  const named = chosenOnly(read, options);
  const chosen = named.map(({ set }) => set);
  const frame = options.toFrame ?? frameToWrite(chosen, format, options);
  const converted = named.map(({ what, set }) => {
    checkNeeds(set, format, what);
    checkOrientations(set, format, what);
    return inFrame(set, frame, options, what);
  });
  const { sets, notes } = withBoxes(mergeByRun(converted), format, options);
  return {
    sets,
    frame,
    chosen,
    notes: (outside) => [
      ...new Set([
        ...read.flatMap(({ set }) => set.notes ?? []),
        ...converted.flatMap((set) => set.notes ?? []),
        ...sizeNotes(chosen, options),
        ...outsideNotes(outside),
        ...lossesOf(sets, format),
        ...notes,
        ...mirrorNotes(chosen, frame),
      ]),
    ],
  };
}

function inFrame(set: PositionSet, frame: FrameName, options: ConvertOptions, what: string): PositionSet {
  const moved = toFrame(set, targetOf(set, frame, options), what);
  checkFinite(moved, what);
  return withoutStalePixels(moved, set);
}

/**
 * Makes the function that converts parts of a set one by one, as `convertPositions` converts sets whole.
 *
 * @param frame of the conversion of the outline, which has passed all checks
 */
export function partConverter(
  format: Carrier,
  frame: FrameName,
  options: ConvertOptions,
): (part: PositionSet, what: string) => { readonly part: PositionSet; readonly outside: number } {
  return (part, what) => {
    const asked = ofAskedType(described(part, options), options);
    const { sets } = withBoxes([inFrame(asked, frame, options, what)], format, options);
    return { part: sets[0]!, outside: countOutside(asked) };
  };
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

/** Counts positions outside of the volume, where it is known. */
function countOutside(set: PositionSet): number {
  const { volume } = set;
  if (!volume || missingFor(set, { ...set, frame: "angstrom" }).length > 0) return 0;
  const far = [...volume.size].reverse().map((voxels) => voxels * volume.spacing);
  const isInside = (value: number, axis: number) => value >= 0 && value <= far[axis]!;
  let outside = 0;
  for (const { at } of toFrame(set, { frame: "angstrom" }, "").positions) if (!at.every(isInside)) outside++;
  return outside;
}

/** Notes positions outside of the volume, which are a sign of a wrong size, spacing, frame or mirror. */
const outsideNotes = (outside: number): string[] =>
  outside === 0
    ? []
    : [
        `${outside} ${outside === 1 ? "position lies" : "positions lie"} outside of the volume; check the volume's size, the voxel size and the frame`,
      ];

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
