/** The ways in which work grows, and the points along each. The folder `growth` measures and draws growth. */
import { availableParallelism } from "node:os";
import { PickbenchError } from "../../system/errors.js";
import { repeatedIn } from "../../system/unique.js";

/** One way in which work grows. */
export type AxisName = "voxels" | "tomograms" | "features" | "picks" | "threads";

/** The ends of axes that are to be left before their usual ends, or passed. */
export type AxisEnds = Readonly<Partial<Record<AxisName, number>>>;

/** What of growth is measured. */
export interface GrowthChoice {
  readonly axes: readonly AxisName[];
  readonly ends: AxisEnds;
}

interface Axis {
  readonly first: number;
  readonly usualEnd: () => number;
  /** Points within a decade; of threads, which are doubled, none. */
  readonly digits: readonly number[] | null;
}

const axes: Readonly<Record<AxisName, Axis>> = {
  voxels: { first: 1e5, usualEnd: () => 1e9, digits: [1] },
  tomograms: { first: 1, usualEnd: () => 500, digits: [1] },
  features: { first: 1, usualEnd: () => 25, digits: [1, 2, 5] },
  picks: { first: 1e3, usualEnd: () => 1e7, digits: [1] },
  threads: { first: 1, usualEnd: availableParallelism, digits: null },
};

export const axisNames = Object.keys(axes) as readonly AxisName[];
const isAxis = (name: string): name is AxisName => (axisNames as readonly string[]).includes(name);

/** How many times the point before it the end of an axis is at least. */
const leastStep = 1.5;

/** Lists the points of an axis, rising, up to its end, which is a point itself. */
export function pointsOf(name: AxisName, end: number = axes[name].usualEnd()): number[] {
  const { first, digits } = axes[name];
  const points: number[] = [];
  for (let step = first; step < end; step *= digits === null ? 2 : 10)
    for (const digit of digits ?? [1]) if (leastStep * digit * step <= end) points.push(digit * step);
  return [...points, end];
}

/** Reads `--along` and `--up-to`. @throws PickbenchError BadUsage for what is no axis, or no end of one */
export function growthChoice(along: string | undefined, upTo: string | undefined): GrowthChoice {
  const names = along === undefined ? axisNames : along.split(",").map((name) => axisOf("along", name));
  const repeated = repeatedIn(names);
  if (repeated.length > 0)
    throw new PickbenchError("BadUsage", `--along names ${repeated.join(", ")} twice, wanted each once`);
  const ends = (upTo === undefined ? [] : upTo.split(",")).map((text) => endOf(text, names));
  return { axes: names, ends: Object.fromEntries(ends) };
}

function axisOf(flag: string, text: string): AxisName {
  const name = text.trim();
  if (isAxis(name)) return name;
  throw new PickbenchError(
    "BadUsage",
    `--${flag} names ${JSON.stringify(name)}, wanted ${axisNames.join(", ")}`,
  );
}

function endOf(text: string, chosen: readonly AxisName[]): [AxisName, number] {
  const [name = "", value = "", ...rest] = text.split("=");
  const axis = axisOf("up-to", name);
  const end = Number(value);
  const most = axis === "threads" ? availableParallelism() : Number.MAX_SAFE_INTEGER;
  if (
    rest.length > 0 ||
    value.trim() === "" ||
    !Number.isSafeInteger(end) ||
    end < axes[axis].first ||
    end > most
  )
    throw new PickbenchError(
      "BadUsage",
      `--up-to ends ${axis} at ${JSON.stringify(value)}, wanted a whole number ${range(axis)}; write it like --up-to voxels=1e8,picks=1e6`,
    );
  if (!chosen.includes(axis))
    throw new PickbenchError(
      "BadUsage",
      `--up-to ends ${axis}, which --along does not name; add it there, or leave its end out`,
    );
  return [axis, end];
}

const range = (axis: AxisName): string =>
  axis === "threads"
    ? `from 1 to this machine's ${availableParallelism()} processors`
    : `of at least ${axes[axis].first}`;
