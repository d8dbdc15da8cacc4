/** Files of positions, with what surrounds each position in its run as columns, and selected by an expression. */
import type { Angstrom } from "../../domain/units.js";
import type { ExtraColumns, PositionSet, Vector3 } from "../../formats/positions/frames.js";
import { countsInVoxels, isSamePixel, toFrame } from "../../formats/positions/frames.js";
import { turned } from "../../formats/positions/orientation.js";
import type { PositionsFile } from "../../formats/positions/readPositions.js";
import { PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import { type FeatureMap, openFeatureMap } from "../maps/featureMaps.js";
import type { Slab } from "../slab/slab.js";
import type { Grid } from "./ball.js";
import {
  type ContextTerms,
  columnNames,
  contextOf,
  featuresOf,
  type Missing,
  missingReasons,
  type RunPositions,
} from "./context.js";
import { selectRows, type TableSet, withColumns } from "./table.js";

/** What is to be done with the positions. */
export interface ContextRequest {
  readonly terms: ContextTerms;
  /** Maps of all runs. */
  readonly maps: readonly FeatureMap[];
  /** Voxels of a run's volume, where maps do not say them. */
  readonly extentOf?: ((run: string) => Promise<Grid | undefined>) | undefined;
  /** Fits the sample's slab of a run; x y z in Å, flat, are its positions. */
  readonly slabOf?: ((run: string, places: Float64Array) => Promise<Slab>) | undefined;
  /** Expression that positions must fulfil. */
  readonly where?: string | undefined;
  /** Å per voxel of positions that count in voxels, where their file does not say it. */
  readonly spacing?: Angstrom | undefined;
  /** Run of positions that name none; the only run with maps if absent. */
  readonly run?: string | undefined;
  readonly reporter: Reporter;
}

/** Values that are missing in a column, by their reasons. */
export interface ColumnCounts {
  readonly name: string;
  readonly values: number;
  readonly missing: Missing;
}

/** Positions with columns, and what to say about them. */
export interface Contextualised {
  readonly files: readonly PositionsFile[];
  readonly columns: readonly ColumnCounts[];
  readonly positions: number;
  readonly selected: number;
  /** Positions that the expression left out since a value was missing. */
  readonly undecided: number;
}

interface Entry {
  /** As the file holds it. */
  readonly given: PositionSet;
  readonly set: PositionSet;
  readonly places: readonly Vector3[];
}

/**
 * Measures what surrounds positions and selects among them.
 *
 * @param family of the columns in the format to be written
 * @throws PickbenchError BadUsage where no run of the positions has a map, positions count in a way that needs what is not
 * known, none has the orientation that an offset needs, or the expression is wrong
 */
export async function contextualise(
  files: readonly PositionsFile[],
  request: ContextRequest,
  family: ExtraColumns["family"],
): Promise<Contextualised> {
  const { terms, maps, reporter } = request;
  columnNames(terms, request.slabOf !== undefined);
  const named = withRuns(files, request);
  checkRuns(named, request);
  checkOrientations(named, terms);
  const runs = [...new Set(named.flatMap(({ sets }) => sets.map(({ run }) => run!)))];
  const features = featuresOf(terms);
  const total = maps.filter(({ run, type }) => runs.includes(run) && features.includes(type)).length;
  const progress = reporter.progress("measuring", total, "maps");
  const rows = new Map<PositionSet, TableSet>();
  const counts = new Map<string, { values: number; missing: Record<keyof Missing, number> }>();
  let done = 0;
  try {
    for (const run of runs) {
      const ofRun = maps.filter((map) => map.run === run);
      const extent = await extentFor(run, ofRun, request);
      const entries = named.flatMap((file) =>
        file.sets.filter((set) => set.run === run).map((set) => entryOf(file, set, extent, request)),
      );
      const positions = positionsOf(run, entries);
      const slab = await request.slabOf?.(run, positions.places);
      const onMap = () => progress.update(++done, run);
      const columns = await contextOf(positions, terms, ofRun, { extent, slab, onMap });
      for (const { name, values, missing } of columns) addCounts(counts, name, values, missing);
      let first = 0;
      for (const entry of entries) {
        const end = first + entry.set.positions.length;
        const own = columns.map((column) => ({ ...column, values: column.values.slice(first, end) }));
        rows.set(entry.given, { set: entry.set, places: entry.places, columns: own });
        first = end;
      }
    }
  } finally {
    progress.stop();
  }
  const given = named.flatMap((file) => file.sets.map((set) => ({ file, set })));
  const all = given.map(({ set }) => rows.get(set)!);
  const { sets, undecided } =
    request.where === undefined ? { sets: all, undecided: 0 } : selectRows(all, request.where);
  const written = withColumns(sets, family);
  return {
    files: named.map((file) => ({ ...file, sets: written.filter((_, i) => given[i]!.file === file) })),
    columns: [...counts].map(([name, count]) => ({ name, ...count })),
    positions: positionCount(all.map(({ set }) => set)),
    selected: positionCount(written),
    undecided,
  };
}

const positionCount = (sets: readonly PositionSet[]): number =>
  sets.reduce((sum, { positions }) => sum + positions.length, 0);

/** Names the run of positions that have none. @throws PickbenchError BadUsage where it is not known */
function withRuns(files: readonly PositionsFile[], { run, maps }: ContextRequest): readonly PositionsFile[] {
  const there = [...new Set(maps.map((map) => map.run))];
  const only = run ?? (there.length === 1 ? there[0] : undefined);
  return files.map((file) => ({
    ...file,
    sets: file.sets.map((set) => {
      if (set.run !== undefined) return set;
      if (only !== undefined) return { ...set, run: only };
      throw new PickbenchError("BadUsage", `${file.path} names no run; give --run NAME`, { path: file.path });
    }),
  }));
}

function checkRuns(files: readonly PositionsFile[], { maps, terms }: ContextRequest): void {
  if (featuresOf(terms).length === 0) return;
  const runs = new Set(files.flatMap(({ sets }) => sets.map(({ run }) => run!)));
  const there = [...new Set(maps.map(({ run }) => run))];
  if (there.some((run) => runs.has(run))) return;
  const some = (names: Iterable<string>) => [...names].slice(0, 5).join(", ");
  throw new PickbenchError(
    "BadUsage",
    `no run has both positions (${some(runs)}) and maps (${some(there)}); name runs alike, or give --run`,
  );
}

/** @throws PickbenchError BadUsage where places are to move along axes that no position has */
function checkOrientations(files: readonly PositionsFile[], { samples, distances }: ContextTerms): void {
  const moved = [...samples, ...distances].find(({ offset }) => offset !== 0);
  if (moved === undefined) return;
  const all = files.flatMap(({ sets }) => sets.flatMap(({ positions }) => positions));
  if (all.length === 0 || all.some(({ rotation }) => rotation !== undefined)) return;
  throw new PickbenchError(
    "BadUsage",
    `${moved.name} lies ${moved.offset} Å along the particles' axes, but no position has an orientation; give positions that have one, or leave the offset out`,
  );
}

/** Finds the volume's voxels: those of the run's first map, or what else is known. */
async function extentFor(
  run: string,
  maps: readonly FeatureMap[],
  { extentOf }: ContextRequest,
): Promise<Grid | undefined> {
  const [map] = maps;
  return map ? await openFeatureMap(map) : await extentOf?.(run);
}

function entryOf(
  file: PositionsFile,
  given: PositionSet,
  extent: Grid | undefined,
  { spacing }: ContextRequest,
): Entry {
  if (given.pixel === undefined && countsInVoxels(given.frame)) checkCubic(file.path, extent);
  const pixel = given.pixel ?? (countsInVoxels(given.frame) ? spacing : undefined);
  const volume = given.volume ?? (extent && volumeOf(extent));
  const set = { ...given, ...(pixel === undefined ? {} : { pixel }), ...(volume ? { volume } : {}) };
  const { positions } = toFrame(set, { frame: "angstrom" }, file.path);
  return { given, set, places: positions.map(({ at }) => at) };
}

/** @throws PickbenchError BadUsage where one voxel size cannot bring positions that count in voxels to a volume's Å */
function checkCubic(path: string, extent: Grid | undefined): void {
  if (extent === undefined || extent.spacing.every((step) => isSamePixel(step, extent.spacing[2]))) return;
  throw new PickbenchError(
    "BadUsage",
    `${path}: positions count in voxels, but those of the volume have edges of ${extent.spacing.join(", ")} Å along z, y, x; give positions in Å, as copick's are`,
    { path },
  );
}

/** Size in voxels of one spacing, that along x. */
const volumeOf = ({ shape, spacing }: Grid): NonNullable<PositionSet["volume"]> => ({
  size: [(shape[0] * spacing[0]) / spacing[2], (shape[1] * spacing[1]) / spacing[2], shape[2]],
  spacing: spacing[2],
});

/** The particles' own z axis. */
const ownAxis: Vector3 = [0, 0, 1];

function positionsOf(run: string, entries: readonly Entry[]): RunPositions {
  const all = entries.flatMap(({ set }) => set.positions);
  const none = [Number.NaN, Number.NaN, Number.NaN];
  return {
    run,
    places: Float64Array.from(entries.flatMap(({ places }) => places.flat())),
    axes: Float64Array.from(all.flatMap(({ rotation }) => (rotation ? turned(rotation, ownAxis) : none))),
    types: all.map(({ type }) => type),
  };
}

function addCounts(
  counts: Map<string, { values: number; missing: Record<keyof Missing, number> }>,
  name: string,
  values: readonly unknown[],
  missing: Missing,
): void {
  const before = counts.get(name);
  const found = values.filter((value) => value !== undefined).length;
  const sum = Object.fromEntries(
    missingReasons.map((reason) => [reason, missing[reason] + (before?.missing[reason] ?? 0)]),
  );
  counts.set(name, { values: found + (before?.values ?? 0), missing: sum as Record<keyof Missing, number> });
}
