/** Positions by experiment and type, as flat arrays. */
import type { ParticlePick } from "../../domain/particles.js";

/** Picks, in Å, by the experiment (run) that they lie in; one with an empty list is known to hold none. */
export type PicksByExperiment = ReadonlyMap<string, readonly ParticlePick[]>;

/** Positions of one type in one experiment, at 24 bytes each; as objects they would take over a hundred. */
export interface Positions {
  /** x y z in Å, flat. */
  readonly coordinates: Float64Array;
}

/** Positions by experiment, then by type. An experiment without any type is known and empty. */
export type PositionsByExperiment = ReadonlyMap<string, ReadonlyMap<string, Positions>>;

const rowsPerBlock = 1 << 14;

/** Positions in the order of arrival, each with the number of its group. */
interface Block {
  readonly coordinates: Float64Array;
  readonly groups: Int32Array;
}

/** The positions of one type in one experiment. */
interface Group {
  readonly number: number;
  count: number;
}

/**
 * Gathers positions in any order. They are sorted into groups at the end, in one array: an array a group would take
 * longer to allocate, grow and collect than to fill.
 */
export class PositionTable {
  readonly #byExperiment = new Map<string, Map<string, Group>>();
  readonly #groups: Group[] = [];
  readonly #blocks: Block[] = [];
  #count = 0;
  #latestExperiment: string | undefined;
  #latestType: string | undefined;
  #latest: Group = { number: -1, count: 0 };

  /** Adds an experiment, even if it stays empty. */
  addExperiment(experiment: string): Map<string, Group> {
    let ofExperiment = this.#byExperiment.get(experiment);
    if (ofExperiment === undefined) {
      ofExperiment = new Map();
      this.#byExperiment.set(experiment, ofExperiment);
    }
    return ofExperiment;
  }

  /** Adds one position. @param place x y z in Å */
  add(experiment: string, type: string, place: Float64Array): void {
    if (type !== this.#latestType || experiment !== this.#latestExperiment) this.#turnTo(experiment, type);
    const at = this.#count & (rowsPerBlock - 1);
    if (at === 0)
      this.#blocks.push({
        coordinates: new Float64Array(3 * rowsPerBlock),
        groups: new Int32Array(rowsPerBlock),
      });
    const { coordinates, groups } = this.#blocks[this.#count >> 14]!;
    coordinates[3 * at] = place[0]!;
    coordinates[3 * at + 1] = place[1]!;
    coordinates[3 * at + 2] = place[2]!;
    groups[at] = this.#latest.number;
    this.#latest.count++;
    this.#count++;
  }

  #turnTo(experiment: string, type: string): void {
    const ofExperiment = this.addExperiment(experiment);
    let group = ofExperiment.get(type);
    if (group === undefined) {
      group = { number: this.#groups.length, count: 0 };
      this.#groups.push(group);
      ofExperiment.set(type, group);
    }
    this.#latestExperiment = experiment;
    this.#latestType = type;
    this.#latest = group;
  }

  /** Returns all positions; experiments, types and positions each in the order in which they were added. */
  positions(): PositionsByExperiment {
    const starts = new Int32Array(this.#groups.length + 1);
    for (const { number, count } of this.#groups) starts[number + 1] = starts[number]! + count;
    const sorted = this.#sorted(starts.slice());
    return new Map(
      Array.from(this.#byExperiment, ([experiment, groups]) => [
        experiment,
        new Map(
          Array.from(groups, ([type, { number }]) => [
            type,
            { coordinates: sorted.subarray(3 * starts[number]!, 3 * starts[number + 1]!) },
          ]),
        ),
      ]),
    );
  }

  /** Sorts positions by group (counting sort). @param next index of the next position of each group; advanced */
  #sorted(next: Int32Array): Float64Array {
    const sorted = new Float64Array(3 * this.#count);
    let left = this.#count;
    for (const { coordinates, groups } of this.#blocks) {
      const rows = Math.min(left, rowsPerBlock);
      for (let row = 0; row < rows; row++) {
        const to = 3 * next[groups[row]!]!++;
        sorted[to] = coordinates[3 * row]!;
        sorted[to + 1] = coordinates[3 * row + 1]!;
        sorted[to + 2] = coordinates[3 * row + 2]!;
      }
      left -= rows;
    }
    return sorted;
  }
}

/** Converts picks to positions; experiments without picks are kept. */
export function positionsOf(picks: PicksByExperiment): PositionsByExperiment {
  const table = new PositionTable();
  const place = new Float64Array(3);
  for (const [experiment, list] of picks) {
    table.addExperiment(experiment);
    for (const { type, x, y, z } of list) {
      place[0] = x;
      place[1] = y;
      place[2] = z;
      table.add(experiment, type, place);
    }
  }
  return table.positions();
}
