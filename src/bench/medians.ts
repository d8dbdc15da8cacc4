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
  /** Our time over the peer's, by pairs of turns; null without a peer, or where the two took no turns. */
  readonly ratio: { readonly median: number; readonly quartiles: Quartiles } | null;
  /** How often the two took turns, or how often ours was timed where they did not. */
  readonly repetitions: number;
}

/** The runs of a turn, of which the warm-ups do not count, nor do `firstWarmUps` before the first turn. */
interface Turn {
  readonly runs: number;
  readonly warmUps: number;
}

/**
 * Of a program that stays open. Turns of single runs would meet the machine's state more evenly, but slow both sides,
 * PyTorch by 30 % and ours by 13 %: the warm state of a program cools while the program waits.
 */
const warmTurn: Turn = { runs: 3, warmUps: 1 };
/** Of a process that is started for each run, which has no warm state to lose. */
const freshTurn: Turn = { runs: 1, warmUps: 0 };
const firstWarmUps = 1;

/** Which sides are started anew for each run. */
interface Fresh {
  readonly ours?: boolean;
  readonly peer?: boolean;
}

/**
 * Times `ours` and the peer in turns, so that both meet the same state of the machine. A pair of turns makes a ratio, of
 * the medians in each; the spread of these ratios is that of the comparison. Without a peer there is one turn of all
 * repetitions.
 *
 * @param repetitions number of turns of each
 * @param peer does its work once and returns the milliseconds by its own clock
 */
export async function alternatingMedians(
  repetitions: number,
  ours: () => Promise<void>,
  peer: (() => Promise<number>) | null,
  fresh: Fresh = {},
): Promise<Medians> {
  const [ourTurns, peerTurns] = [fresh.ours, fresh.peer].map((each) => (each ? freshTurn : warmTurn)) as [
    Turn,
    Turn,
  ];
  if (peer === null) {
    const warmUps = firstWarmUps + ourTurns.warmUps;
    return mediansOf(await ourTurn(ours, { runs: repetitions, warmUps }), null);
  }
  const pairs: Pair[] = [];
  for (let turn = 0; turn < repetitions; turn++) {
    const begun = ({ runs, warmUps }: Turn) => ({ runs, warmUps: warmUps + (turn === 0 ? firstWarmUps : 0) });
    const theirs = await peerTurn(peer, begun(peerTurns));
    pairs.push({ ours: await ourTurn(ours, begun(ourTurns)), peer: theirs });
  }
  return mediansOfTurns(pairs);
}

/** Milliseconds of the runs in a turn of each side. */
interface Pair {
  readonly ours: readonly number[];
  readonly peer: readonly number[];
}

/** Returns medians and quartiles of all runs of both sides, and those of the ratios in pairs of turns. */
export function mediansOfTurns(pairs: readonly Pair[]): Medians {
  const times = (side: keyof Pair) => pairs.flatMap((pair) => pair[side]);
  const ratios = pairs.map(({ ours, peer }) => median(ours) / median(peer));
  const ratio = { median: median(ratios), quartiles: quartiles(ratios) };
  return { ...mediansOf(times("ours"), times("peer")), ratio, repetitions: pairs.length };
}

/** Returns medians and quartiles of both sides in milliseconds, which took no turns; null for a missing peer. */
export const mediansOf = (times: readonly number[], peerTimes: readonly number[] | null): Medians => ({
  ours: median(times),
  peer: peerTimes && median(peerTimes),
  ourQuartiles: quartiles(times),
  peerQuartiles: peerTimes && quartiles(peerTimes),
  ratio: null,
  repetitions: times.length,
});

/** Returns the milliseconds that a run took. */
export async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function peerTurn(peer: () => Promise<number>, { runs, warmUps }: Turn): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < warmUps + runs; run++) times.push(await peer());
  return times.slice(warmUps);
}

async function ourTurn(ours: () => Promise<void>, { runs, warmUps }: Turn): Promise<readonly number[]> {
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
