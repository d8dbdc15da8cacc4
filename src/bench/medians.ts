import { Bench } from "tinybench";

/** Median milliseconds of two programs doing the same. */
export interface Medians {
  readonly ours: number;
  readonly peer: number | null;
}

const warmUps = 2;

/**
 * Times `ours` and, before each of its runs, one of the peer's, so that both meet the same state of the machine.
 *
 * @param steps timed runs of each, after two that are not
 * @param peer does its work once and gives the milliseconds it took by its own clock
 */
export async function alternatingMedians(
  steps: number,
  ours: () => Promise<void>,
  peer: (() => Promise<number>) | null,
): Promise<Medians> {
  const peerTimes: number[] = [];
  const bench = new Bench({
    iterations: steps,
    time: 0,
    warmupIterations: warmUps,
    warmupTime: 0,
    throws: true,
  });
  bench.add("ours", ours, {
    async: true,
    async beforeEach(mode) {
      if (!peer) return;
      const time = await peer();
      if (mode === "run") peerTimes.push(time);
    },
  });
  await bench.run();
  const { result } = bench.tasks[0]!;
  if (result.state !== "completed") throw new Error(`a timed run ended ${result.state}`);
  return { ours: result.latency.p50, peer: peer && median(peerTimes) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
