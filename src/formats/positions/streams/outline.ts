/** What a stream of positions holds: a few positions of each kind, and how many there are of each type. */
import type { PositionSet, TomogramPosition } from "../frames.js";

/** A coordinate from which on the arithmetic of a conversion may overflow. */
const hugeCoordinate = 1e100;

/** Positions of one type that have and lack the same fields. */
interface Kind {
  readonly first: TomogramPosition;
  hasOtherX: boolean;
  hasOtherZ: boolean;
}

/** Positions of one type in one run. */
interface TypeOutline {
  count: number;
  readonly kinds: (Kind | undefined)[];
}

interface RunOutline {
  readonly part: PositionSet;
  readonly types: Map<string | undefined, TypeOutline>;
  readonly kept: TomogramPosition[];
}

/** Counts of positions by type. */
export type TypeCounts = ReadonlyMap<string | undefined, number>;

/** A run's positions in outline. */
export interface OutlinedRun {
  /**
   * Set of which the first position of each kind is left, and those that show that x or z are not always the same: what
   * decides how a set is converted.
   */
  readonly set: PositionSet;
  /** Counts of all positions by type. */
  readonly counts: TypeCounts;
}

/** Gathers the outline of positions that come part by part; memory grows with runs and types alone. */
export class Outline {
  readonly #runs = new Map<string | undefined, RunOutline>();
  #count = 0;
  #areAllFractions = true;
  #isAnyFraction = false;
  #isHuge = false;

  /** Number of positions. */
  get count(): number {
    return this.#count;
  }

  /** Whether all coordinates lie between 0 and 1, and not all are whole. */
  get areFractions(): boolean {
    return this.#areAllFractions && this.#isAnyFraction;
  }

  /** Whether a coordinate is so large that its conversion may overflow. */
  get isHuge(): boolean {
    return this.#isHuge;
  }

  add(part: PositionSet): void {
    const { run, positions } = part;
    let outline = this.#runs.get(run);
    if (!outline) {
      outline = { part: { ...part, positions: [] }, types: new Map(), kept: [] };
      this.#runs.set(run, outline);
    }
    this.#count += positions.length;
    for (const position of positions) {
      this.#look(position.at);
      keep(outline, position);
    }
  }

  /** Returns the runs in the order in which they first came. */
  runs(): OutlinedRun[] {
    return [...this.#runs.values()].map(({ part, types, kept }) => ({
      set: { ...part, positions: kept },
      counts: new Map([...types].map(([type, { count }]) => [type, count])),
    }));
  }

  #look(at: readonly number[]): void {
    for (let axis = 0; axis < 3; axis++) {
      const value = at[axis]!;
      if (!(value >= 0 && value <= 1)) this.#areAllFractions = false;
      else if (!Number.isInteger(value)) this.#isAnyFraction = true;
      if (!(Math.abs(value) < hugeCoordinate)) this.#isHuge = true;
    }
  }
}

function keep({ types, kept }: RunOutline, position: TomogramPosition): void {
  let ofType = types.get(position.type);
  if (!ofType) {
    ofType = { count: 0, kinds: [] };
    types.set(position.type, ofType);
  }
  ofType.count++;
  const fields = fieldsOf(position);
  const kind = ofType.kinds[fields];
  if (kind === undefined) {
    ofType.kinds[fields] = { first: position, hasOtherX: false, hasOtherZ: false };
    kept.push(position);
    return;
  }
  const isOtherX = !kind.hasOtherX && position.at[0] !== kind.first.at[0];
  const isOtherZ = !kind.hasOtherZ && position.at[2] !== kind.first.at[2];
  if (!isOtherX && !isOtherZ) return;
  kind.hasOtherX ||= isOtherX;
  kind.hasOtherZ ||= isOtherZ;
  kept.push(position);
}

/** Which fields a position has, a bit each. */
const fieldsOf = ({ score, instance, rotation, rotationFault, translation, box }: TomogramPosition): number =>
  (score === undefined ? 0 : 1) |
  (instance === undefined ? 0 : 2) |
  (rotation === undefined ? 0 : 4) |
  (rotationFault === undefined ? 0 : 8) |
  (translation === undefined ? 0 : 16) |
  (box === undefined ? 0 : 32);
