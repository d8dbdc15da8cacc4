/** What a simulation can be asked for: ranges of its numbers. */

/** A range of numbers, both ends included. */
export interface Range {
  readonly least: number;
  readonly greatest: number;
  readonly isWhole: boolean;
}

const whole = (least: number, greatest: number): Range => ({ least, greatest, isWhole: true });
const real = (least: number, greatest: number): Range => ({ least, greatest, isWhole: false });

/** Ranges of a simulation's numbers; `count` is of a type per tomogram. */
export const simulationRanges = {
  runs: whole(1, 10_000),
  /** Å per voxel. */
  spacing: real(4, 25),
  seed: whole(0, 2 ** 32),
  count: whole(0, 9999),
  noise: real(0, 100),
  /** Share of a cell's cytosol that is protein. */
  crowding: real(0, 0.25),
} as const;

/** Å that an edge must have at least for the largest particle to fit into the ice. */
const leastEdge = 400;

/** Returns the range of a tomogram's edges in voxels. @param spacing Å per voxel */
export const edgeRange = (spacing: number): Range => whole(Math.ceil(leastEdge / spacing), 2048);

/** Says whether a number lies in a range. */
export const isWithin = (value: number, { least, greatest, isWhole }: Range): boolean =>
  value >= least && value <= greatest && (!isWhole || Number.isInteger(value));
