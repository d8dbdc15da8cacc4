/** A run's picks as the page reads them. This file runs in the browser too. */
import type { ParticlePick } from "../../domain/particles.js";
import type { CountSteps } from "../../score/match/steps.js";

/** A set of picks that can be chosen for a run. */
export interface PickSetName {
  readonly id: string;
  readonly name: string;
  /** Whether it is the truth of the data set, as `pickbench score` reads it. */
  readonly isTruth: boolean;
  /** Why its picks cannot be read. */
  readonly trouble?: string;
}

/** A pick, with its values in the further columns of its set: null for an absent number. */
export interface StudioPick extends ParticlePick {
  readonly further?: readonly (number | string | null)[];
}

/** A set's picks of one run. */
export interface PicksAnswer extends PickSetName {
  /** Names of further columns. */
  readonly columns: readonly string[];
  readonly picks: readonly StudioPick[];
}

/** Counts of a set over all runs of a truth, at every threshold. */
export interface AllRuns {
  /** How many runs the truth holds. */
  readonly runs: number;
  /** Types of picks that are not among the particles: `pickbench score` refuses such a set. */
  readonly unknown: readonly string[];
  /** Steps of the types that the truth holds. */
  readonly steps: ReadonlyMap<string, CountSteps>;
}

interface StepsHeader {
  readonly runs: number;
  readonly unknown: readonly string[];
  readonly types: readonly {
    readonly name: string;
    readonly truths: number;
    readonly lengths: readonly [picks: number, found: number, paired: number];
  }[];
}

/** Encodes counts: the length of a JSON header (uint32), the header, and numbers (float64), little-endian from a multiple of 8. */
export function encodeAllRuns({ runs, unknown, steps }: AllRuns): Uint8Array {
  const lists = [...steps.values()].flatMap(({ picks, found, paired }) => [picks, found, paired]);
  const types = [...steps].map(([name, { truths, picks, found, paired }]) => ({
    ...{ name, truths },
    lengths: [picks.length, found.length, paired.length] as const,
  }));
  const header = new TextEncoder().encode(JSON.stringify({ runs, unknown, types } satisfies StepsHeader));
  const start = roundedUp(4 + header.length);
  const bytes = new Uint8Array(start + 8 * lists.reduce((sum, { length }) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, header.length, true);
  bytes.set(header, 4);
  let at = start;
  for (const list of lists)
    for (const value of list) {
      view.setFloat64(at, value, true);
      at += 8;
    }
  return bytes;
}

/** Decodes what `encodeAllRuns` encoded. */
export function decodeAllRuns(bytes: ArrayBuffer): AllRuns {
  const view = new DataView(bytes);
  const length = view.getUint32(0, true);
  const { runs, unknown, types } = JSON.parse(
    new TextDecoder().decode(new Uint8Array(bytes, 4, length)),
  ) as StepsHeader;
  let at = roundedUp(4 + length);
  const list = (count: number): Float64Array => {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++, at += 8) values[i] = view.getFloat64(at, true);
    return values;
  };
  const steps = new Map<string, CountSteps>();
  for (const { name, truths, lengths } of types)
    steps.set(name, { truths, picks: list(lengths[0]), found: list(lengths[1]), paired: list(lengths[2]) });
  return { runs, unknown, steps };
}

const roundedUp = (bytes: number): number => 8 * Math.ceil(bytes / 8);
