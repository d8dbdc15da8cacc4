/** F-beta of counts whose experiments are resampled. */
import { fbetaOf } from "../match/fbeta.js";
import type { Draws } from "./replay.js";

/** Counts of one type, an entry an experiment. */
export interface CountColumns {
  readonly tp: Float64Array;
  readonly fp: Float64Array;
  readonly fn: Float64Array;
}

/** Three counts below this fit into the 53 bits of one number, so that one sum adds all three. */
const most = 2 ** 17;

/**
 * Computes F-beta of the summed counts of each draw of experiments.
 *
 * @param values receives F, one a draw
 */
export function resampledFbeta({ tp, fp, fn }: CountColumns, draws: Draws, values: Float64Array): void {
  const units = tp.length;
  const packed = new Float64Array(units);
  let greatest = 0;
  for (let unit = 0; unit < units; unit++) {
    const predictions = tp[unit]! + fp[unit]!;
    const truths = tp[unit]! + fn[unit]!;
    greatest = Math.max(greatest, predictions, truths);
    packed[unit] = tp[unit]! + most * (predictions + most * truths);
  }
  if (greatest * units >= most) {
    inThreeSums({ tp, fp, fn }, draws, values);
    return;
  }
  const drawn = draws.units;
  for (let i = 0, at = 0; i < values.length; i++) {
    let sum = 0;
    for (const end = at + units; at < end; at++) sum += packed[drawn[at]!]!;
    const truths = Math.floor(sum / (most * most));
    sum -= truths * (most * most);
    const predictions = Math.floor(sum / most);
    const found = sum - predictions * most;
    values[i] = fbetaOf(found, predictions - found, truths - found);
  }
}

function inThreeSums({ tp, fp, fn }: CountColumns, draws: Draws, values: Float64Array): void {
  const units = tp.length;
  const drawn = draws.units;
  for (let i = 0, at = 0; i < values.length; i++) {
    let [tps, fps, fns] = [0, 0, 0];
    for (const end = at + units; at < end; at++) {
      const unit = drawn[at]!;
      tps += tp[unit]!;
      fps += fp[unit]!;
      fns += fn[unit]!;
    }
    values[i] = fbetaOf(tps, fps, fns);
  }
}

/** Returns the value of every resample from those of the draws. */
export function overResamples(values: Float64Array, { of }: Draws): Float64Array {
  const all = scratch("over resamples", of.length);
  for (let i = 0; i < of.length; i++) all[i] = values[of[i]!]!;
  return all;
}

/** Room for values that are not kept, by purpose: thousands of resamplings would allocate gigabytes. */
const rooms = new Map<string, Float64Array>();

/** Returns room for so many values, which the next call with the same purpose and length gives away again. */
export function scratch(purpose: string, length: number): Float64Array {
  const room = rooms.get(purpose);
  if (room?.length === length) return room;
  const made = new Float64Array(length);
  rooms.set(purpose, made);
  return made;
}
