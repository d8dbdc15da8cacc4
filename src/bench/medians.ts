import { Bench } from "tinybench";
import { quantile } from "../domain/numbers.js";

/** The first and third quartile: between them lies the middle half of all runs. */
type Quartiles = readonly [first: number, third: number];

/** Median milliseconds of two programs doing the same, and how far their runs spread. */
export interface Medians {
  readonly ours: number;
  readonly peer: number | null;
  readonly ourQuartiles: Quartiles;
  readonly peerQuartiles: Quartiles | null;
}

/**
 * Timed runs of one side before the other has its turn. Turns of single runs would meet the machine's state more evenly,
 * but slow both sides, PyTorch by 30 % and ours by 13 %: what a program keeps warm cools while it waits.
 */
const runsPerTurn = 3;
const firstWarmUps = 2;
const laterWarmUps = 1;

/**
 * Times `ours` and the peer in turns, so that both meet the same state of the machine; each turn begins with runs that
 * do not count.
 *
 * @param steps timed runs of each
 * @param peer does its work once and gives the milliseconds it took by its own clock
 */
export async function alternatingMedians(
  steps: number,
  ours: () => Promise<void>,
  peer: (() => Promise<number>) | null,
): Promise<Medians> {
  const times: number[] = [];
  const peerTimes: number[] = [];
  for (let done = 0; done < steps; done += runsPerTurn) {
    const runs = Math.min(runsPerTurn, steps - done);
    const warmUps = done === 0 ? firstWarmUps : laterWarmUps;
    if (peer) peerTimes.push(...(await peerTurn(peer, runs, warmUps)));
    times.push(...(await ourTurn(ours, runs, warmUps)));
  }
  return mediansOf(times, peer && peerTimes);
}

/** What both sides' runs say, in milliseconds; null where there is no peer. */
export const mediansOf = (times: readonly number[], peerTimes: readonly number[] | null): Medians => ({
  ours: median(times),
  peer: peerTimes && median(peerTimes),
  ourQuartiles: quartiles(times),
  peerQuartiles: peerTimes && quartiles(peerTimes),
});

/** Milliseconds that something took. */
export async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function peerTurn(peer: () => Promise<number>, runs: number, warmUps: number): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < warmUps + runs; run++) times.push(await peer());
  return times.slice(warmUps);
}

async function ourTurn(ours: () => Promise<void>, runs: number, warmUps: number): Promise<readonly number[]> {
  const bench = new Bench({
    iterations: runs,
    time: 0,
    warmupIterations: warmUps,
    warmupTime: 0,
    retainSamples: true,
    throws: true,
  });
  bench.add("ours", ours, { async: true });
  await bench.run();
  const { result } = bench.tasks[0]!;
  if (result.state !== "completed" || !result.latency.samples)
    throw new Error(`a timed run ended ${result.state}`);
  return result.latency.samples;
}

export const median = (values: readonly number[]): number => quantile(rising(values), 0.5);

export function quartiles(values: readonly number[]): Quartiles {
  const sorted = rising(values);
  return [quantile(sorted, 0.25), quantile(sorted, 0.75)];
}

/** @throws RangeError for no values */
function rising(values: readonly number[]): number[] {
  if (values.length === 0) throw new RangeError("a quantile of no values");
  return values.toSorted((a, b) => a - b);
}
