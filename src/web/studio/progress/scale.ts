// Axes of charts: where a value lies, and which values are written beside it.

/** A scale from values to pixels. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly isLog: boolean;
  at(value: number): number;
  /** Returns the value at a pixel. */
  valueAt(pixel: number): number;
}

/**
 * Makes a scale over values, with a little room beyond them.
 *
 * @param isLog for values above 0; others count as none
 */
export function scaleOver(
  values: Iterable<number>,
  [from, to]: readonly [number, number],
  { isLog = false, room = 0.04 }: { readonly isLog?: boolean; readonly room?: number } = {},
): Scale {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const of = (value: number): number => (isLog ? Math.log10(value) : value);
  for (const value of values) {
    const placed = of(value);
    if (!Number.isFinite(placed)) continue;
    low = Math.min(low, placed);
    high = Math.max(high, placed);
  }
  if (low > high) [low, high] = isLog ? [0, 1] : [0, 1];
  if (low === high) {
    const half = isLog ? 0.3 : Math.abs(low) * 0.05 || 0.5;
    [low, high] = [low - half, high + half];
  }
  const more = (high - low) * room;
  [low, high] = [low - more, high + more];
  const back = (value: number): number => (isLog ? 10 ** value : value);
  return {
    low: back(low),
    high: back(high),
    isLog,
    at: (value) => from + ((of(value) - low) / (high - low)) * (to - from),
    valueAt: (pixel) => back(low + ((pixel - from) / (to - from)) * (high - low)),
  };
}

/** Returns round values on a scale, some `count` of them. @param isWhole for what is counted */
export function ticksOf({ low, high, isLog }: Scale, count: number, isWhole = false): number[] {
  if (!isLog) return roundBetween(low, high, count).filter((tick) => !isWhole || Number.isInteger(tick));
  const decades = roundLogs(low, high);
  return decades.length >= 2 ? decades : roundBetween(low, high, Math.min(count, 4)).filter((v) => v > 0);
}

function roundBetween(low: number, high: number, count: number): number[] {
  const raw = (high - low) / Math.max(1, count);
  if (!(raw > 0 && Number.isFinite(raw))) return [];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw * (1 - 1e-9)) ?? raw;
  const close = 1e-9;
  const first = Math.ceil(low / step - close);
  const ticks = new Set<number>();
  // Of values beyond 2^53 steps a step more is the same number: the count ends it.
  for (let at = 0; at <= 3 * count && first + at <= high / step + close; at++)
    ticks.add(Number(((first + at) * step).toPrecision(12)));
  return [...ticks];
}

function roundLogs(low: number, high: number): number[] {
  const ticks: number[] = [];
  const [first, last] = [Math.floor(Math.log10(low)), Math.log10(high)];
  if (!Number.isFinite(first) || !Number.isFinite(last)) return [];
  const isWide = last - first > 3;
  for (let power = first; power <= last; power++)
    for (const times of isWide ? [1] : [1, 2, 5]) {
      const tick = times * 10 ** power;
      if (tick >= low && tick <= high) ticks.push(Number(tick.toPrecision(12)));
    }
  return ticks;
}

/** Writes a value beside an axis. */
export function tickText(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential().replace("e+", "e");
  return String(Number(value.toPrecision(6)));
}

/** Draws a line through points as a path, thinned to what pixels can show: the least and the largest of each pixel. */
export function pathOf(points: readonly (readonly [number, number])[], x: Scale, y: Scale): string {
  const parts: string[] = [];
  let column = Number.NaN;
  let [low, high]: [number, number] = [0, 0];
  const flush = (): void => {
    if (Number.isNaN(column)) return;
    parts.push(`${column} ${low.toFixed(1)}`);
    if (high !== low) parts.push(`${column} ${high.toFixed(1)}`);
  };
  for (const [px, py] of points) {
    const [left, top] = [Math.round(x.at(px) * 2) / 2, y.at(py)];
    if (!Number.isFinite(left) || !Number.isFinite(top)) continue;
    if (left === column) {
      low = Math.min(low, top);
      high = Math.max(high, top);
      continue;
    }
    flush();
    column = left;
    [low, high] = [top, top];
  }
  flush();
  return parts.length === 0 ? "" : `M${parts.join("L")}`;
}
