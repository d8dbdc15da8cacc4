/** What a byte q means: the number scale·(q − zero). */
export interface Levels {
  readonly scale: number;
  /** The byte that means 0, which padding needs to be exact. */
  readonly zero: number;
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** 256 levels over a range and 0. */
export function levelsOver(range: Range): Levels {
  const low = Math.min(0, range.low);
  const high = Math.max(0, range.high);
  const scale = Math.fround((high - low) / 255) || 1;
  return { scale, zero: Math.round(-low / scale) };
}

/** What both hold. */
export const union = (a: Range, b: Range): Range => ({
  low: Math.min(a.low, b.low),
  high: Math.max(a.high, b.high),
});
