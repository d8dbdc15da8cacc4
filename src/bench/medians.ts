/** Medians and quartiles of timed runs, ours and a peer's in turns. */
import { Bench } from "tinybench";

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

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const quartiles = (values: readonly number[]): Quartiles => [
  quantile(values, 0.25),
  quantile(values, 0.75),
];

/** Returns a quantile, linear between neighbours (Hyndman and Fan's type 7). @throws RangeError for no values */
function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError("a quantile of no values");
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
}
