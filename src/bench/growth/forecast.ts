/** What a point will cost by those before it, and which point is measured next. */
import { seconds } from "../../present/text.js";

/** What a measured point came to. */
export interface Measured {
  readonly point: number;
  /** Time of the whole point, with the making of its files, ms. */
  readonly ms: number;
  readonly peakMb: number;
}

/** What a point is expected to come to; undefined where nothing is known yet. */
export interface Forecast {
  readonly ms: number;
  readonly peakMb: number;
}

/**
 * Forecasts a point by a line through the last two that were measured, never below the last. By one alone its time is
 * taken to grow in proportion, and its memory not at all.
 *
 * @param isThreads whether points are threads: more of them take no longer
 */
export function forecast(
  measured: readonly Measured[],
  point: number,
  isThreads = false,
): Forecast | undefined {
  const last = measured.at(-1);
  if (last === undefined) return undefined;
  const before = measured.at(-2) ?? { point: 0, ms: 0, peakMb: last.peakMb };
  const line = (of: (each: Measured) => number): number => {
    const slope = Math.max(0, (of(last) - of(before)) / (last.point - before.point));
    return of(last) + slope * (point - last.point);
  };
  return { ms: isThreads ? last.ms : line(({ ms }) => ms), peakMb: line(({ peakMb }) => peakMb) };
}

/** What a point may take. */
export interface Room {
  readonly ms: number;
  readonly memoryMb: number;
  readonly diskMb: number;
}

/** Says why a point does not fit into what there is; null where it does, or nothing is known. */
export function whyNot(expected: Forecast | undefined, diskMb: number, room: Room): string | null {
  if (diskMb > room.diskMb)
    return `its files would have taken up to ${megabytes(diskMb)} MB, and ${megabytes(room.diskMb)} MB were free`;
  if (room.ms <= 0) return "the time is over";
  if (expected === undefined) return null;
  if (expected.ms > room.ms)
    return `it would have taken about ${seconds(expected.ms / 1000)}, and ${seconds(room.ms / 1000)} were left`;
  if (expected.peakMb > room.memoryMb)
    return `it would have taken about ${megabytes(expected.peakMb)} MB of memory, and ${megabytes(room.memoryMb)} MB were free`;
  return null;
}

const megabytes = (value: number): string => Math.ceil(value).toLocaleString("en");
