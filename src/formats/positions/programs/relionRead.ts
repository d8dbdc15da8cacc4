/** Reader of RELION's STAR files: coordinates, shifts, orientations and voxel sizes. */
import { angstrom } from "../../../domain/units.js";
import { readStar, type StarBlock, StarBlocks } from "../../star.js";
import { broken, numberOf, RunTable, type Source } from "../format.js";
import type { PositionSet, TomogramPosition, Vector3 } from "../frames.js";
import { type Angles, noRotation, product, rotationOf, turned } from "../orientation.js";
import { isParticleLoop, ParticleColumns, pixelNames } from "./relionColumns.js";

interface Row {
  readonly values: readonly string[];
  readonly line: number;
}

/** Reads the particles of a RELION STAR file, or of one with RELION's columns (pytom, Ais, TomoTwin, TOMOMAN). */
export function readRelion({ path, bytes, frame }: Source): PositionSet[] {
  const { columns, rows, blocks } = readTable(path, bytes);
  const pixels = new PixelSizes(path, columns, blocks);
  const runs = new RunTable<TomogramPosition>();
  const pixelOfRun = new Map<string | undefined, number | undefined>();
  for (const row of rows) {
    const run = columns.run < 0 ? undefined : row.values[columns.run];
    const pixel = pixels.of(row);
    if (!pixelOfRun.has(run)) pixelOfRun.set(run, pixel);
    else if (pixelOfRun.get(run) !== pixel)
      throw broken(
        path,
        `line ${row.line}`,
        `a second voxel size for ${run ?? "the particles"}`,
        "one for each tomogram",
      );
    runs.add(run, positionOf(path, columns, row, pixel));
  }
  const names = columns.extra.map((index) => columns.names[index]!);
  return runs.map((run, positions) => {
    const pixel = pixelOfRun.get(run) ?? pixels.only;
    return {
      ...(run === undefined ? {} : { run }),
      frame: frame ?? (columns.isCentred ? "angstrom-centred" : "voxel"),
      ...(pixel === undefined ? {} : { pixel: angstrom(pixel) }),
      positions,
      extra: { family: "star", names },
      blocks,
    };
  });
}

function readTable(
  path: string,
  bytes: Buffer,
): { columns: ParticleColumns; rows: Row[]; blocks: StarBlock[] } {
  const rows: Row[] = [];
  let columns: ParticleColumns | undefined;
  let isInside = false;
  const others = new StarBlocks();
  readStar(path, bytes, {
    block: (name) => others.block(name),
    value: (name, value) => others.value(name, value),
    loop: (names) => {
      isInside = columns === undefined && isParticleLoop(names);
      if (isInside) columns = new ParticleColumns(names);
      else others.loop(names);
    },
    row: (values, line) => {
      if (isInside) rows.push({ values, line });
      else others.row(values);
    },
  });
  if (!columns)
    throw broken(
      path,
      "the STAR file",
      "has no loop of positions",
      "rlnCoordinateX, Y, Z or rlnCenteredCoordinateXAngst, YAngst, ZAngst",
    );
  return {
    columns,
    rows,
    blocks: others.blocks.filter(({ values, loops }) => values.size > 0 || loops.length > 0),
  };
}

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
    const optics = blocks
      .flatMap(({ loops }) => loops)
      .find((loop) => loop.columns.includes("rlnOpticsGroup"));
    const name = pixelNames.find((candidate) => optics?.columns.includes(candidate));
    if (optics && name !== undefined)
      for (const row of optics.rows)
        this.#groups.set(
          row[optics.columns.indexOf("rlnOpticsGroup")]!,
          this.#positive(row[optics.columns.indexOf(name)], name, "the optics block"),
        );
    this.only = new Set(this.#groups.values()).size === 1 ? [...this.#groups.values()][0] : undefined;
  }

  of({ values, line }: Row): number | undefined {
    const { names, optics } = this.#columns;
    const fromGroup = optics < 0 ? undefined : this.#groups.get(values[optics]!);
    if (fromGroup !== undefined) return fromGroup;
    const name = pixelNames.find((candidate) => names.includes(candidate));
    const value = (column: string) => this.#positive(values[names.indexOf(column)], column, `line ${line}`);
    if (name !== undefined) return value(name);
    if (names.includes("rlnDetectorPixelSize") && names.includes("rlnMagnification"))
      return (value("rlnDetectorPixelSize") * 1e4) / value("rlnMagnification");
    return this.only;
  }

  #positive(text: string | undefined, name: string, place: string): number {
    const value = numberOf(text, this.#path, () => place, name);
    if (value > 0) return value;
    throw broken(this.#path, place, `${name} is ${value}`, "Å above 0");
  }
}

function positionOf(
  path: string,
  columns: ParticleColumns,
  { values, line }: Row,
  pixel: number | undefined,
): TomogramPosition {
  const read = (index: number) => numberOf(values[index], path, () => `line ${line}`, columns.names[index]!);
  const three = (at: readonly number[]) => at.map(read) as unknown as Angles;
  const subtomogram =
    columns.subtomogram.length > 0 ? rotationOf(three(columns.subtomogram), "relion") : noRotation;
  const hasAngles = columns.angles.length > 0 || columns.subtomogram.length > 0;
  const own = columns.angles.length > 0 ? rotationOf(three(columns.angles), "relion") : noRotation;
  const origin = turned(subtomogram, originOf());
  const at = three(columns.at).map((value, axis) => value - origin[axis]!) as unknown as Vector3;
  return {
    at,
    ...(columns.type < 0 ? {} : { type: values[columns.type]! }),
    ...(columns.score < 0 ? {} : { score: read(columns.score) }),
    ...(columns.instance < 0 ? {} : { instance: read(columns.instance) }),
    ...(hasAngles ? { rotation: product(subtomogram, own) } : {}),
    extra: columns.extra.map((index) => values[index]!),
  };

  /** Returns the shift in the unit of the coordinates. */
  function originOf(): [number, number, number] {
    const inAngstrom = columns.originAngstroms.length > 0;
    const shift = inAngstrom ? columns.originAngstroms : columns.originPixels;
    if (shift.length === 0) return [0, 0, 0];
    const [x, y, z] = three(shift);
    if ((x === 0 && y === 0 && z === 0) || inAngstrom === columns.isCentred) return [x, y, z];
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
