/**
 * How much a campaign does (faults that it tries, steps, tomograms): a few every time, from the first seed on, and all
 * with `npm run test:faults`.
 */
export const faults = (few: number, all: number): number =>
  process.env.PICKBENCH_FAULTS === undefined ? few : all;

/**
 * The longest that reading one small damaged file may take, in ms. This measures no speed: a sound reader takes a few
 * ms, on a busy machine some hundreds. A reader that works through a size that a file merely claims takes hours.
 */
export const longestRead = 60_000;
