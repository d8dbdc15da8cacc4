/**
 * How many faults a campaign tries: a few of them every time, from the first seed on, and all of them with
 * `npm run test:faults`.
 */
export const faults = (few: number, all: number): number =>
  process.env.PICKBENCH_FAULTS === undefined ? few : all;
