import type { Pick } from "../particles.js";

export type PicksByExperiment = ReadonlyMap<string, readonly Pick[]>;

/** Positions of one type in one experiment, 24 bytes each: as objects they would take over a hundred. */
export class Positions {
  #values = new Float64Array(96);
  #length = 0;

  /** Å */
  add(x: number, y: number, z: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(2 * this.#length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length] = x;
    this.#values[this.#length + 1] = y;
    this.#values[this.#length + 2] = z;
    this.#length += 3;
  }

  get count(): number {
    return this.#length / 3;
  }

  /** x y z in Å, flat; good until the next `add`. */
  get coordinates(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}

/** By experiment, then by type. An experiment without any type is known to hold nothing. */
export type PositionsByExperiment = ReadonlyMap<string, ReadonlyMap<string, Positions>>;

/** Gathers positions, in whatever order they come. */
export class PositionTable {
  readonly byExperiment = new Map<string, Map<string, Positions>>();

  /** Makes the experiment known, should it hold nothing. */
  addExperiment(experiment: string): Map<string, Positions> {
    let ofExperiment = this.byExperiment.get(experiment);
    if (ofExperiment === undefined) {
      ofExperiment = new Map();
      this.byExperiment.set(experiment, ofExperiment);
    }
    return ofExperiment;
  }

  /** Coordinates in Å. */
  add(experiment: string, type: string, x: number, y: number, z: number): void {
    const ofExperiment = this.addExperiment(experiment);
    let positions = ofExperiment.get(type);
    if (positions === undefined) {
      positions = new Positions();
      ofExperiment.set(type, positions);
    }
    positions.add(x, y, z);
  }
}

export function positionsOf(picks: PicksByExperiment): PositionsByExperiment {
  const table = new PositionTable();
  for (const [experiment, list] of picks) {
    table.addExperiment(experiment);
    for (const { type, x, y, z } of list) table.add(experiment, type, x, y, z);
  }
  return table.byExperiment;
}
