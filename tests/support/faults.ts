/**
 * How much a campaign does (faults that it tries, steps, tomograms): a few every time, from the first seed on, and all
 * with `npm run test:faults`.
 */
export const faults = (few: number, all: number): number =>
  process.env.PICKBENCH_FAULTS === undefined ? few : all;
