import { Bench } from "tinybench";

/** Median milliseconds of two programs doing the same. */
export interface Medians {
  readonly ours: number;
  readonly peer: number | null;
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
  return { ours: median(times), peer: peer && median(peerTimes) };
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

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
