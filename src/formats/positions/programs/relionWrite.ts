/** Writer of RELION's STAR files: optics and particles in one dialect. */
import { TextBytes } from "../../lines.js";
import { joinedRow, type StarBlock, starValue, writeStar } from "../../star.js";
import { fixed, printed } from "../fields.js";
import type { PartWriter } from "../format.js";
import type { PositionSet, TomogramPosition, Vector3 } from "../frames.js";
import { anglesOf, noRotation } from "../orientation.js";
import { angleColumns, pixelNames, typeColumn } from "./relionColumns.js";

/** Names of the columns and blocks in which a program writes particles. */
export interface Dialect {
  readonly coordinates: readonly string[];
  readonly run: string;
  readonly score: string;
  /** Name of the block of particles. */
  readonly block: string;
  /** Place of the voxel size: an optics block that particles refer to, a column of the particles, or nowhere. */
  readonly pixel: "optics" | "column" | "nowhere";
}

/**
 * Begins a file: optics, the sets' own other blocks, and the head of the particles' loop, whose rows follow.
 *
 * @param sets of whose positions some of each kind are enough
 */
export function beginRelion(given: Dialect, sets: readonly PositionSet[]): PartWriter {
  const first = sets[0];
  const old = first?.blocks ?? [];
  const hasOldOptics = old.some(({ loops }) =>
    loops.some(({ columns }) => columns.includes("rlnOpticsGroup")),
  );
  const pixels = [...new Set(sets.flatMap(({ pixel }) => pixel ?? []))];
  const groups = given.pixel === "optics" && !hasOldOptics ? pixels : [];
  const table = new ParticleTable(given, sets, groups);
  const particles = {
    name: given.block,
    values: new Map(),
    loops: [{ columns: table.columns, rows: [] }],
  };
  const blocks = [...(groups.length > 0 ? [opticsOf(groups)] : []), ...old, particles];
  return {
    head: writeStar(blocks, "written by pickbench"),
    rows(set) {
      const text = new TextBytes();
      for (const row of table.rows(set)) text.line(row);
      return text.bytes();
    },
  };
}

/** Makes an optics block with one group a voxel size. */
const opticsOf = (pixels: readonly number[]): StarBlock => ({
  name: "optics",
  values: new Map(),
  loops: [
    {
      columns: ["rlnOpticsGroup", "rlnOpticsGroupName", "rlnTomoTiltSeriesPixelSize"],
      rows: pixels.map((pixel, i) => [String(i + 1), `opticsGroup${i + 1}`, String(pixel)]),
    },
  ],
});

/** Returns one or several values of a row, joined, and quoted where they are texts. */
type Cell = (set: PositionSet, position: TomogramPosition) => string;

/** The loop of particles, with only the columns that some particle fills. */
class ParticleTable {
  readonly columns: readonly string[];
  /** Names of the sets' own columns, the last ones. */
  readonly #kept: readonly string[];
  readonly #cells: Cell[] = [];
  readonly #quoted = new Map<string, string>();

  /** @param groups voxel sizes of the new optics groups */
  constructor(given: Dialect, sets: readonly PositionSet[], groups: readonly number[]) {
    const columns: string[] = [];
    const add = (names: readonly string[], cell: Cell) => {
      columns.push(...names);
      this.#cells.push(cell);
    };
    const some = (test: (position: TomogramPosition) => boolean) =>
      sets.some(({ positions }) => positions.some(test));
    if (sets.some(({ run }) => run !== undefined))
      add([given.run], ({ run }) => this.#text(run ?? "unknown"));
    add(given.coordinates, (_, { at }) => numbers(at));
    if (some(({ rotation }) => rotation !== undefined))
      add(angleColumns, (_, { rotation }) => numbers(anglesOf(rotation ?? noRotation, "relion")));
    if (some(({ score }) => score !== undefined))
      add([given.score], (_, { score }) => (score === undefined ? "nan" : printed(score)));
    if (some(({ type }) => type !== undefined))
      add([typeColumn], (_, { type }) => this.#text(type ?? "unknown"));
    if (some(({ instance }) => instance !== undefined))
      add(["pickbenchInstance"], (_, { instance }) => (instance === undefined ? "nan" : printed(instance)));
    if (groups.length > 0)
      add(["rlnOpticsGroup"], ({ pixel = groups[0]! }) => String(groups.indexOf(pixel) + 1));
    const kept = keptNames(sets, columns);
    if (given.pixel === "column" && sets[0]?.pixel !== undefined && !hasPixel(kept))
      add(["rlnPixelSize"], ({ pixel }) => String(pixel ?? sets[0]!.pixel));
    this.#kept = kept;
    columns.push(...kept);
    this.columns = columns;
  }

  *rows(set: PositionSet): Generator<string> {
    const places = this.#kept.map((name) => set.extra?.names.indexOf(name) ?? -1);
    for (const position of set.positions) {
      const row = this.#cells.map((cell) => cell(set, position));
      for (const at of places) row.push(starValue(position.extra?.[at] ?? "unknown"));
      yield joinedRow(row);
    }
  }

  /** Quotes a name, which many rows have. */
  #text(name: string): string {
    const known = this.#quoted.get(name);
    if (known !== undefined) return known;
    const text = starValue(name);
    this.#quoted.set(name, text);
    return text;
  }
}

const numbers = ([x, y, z]: Vector3): string => `${fixed(x)} ${fixed(y)} ${fixed(z)}`;

const hasPixel = (names: readonly string[]): boolean =>
  pixelNames.some((name) => names.includes(name)) ||
  (names.includes("rlnDetectorPixelSize") && names.includes("rlnMagnification"));

function keptNames(sets: readonly PositionSet[], written: readonly string[]): string[] {
  const names = new Set(sets.flatMap(({ extra }) => (extra?.family === "star" ? extra.names : [])));
  return [...names].filter((name) => !written.includes(name));
}
