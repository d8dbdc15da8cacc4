// Curves as they grow on the page: what the server sends is put behind what is there.
import type { Grown, NamedCurve } from "../../../studio/progress/logFollower.js";

/** A log as far as it is known here. */
export interface KnownLog {
  readonly version: number;
  readonly lines: number;
  readonly curves: ReadonlyMap<string, NamedCurve>;
  readonly notes: readonly string[];
}

/** Points above which a log is asked for as a whole again, with means for points. */
const mostPoints = 6000;

const keyOf = ({ network, figure }: NamedCurve): string => JSON.stringify([network, figure]);

/** Returns a log with what came behind it, or anew. */
export function grownBy(
  known: KnownLog | undefined,
  { isWhole, version, lines, curves, notes }: Grown,
): KnownLog {
  const all = new Map(isWhole || !known ? [] : known.curves);
  for (const curve of curves) {
    const before = all.get(keyOf(curve));
    all.set(
      keyOf(curve),
      before
        ? {
            ...before,
            steps: [...before.steps, ...curve.steps],
            values: [...before.values, ...curve.values],
          }
        : curve,
    );
  }
  return { version, lines, curves: all, notes };
}

/** Returns what to ask for: what comes behind, or all where there is nothing or too much. */
export function askedOf(known: KnownLog | undefined): string {
  const longest = Math.max(0, ...[...(known?.curves.values() ?? [])].map(({ steps }) => steps.length));
  if (!known || longest > mostPoints) return "";
  return `?since=${known.lines}&version=${known.version}`;
}

/** A line to draw. */
export interface DrawnLine {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Returns the point of a line that is nearest to a step, the last where none is given; undefined for a line without any. */
export function pointNear(
  { points }: DrawnLine,
  step: number | undefined,
): DrawnLine["points"][number] | undefined {
  if (step === undefined) return points.at(-1);
  let [low, high] = [0, points.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]![0] < step) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [points[low - 1], points[low]];
  return before && after && step - before[0] < after[0] - step ? before : after;
}

/** Returns the line of a figure, of each network. */
export function linesOf(log: KnownLog, figure: string, label: string): DrawnLine[] {
  const curves = [...log.curves.values()].filter((curve) => curve.figure === figure);
  return curves.map(({ network, steps, values }) => ({
    label: curves.length > 1 || network !== "all" ? `${label}, ${network}` : label,
    points: steps.map((step, at) => [step + 1, values[at]!] as const),
  }));
}

/** Lists the figures of logs: losses first, then scores, then the others by name. */
export function figuresIn(logs: readonly KnownLog[]): string[] {
  const names = new Set(logs.flatMap(({ curves }) => [...curves.values()].map(({ figure }) => figure)));
  const rank = (name: string): number => {
    const at = usual.indexOf(name);
    return at < 0 ? usual.length : at;
  };
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** Figures that are shown without being asked for. */
export const usual: readonly string[] = ["train/loss", "tune/crops/loss", "tune/score", "train/rate"];
