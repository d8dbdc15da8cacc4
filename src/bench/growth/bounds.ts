/** Says in a sentence how a line of growth grows and what bounds it, by rules on its numbers alone. */
import { percent, thousands } from "../../present/text.js";
import type { AxisName } from "./axes.js";
import type { GrowthLine, GrowthPoint } from "./points.js";

/** Share of the processors that other programs may take where times are believed. */
const mostOthers = 0.1;
/** Share of the time that threads compute where the processor bounds. */
const busy = 0.8;
/** Share of the time with waits for a disk where that bounds, the processor not being busy. */
const waiting = 0.2;
/** Share of a peak beyond which that peak bounds. */
const atPeak = 0.5;
/** How far a power lies from 1 at most where growth is called linear. */
const linearWithin = 0.15;
/** How many times its first value something is at most where it is said not to grow. */
const hardly = 1.5;
/** How many times its last value memory is at most where it is said to stay. */
const stays = 1.25;

/** Makes the sentence. @param peakThreads threads that the machine's peak was measured with */
export function boundText(line: GrowthLine, peakThreads: number): string {
  const { points, axis } = line;
  const last = points.at(-1);
  if (last === undefined) return "Nothing was measured.";
  const parts =
    axis === "threads"
      ? [speedText(points), memoryOfThreads(points)]
      : [growthText(line), boundOf(last, peakThreads), memoryText(line)];
  const text = `${parts.join("; ")}.`;
  return text[0]!.toUpperCase() + text.slice(1);
}

const units: Readonly<Record<AxisName, readonly [count: number, name: string]>> = {
  voxels: [1e6, "million voxels"],
  tomograms: [1, "tomogram"],
  features: [1, "feature"],
  picks: [1e6, "million picks"],
  threads: [1, "thread"],
};

/** Returns what an axis' unit adds between two points. */
function added(
  axis: AxisName,
  from: GrowthPoint,
  to: GrowthPoint,
  of: (point: GrowthPoint) => number,
): number {
  return ((of(to) - of(from)) / (to.amount - from.amount)) * units[axis][0];
}

const processor = ({ processorSeconds }: GrowthPoint): number => processorSeconds;
const memory = ({ peakMb }: GrowthPoint): number => peakMb;

function growthText({ axis, points }: GrowthLine): string {
  const [before, from, to] = [points.at(-3), points.at(-2), points.at(-1)!];
  if (from === undefined) return `${thousands(to.amount)} alone was measured, which says nothing of growth`;
  const first = points[0]!;
  if (processor(to) < hardly * processor(first))
    return `processor time hardly grows up to ${thousands(to.amount)}: most of it is the start's`;
  const each = `${figure(added(axis, from, to, processor))} s of processor a ${units[axis][1]} at the end`;
  const earlier = before && added(axis, before, from, processor);
  if (!earlier || earlier <= 0) return `${each}, by two points, which do not show whether that is linear`;
  const power = 1 + Math.log(added(axis, from, to, processor) / earlier) / Math.log(to.amount / from.amount);
  const law =
    Math.abs(power - 1) <= linearWithin ? `linear in ${axis}` : `${axis} to the power ${power.toFixed(1)}`;
  return `${law}, ${each}`;
}

function boundOf(
  { seconds, processorSeconds, threads, others, ...point }: GrowthPoint,
  peakThreads: number,
): string {
  if (others > mostOthers) return untold(others);
  const computing = processorSeconds / (seconds * threads);
  const wait = point.diskWait ?? 0;
  const who = threads === 1 ? "its thread" : `its ${threads} threads`;
  const computed = `${who} computed ${percent(Math.min(1, computing))} of the time`;
  if (computing < busy)
    return wait >= waiting
      ? `bound by the disk, which something waited for ${percent(wait)} of the time (${computed})`
      : `bound by neither processor nor disk alone: ${computed}, and the disk was waited for ${percent(wait)}`;
  const share = point.peakShare === null ? null : point.peakShare * (peakThreads / threads);
  if (point.counts === "arithmetic" && share !== null)
    return share >= atPeak
      ? `bound by the processor's arithmetic (${computed}, at ${percent(share)} of the peak of a matrix product)`
      : `bound by the processor, of whose arithmetic it uses ${percent(share)} (${computed})`;
  if (share !== null && share >= atPeak)
    return `bound by memory bandwidth (it reads at ${percent(share)} of the speed of a memory copy)`;
  return share === null
    ? `bound by the processor (${computed})`
    : `bound by the processor, not by memory bandwidth (${computed}; it reads at ${percent(share, 1)} of the speed of a memory copy)`;
}

const untold = (others: number): string =>
  `what bounds it cannot be told, since other programs took ${percent(others)} of the processors`;

function memoryText({ axis, points }: GrowthLine): string {
  const [from, to] = [points.at(-2), points.at(-1)!];
  if (from === undefined) return `${thousands(to.peakMb)} MB at most`;
  if (to.peakMb <= stays * from.peakMb)
    return `memory stays at ${thousands(Math.max(...points.map(memory)))} MB`;
  return `memory grows by ${figure(added(axis, from, to, memory))} MB a ${units[axis][1]}, to ${thousands(to.peakMb)} MB`;
}

function speedText(points: readonly GrowthPoint[]): string {
  const [one, most] = [points[0]!, points.at(-1)!];
  if (points.length === 1) return `${plainThreads(most)} alone was measured, which says nothing of growth`;
  const others = Math.max(one.others, most.others);
  const more = most.processorSeconds / one.processorSeconds - 1;
  const taken = `${plainThreads(most)} take ${percent(Math.abs(more))} ${more < 0 ? "less" : "more"} processor time than ${plainThreads(one)}`;
  if (others > mostOthers) return `${taken}; ${untold(others)}`;
  const [times, faster] = [most.threads / one.threads, one.seconds / most.seconds];
  const serial = Math.max(0, (times / faster - 1) / (times - 1));
  return `${plainThreads(most)} are ${faster.toFixed(2)} times as fast as ${plainThreads(one)}, as if ${percent(serial)} of the work were one thread's alone (Amdahl); ${taken}`;
}

const plainThreads = ({ threads }: GrowthPoint): string =>
  threads === 1 ? "1 thread" : `${threads} threads`;

const memoryOfThreads = (points: readonly GrowthPoint[]): string =>
  `${thousands(Math.max(...points.map(memory)))} MB at most`;

const figure = (value: number): string => String(Number(value.toPrecision(2)));
