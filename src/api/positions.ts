// Reads and writes positions in the formats of other programs, for programs that import pickbench.
import type { ParticlePick } from "../domain/particles.js";
import { angstrom } from "../domain/units.js";
import type { Shape3 } from "../domain/volume.js";
import { checkConvertOptions } from "../formats/positions/asked.js";
import { formatNames, namedFormat } from "../formats/positions/catalogue.js";
import { convertPositions } from "../formats/positions/convert.js";
import { memory } from "../formats/positions/format.js";
import type { FrameName, PositionSet, TomogramPosition } from "../formats/positions/frames.js";
import { isFolderToWrite, placeFiles } from "../formats/positions/placeFiles.js";
import { readPositionFiles } from "../formats/positions/positionFolder.js";
import type { PicksByExperiment } from "../score/match/positions.js";
import { PickbenchError } from "../system/errors.js";

/** Names of the formats of positions, such as `relion5`, `copick`, `challenge`. */
export const positionFormats: readonly string[] = formatNames;

/** What a caller says about positions where their files do not. */
export interface PositionOptions {
  /** Å per voxel. */
  readonly spacing?: number;
  /** The volume's size along z, y, x in voxels of `spacing`. */
  readonly size?: Shape3;
  /** Names the run where a file names none, and is the only one taken where files name several. */
  readonly run?: string;
  /** The same for the type of particle. */
  readonly type?: string;
  /** Types by other names, the old one to the new one. */
  readonly rename?: ReadonlyMap<string, string>;
}

/** How positions are read. */
export interface ReadPositionsOptions extends PositionOptions {
  /** One of `positionFormats`; the content decides if absent. */
  readonly format?: string;
  /** How the files count, over what their format says. */
  readonly frame?: FrameName;
}

/** How positions are written. */
export interface WritePositionsOptions extends PositionOptions {
  /** One of `positionFormats`. */
  readonly format: string;
  /** How the written positions count; the format's own way if absent. */
  readonly frame?: FrameName;
  /** Edge of boxes in voxels, where positions bring none. */
  readonly box?: number;
  /** copick's user and session, in files' names. */
  readonly userId?: string;
  readonly sessionId?: string;
  /** Replaces files that stand there. */
  readonly overwrite?: boolean;
}

/** Positions that were read, one set a run, and remarks such as on files that were left out. */
export interface ReadPositions {
  readonly sets: readonly PositionSet[];
  readonly notes: readonly string[];
}

/** Files of positions that were written, how their positions count, and remarks on what the format cannot hold. */
export interface WrittenPositions {
  readonly paths: readonly string[];
  readonly frame: FrameName;
  readonly notes: readonly string[];
}

/**
 * Reads a file of positions, or all of a folder and the folders in it, as x y z in Å from the volume's corner (frame
 * `angstrom`), with orientations, scores and whatever else the files hold.
 *
 * Messages name what is missing by the command line's flags: `--spacing` is the option `spacing`.
 *
 * @throws BadDataset where nothing can be read or a file is broken; BadUsage where a voxel size, the volume's size or
 *   the format is needed and unknown, or out of its range
 */
export async function readPositions(
  path: string,
  options: ReadPositionsOptions = {},
): Promise<ReadPositions> {
  const { format, frame, ...said } = options;
  const settings = { ...inAngstrom(said), toFrame: "angstrom" } as const;
  checkConvertOptions(settings);
  const { files, notes } = await readPositionFiles(path, {
    ...(format === undefined ? {} : { format: namedFormat("format", format) }),
    ...(frame === undefined ? {} : { frame }),
    ...(said.run === undefined ? {} : { run: said.run }),
  });
  const { sets, notes: more } = convertPositions(files, memory, settings);
  return { sets, notes: [...notes, ...more] };
}

/**
 * Writes positions in a format of another program.
 *
 * @param out the file; a folder that exists, or a name with a slash behind or without an extension, takes a file a run
 *   and type
 * @param sets from `readPositions` or `positionsFromPicks`
 * @throws BadUsage where the file exists already, or the format needs what is unknown, or a size is out of its range
 */
export async function writePositions(
  out: string,
  sets: readonly PositionSet[],
  options: WritePositionsOptions,
): Promise<WrittenPositions> {
  const { format: name, frame: toFrame, overwrite = false, ...said } = options;
  const format = namedFormat("format", name);
  const settings = { ...inAngstrom(said), ...(toFrame === undefined ? {} : { toFrame }) };
  checkConvertOptions(settings);
  const converted = convertPositions([{ path: out, sets }], format, settings);
  const placed = await placeFiles(out, converted.sets, format, {
    ...settings,
    isFolder: await isFolderToWrite(out),
    overwrite,
  });
  return {
    paths: placed.paths,
    frame: converted.frame,
    notes: [...converted.notes, ...placed.notes],
  };
}

const inAngstrom = <Options extends PositionOptions>({ spacing, ...others }: Options) => ({
  ...others,
  ...(spacing === undefined ? {} : { spacing: angstrom(spacing) }),
});

/**
 * Picks by run of positions that `readPositions` returned; orientations are left out.
 *
 * @throws BadUsage where a run or a type has no name
 */
export function picksFromPositions(sets: readonly PositionSet[]): Map<string, ParticlePick[]> {
  const picks = new Map<string, ParticlePick[]>();
  for (const { run, frame, positions } of sets) {
    if (frame !== "angstrom")
      throw new PickbenchError(
        "BadUsage",
        `positions count as ${frame}, wanted angstrom; read them with readPositions`,
      );
    if (run === undefined)
      throw new PickbenchError(
        "BadUsage",
        "the positions name no run; give readPositions one with the option run",
      );
    picks.set(run, [...(picks.get(run) ?? []), ...positions.map(pickOf)]);
  }
  return picks;
}

function pickOf({ at: [x, y, z], type, score }: TomogramPosition): ParticlePick {
  if (type === undefined)
    throw new PickbenchError(
      "BadUsage",
      "a position names no type of particle; give readPositions one with the option type",
    );
  return { type, x: angstrom(x), y: angstrom(y), z: angstrom(z), ...(score === undefined ? {} : { score }) };
}

/** Positions, in Å, of picks by run. */
export function positionsFromPicks(picks: PicksByExperiment): PositionSet[] {
  return [...picks].map(([run, list]) => ({
    run,
    frame: "angstrom",
    positions: list.map(({ type, x, y, z, score }) => ({
      at: [x, y, z],
      type,
      ...(score === undefined ? {} : { score }),
    })),
  }));
}
