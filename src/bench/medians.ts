/** Medians and quartiles of timed runs, ours and a peer's in turns. */
import { Bench } from "tinybench";
import { quantile } from "../domain/numbers.js";

/** First and third quartile; the middle half of all runs lies between them. */
type Quartiles = readonly [first: number, third: number];

/** Median milliseconds of two programs that do the same, and the spread of their runs. */
export interface Medians {
  readonly ours: number;
  readonly peer: number | null;
  readonly ourQuartiles: Quartiles;
  readonly peerQuartiles: Quartiles | null;
}

/**
 * Number of timed runs in a turn. Turns of single runs would meet the machine's state more evenly, but slow both sides,
 * PyTorch by 30 % and ours by 13 %: the warm state of a program cools while the program waits.
 */
const runsPerTurn = 3;
const firstWarmUps = 2;
const laterWarmUps = 1;

/**
 * Times `ours` and the peer in turns, so that both meet the same state of the machine; each turn begins with runs that
 * do not count.
 *
 * @param steps number of timed runs of each
 * @param peer does its work once and returns the milliseconds by its own clock
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

/** Returns the medians and quartiles of both sides in milliseconds; null for a missing peer. */
export const mediansOf = (times: readonly number[], peerTimes: readonly number[] | null): Medians => ({
  ours: median(times),
  peer: peerTimes && median(peerTimes),
  ourQuartiles: quartiles(times),
  peerQuartiles: peerTimes && quartiles(peerTimes),
});

/** Returns the milliseconds that a run took. */
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
