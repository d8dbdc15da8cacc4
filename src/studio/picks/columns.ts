/** Picks of one run by column: a million take some 50 MB, as objects they would take ten times as much. */
import type { ParticlePick } from "../../domain/particles.js";
import { angstrom } from "../../domain/units.js";
import { isAbsent, isNumberOrAbsent, realPart } from "../../formats/positions/fields.js";

/** A further column of a file: what surrounds positions, or whatever else a program wrote. */
export interface FurtherColumn {
  readonly name: string;
  /** Numbers where all are, NaN for an absent one; else texts. */
  readonly values: Float64Array | readonly string[];
}

/** Picks of one run. */
export interface PickColumns {
  readonly count: number;
  /** Names of types. */
  readonly types: readonly string[];
  /** For each pick, its type's place among the names. */
  readonly type: Uint32Array;
  /** x y z in Å, flat. */
  readonly coordinates: Float64Array;
  /** Confidences; NaN where there is none. */
  readonly scores: Float64Array;
  /** Rotations, nine numbers row by row, by pick: few files have them. */
  readonly rotations: ReadonlyMap<number, readonly number[]>;
  /** Numbers of filaments, by pick. */
  readonly instances: ReadonlyMap<number, number>;
  readonly further: readonly FurtherColumn[];
}

/** A pick to be added. */
export interface AddedPick {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly score?: number | undefined;
  readonly rotation?: readonly number[] | undefined;
  readonly instance?: number | undefined;
}

/** A column that grows: of numbers, until the first text that is none. */
export class GrowingColumn {
  #numbers: number[] | undefined = [];
  #texts: string[] = [];

  /** Fills up to `count` values with absent ones. */
  fill(count: number): void {
    if (this.#numbers) while (this.#numbers.length < count) this.#numbers.push(Number.NaN);
    else while (this.#texts.length < count) this.#texts.push("");
  }

  addNumber(value: number): void {
    if (this.#numbers) this.#numbers.push(value);
    else this.#texts.push(textOfNumber(value));
  }

  addText(text: string): void {
    if (this.#numbers && isNumberOrAbsent(text)) {
      this.#numbers.push(isAbsent(text) ? Number.NaN : Number(realPart(text)));
      return;
    }
    if (this.#numbers) {
      this.#texts = this.#numbers.map(textOfNumber);
      this.#numbers = undefined;
    }
    this.#texts.push(text);
  }

  values(count: number): Float64Array | readonly string[] {
    this.fill(count);
    return this.#numbers ? Float64Array.from(this.#numbers) : this.#texts;
  }
}

const textOfNumber = (value: number): string => (Number.isNaN(value) ? "" : String(value));

/** Gathers the picks of a run. */
export class PickTable {
  readonly #types = new Map<string, number>();
  readonly #type: number[] = [];
  readonly #coordinates: number[] = [];
  readonly #scores: number[] = [];
  readonly #rotations = new Map<number, readonly number[]>();
  readonly #instances = new Map<number, number>();
  readonly #further = new Map<string, GrowingColumn>();

  get count(): number {
    return this.#type.length;
  }

  /** Returns a further column, to which the next pick's value is added before the pick. */
  column(name: string): GrowingColumn {
    const known = this.#further.get(name);
    if (known) {
      known.fill(this.count);
      return known;
    }
    const added = new GrowingColumn();
    added.fill(this.count);
    this.#further.set(name, added);
    return added;
  }

  add({ type, x, y, z, score, rotation, instance }: AddedPick): void {
    let at = this.#types.get(type);
    if (at === undefined) {
      at = this.#types.size;
      this.#types.set(type, at);
    }
    if (rotation !== undefined) this.#rotations.set(this.count, rotation);
    if (instance !== undefined) this.#instances.set(this.count, instance);
    this.#type.push(at);
    this.#coordinates.push(x);
    this.#coordinates.push(y);
    this.#coordinates.push(z);
    this.#scores.push(score ?? Number.NaN);
  }

  /** Adds all picks of another table. */
  addAll(picks: PickColumns): void {
    const start = this.count;
    for (let at = 0; at < picks.count; at++) this.add(pickAt(picks, at));
    for (const { name, values } of picks.further) {
      const column = this.#further.get(name) ?? new GrowingColumn();
      this.#further.set(name, column);
      column.fill(start);
      for (const value of values) {
        if (typeof value === "number") column.addNumber(value);
        else column.addText(value);
      }
    }
  }

  columns(): PickColumns {
    return {
      count: this.count,
      types: [...this.#types.keys()],
      type: Uint32Array.from(this.#type),
      coordinates: Float64Array.from(this.#coordinates),
      scores: Float64Array.from(this.#scores),
      rotations: this.#rotations,
      instances: this.#instances,
      further: [...this.#further].map(([name, column]) => ({ name, values: column.values(this.count) })),
    };
  }
}

/** No pick. */
export const noPicks: PickColumns = new PickTable().columns();

/** Returns one pick. */
export function pickAt(picks: PickColumns, at: number): ParticlePick {
  const { types, type, coordinates, scores, rotations, instances } = picks;
  const [score, rotation, instance] = [scores[at]!, rotations.get(at), instances.get(at)];
  return {
    type: types[type[at]!]!,
    x: angstrom(coordinates[3 * at]!),
    y: angstrom(coordinates[3 * at + 1]!),
    z: angstrom(coordinates[3 * at + 2]!),
    ...(Number.isNaN(score) ? {} : { score }),
    ...(rotation === undefined ? {} : { rotation }),
    ...(instance === undefined ? {} : { instance }),
  };
}

/** Returns the picks of several files as one. */
export function joinPicks(all: readonly PickColumns[]): PickColumns {
  if (all.length === 1) return all[0]!;
  const table = new PickTable();
  for (const picks of all) table.addAll(picks);
  return table.columns();
}
