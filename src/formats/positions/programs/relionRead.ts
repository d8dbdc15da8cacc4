/** Reader of RELION's STAR files, and of Warp's and M's: coordinates, shifts, orientations and voxel sizes. */
import { angstrom } from "../../../domain/units.js";
import type { Shape3 } from "../../../domain/volume.js";
import { isPickbenchError } from "../../../system/errors.js";
import { type StarBlock, StarBlocks } from "../../star.js";
import { readStarTables } from "../../starTables.js";
import { broken, isAbsent, numberOf, optionalNumberOf, optionalThree, textOrAbsent } from "../fields.js";
import type { Source } from "../format.js";
import {
  type FrameName,
  isSamePixel,
  type PositionSet,
  type TomogramPosition,
  type Vector3,
} from "../frames.js";
import { noRotation, product, rotationOf, turned } from "../orientation.js";
import { RunTable } from "../parts.js";
import { hasCoordinates, isParticleLoop, ParticleColumns, pixelNames } from "./relionColumns.js";

interface Row {
  readonly values: readonly string[];
  readonly line: number;
}

/** A table of positions, and the blocks before it. */
interface Table {
  readonly columns: ParticleColumns;
  readonly rows: Row[];
}

/**
 * Reads the particles of a RELION STAR file, or of one with RELION's columns (Warp, pytom, Ais, TomoTwin, TOMOMAN) or M's.
 * A file may hold several tables of particles.
 */
export function readRelion(source: Source): PositionSet[] {
  const { tables, blocks, notes } = readTables(source.path, source.bytes);
  const volumes = volumesOf(source, blocks);
  const sets = tables
    .flatMap((table) => setsOf(source, table, blocks))
    .map((set) => withVolume(set, volumes.get(set.run ?? "")));
  return sets.map((set, i) => (i === 0 ? { ...set, notes: [...notes, ...(set.notes ?? [])] } : set));
}

function setsOf(
  { path, frame }: Source,
  { columns, rows }: Table,
  blocks: readonly StarBlock[],
): PositionSet[] {
  const pixels = new PixelSizes(path, columns, blocks);
  const runs = new RunTable<TomogramPosition>();
  const pixelOfRun = new Map<string | undefined, number | undefined>();
  for (const row of rows) {
    const run = columns.run < 0 ? undefined : textOrAbsent(row.values[columns.run]);
    const pixel = pixels.of(row);
    if (!pixelOfRun.has(run)) pixelOfRun.set(run, pixel);
    else if (!isSamePixel(pixelOfRun.get(run), pixel))
      throw broken(
        path,
        `line ${row.line}`,
        `a second voxel size for ${run ?? "the particles"} (${pixelOfRun.get(run) ?? "none"} and ${pixel ?? "none"})`,
        "one for each tomogram",
      );
    runs.add(run, positionOf(path, columns, row, pixel));
  }
  const names = columns.extra.map((index) => columns.names[index]!);
  return runs.map((run, positions) => {
    const pixel = pixelOfRun.get(run) ?? pixels.only;
    const own = ownFrame(columns, run);
    return {
      ...(run === undefined ? {} : { run }),
      frame: frame ?? own,
      ...(pixel === undefined ? {} : { pixel: angstrom(pixel) }),
      positions,
      extra: { family: "star", names },
      blocks,
      ...(frame === undefined && own === "index"
        ? { notes: [`${path}: positions count from the centre of the first voxel, as Warp's do (.tomostar)`] }
        : {}),
    };
  });
}

const sizeColumns = ["rlnTomoSizeZ", "rlnTomoSizeY", "rlnTomoSizeX"];

/** What a table of tomograms says of one: its size in pixels of the tilt series, and their size in Å. */
interface StatedVolume {
  readonly size: Shape3;
  readonly pixel: number | undefined;
}

/** Finds the tomograms' sizes in the file's own blocks, or in RELION's tomograms.star beside it. */
function volumesOf({ path, beside }: Source, blocks: readonly StarBlock[]): Map<string, StatedVolume> {
  const text = beside("tomograms.star");
  const others = text === undefined ? [] : parseTables(path, Buffer.from(text));
  const volumes = new Map<string, StatedVolume>();
  for (const { columns, rows } of [...others, ...blocks].flatMap(({ loops }) => loops)) {
    if (!["rlnTomoName", ...sizeColumns].every((name) => columns.includes(name))) continue;
    for (const row of rows) {
      const at = (name: string) => Number(row[columns.indexOf(name)]);
      const size = sizeColumns.map(at) as unknown as Shape3;
      const pixel = at("rlnTomoTiltSeriesPixelSize");
      if (size.every((voxels) => Number.isSafeInteger(voxels) && voxels > 0))
        volumes.set(row[columns.indexOf("rlnTomoName")]!, { size, pixel: pixel > 0 ? pixel : undefined });
    }
  }
  return volumes;
}

/** Reads the tables of a file beside; none where it is broken, for it is not needed. */
function parseTables(path: string, bytes: Buffer): readonly StarBlock[] {
  const found = new StarBlocks();
  try {
    readStarTables(path, bytes, found, () => true);
  } catch (error) {
    if (!isPickbenchError(error)) throw error;
    return [];
  }
  return found.blocks;
}

function withVolume(set: PositionSet, stated: StatedVolume | undefined): PositionSet {
  const spacing = stated?.pixel ?? set.pixel;
  return stated && spacing !== undefined
    ? { ...set, volume: { size: stated.size, spacing: angstrom(spacing) } }
    : set;
}

/** Returns how the columns count; Warp calls its tilt series .tomostar and counts from the centre of the first voxel. */
function ownFrame({ kind }: ParticleColumns, run: string | undefined): FrameName {
  if (kind === "centred") return "angstrom-centred";
  if (kind === "m") return "angstrom-index";
  return run !== undefined && /\.tomostar$/i.test(run) ? "index" : "voxel";
}

function readTables(
  path: string,
  bytes: Buffer,
): {
  readonly tables: readonly Table[];
  readonly blocks: readonly StarBlock[];
  readonly notes: readonly string[];
} {
  const tables: Table[] = [];
  const notes: string[] = [];
  let block = "";
  let rows: Row[] | "others" | "none" = "others";
  const others = new StarBlocks();
  const isTable = (names: readonly string[]) =>
    isParticleLoop(names) || names.includes("rlnOpticsGroup") || hasCoordinates(names);
  readStarTables(
    path,
    bytes,
    {
      block: (name) => {
        block = name;
        others.block(name);
      },
      value: (name, value) => others.value(name, value),
      loop: (names) => {
        rows = isParticleLoop(names) ? [] : hasCoordinates(names) ? "none" : "others";
        if (rows === "others") others.loop(names);
        else if (rows === "none")
          notes.push(`${path}: data_${block} is left out: it has coordinates, but not x, y and z`);
        else tables.push({ columns: new ParticleColumns(names), rows });
      },
      row: (values, line) => {
        if (rows === "others") others.row(values);
        else if (rows !== "none") rows.push({ values, line });
      },
    },
    isTable,
  );
  if (tables.length === 0)
    throw broken(
      path,
      "the STAR file",
      "has no loop of positions",
      "rlnCoordinateX, Y, Z or rlnCenteredCoordinateXAngst, YAngst, ZAngst",
    );
  const blocks = others.blocks.filter(({ values, loops }) => values.size > 0 || loops.length > 0);
  if (tables.length === 1) return { tables, blocks, notes };
  notes.push(`${path} has ${tables.length} tables of positions, which are read as one`);
  return { tables, blocks: withoutRepeated(path, blocks), notes };
}

/** Leaves one of equal blocks. @throws PickbenchError BadDataset where optics differ: groups of one number would be two */
function withoutRepeated(path: string, blocks: readonly StarBlock[]): StarBlock[] {
  const kept = new Map(
    blocks.map((block) => [JSON.stringify([block.name, [...block.values], block.loops]), block]),
  );
  const optics = [...kept.values()].filter(({ loops }) => loops.some(isOptics));
  if (optics.length > 1)
    throw broken(
      path,
      "the STAR file",
      `has ${optics.length} optics tables that differ`,
      "one, or a file for each",
    );
  return [...kept.values()];
}

const isOptics = ({ columns }: StarBlock["loops"][number]): boolean => columns.includes("rlnOpticsGroup");

/** Voxel sizes of particles, from the optics groups or from columns of the particles themselves. */
class PixelSizes {
  readonly #path: string;
  readonly #columns: ParticleColumns;
  readonly #groups = new Map<string, number>();
  /** Voxel size of all optics groups, where it is the same. */
  readonly only: number | undefined;

  constructor(path: string, columns: ParticleColumns, blocks: readonly StarBlock[]) {
    this.#path = path;
    this.#columns = columns;
    const optics = blocks.flatMap(({ loops }) => loops).find(isOptics);
    const name = pixelNames.find((candidate) => optics?.columns.includes(candidate));
    if (optics && name !== undefined)
      for (const row of optics.rows) {
        const pixel = this.#positive(row[optics.columns.indexOf(name)], name, "the optics block");
        if (pixel !== undefined) this.#groups.set(row[optics.columns.indexOf("rlnOpticsGroup")]!, pixel);
      }
    const [first, ...rest] = this.#groups.values();
    this.only = rest.every((pixel) => isSamePixel(first, pixel)) ? first : undefined;
  }

  of({ values, line }: Row): number | undefined {
    const { names, optics } = this.#columns;
    const fromGroup = optics < 0 ? undefined : this.#groups.get(values[optics]!);
    if (fromGroup !== undefined) return fromGroup;
    const value = (column: string) => this.#positive(values[names.indexOf(column)], column, `line ${line}`);
    const name = pixelNames.find((candidate) => names.includes(candidate));
    const own = name === undefined ? undefined : value(name);
    if (own !== undefined) return own;
    if (names.includes("rlnDetectorPixelSize") && names.includes("rlnMagnification")) {
      const [detector, magnification] = [value("rlnDetectorPixelSize"), value("rlnMagnification")];
      if (detector !== undefined && magnification !== undefined) return (detector * 1e4) / magnification;
    }
    return this.only;
  }

  #positive(text: string | undefined, name: string, place: string): number | undefined {
    const value = optionalNumberOf(text, this.#path, () => place, name);
    if (value === undefined || value > 0) return value;
    throw broken(this.#path, place, `${name} is ${value}`, "Å above 0");
  }
}

function positionOf(
  path: string,
  columns: ParticleColumns,
  { values, line }: Row,
  pixel: number | undefined,
): TomogramPosition {
  const place = () => `line ${line}`;
  const name = (index: number) => columns.names[index]!;
  const optional = (index: number) =>
    index < 0 ? undefined : optionalNumberOf(values[index], path, place, name(index));
  const three = (at: readonly number[]) =>
    at.length === 0
      ? undefined
      : optionalThree(
          at.map((index) => values[index]),
          path,
          place,
          at.map(name),
        );
  const [around, own] = [three(columns.subtomogram), three(columns.angles)];
  const subtomogram = around ? rotationOf(around, "relion") : noRotation;
  const origin = turned(subtomogram, originOf());
  const at = columns.at.map(
    (index, axis) => numberOf(values[index], path, place, name(index)) - origin[axis]!,
  );
  const type = columns.type < 0 ? undefined : textOrAbsent(values[columns.type]);
  const [score, instance] = [optional(columns.score), optional(columns.instance)];
  return {
    at: at as unknown as Vector3,
    ...(type === undefined ? {} : { type }),
    ...(score === undefined ? {} : { score }),
    ...(instance === undefined ? {} : { instance }),
    ...(around || own
      ? { rotation: product(subtomogram, own ? rotationOf(own, "relion") : noRotation) }
      : {}),
    extra: columns.extra.map((index) => values[index]!),
  };

  /** Returns the shift in the unit of the coordinates; an absent one is none. */
  function originOf(): [number, number, number] {
    const inAngstrom = columns.originAngstroms.length > 0;
    const shift = inAngstrom ? columns.originAngstroms : columns.originPixels;
    const parts = shift.map((index) => (isAbsent(values[index]) ? 0 : optional(index)!));
    if (parts.every((part) => part === 0)) return [0, 0, 0];
    const [x, y, z] = parts as [number, number, number];
    if (inAngstrom === (columns.kind !== "pixels")) return [x, y, z];
    if (pixel === undefined)
      throw broken(
        path,
        `line ${line}`,
        "a shift in another unit than the coordinates, and no voxel size",
        "an optics block with rlnTomoTiltSeriesPixelSize",
      );
    const factor = inAngstrom ? 1 / pixel : pixel;
    return [x * factor, y * factor, z * factor];
  }
}
