/** The search for voxels that are no numbers. */

/** Returns the index of the first value that is infinite, or NaN unless `isNaNBlank`; -1 where there is none. */
export function firstNotFinite(values: Float32Array, isNaNBlank: boolean): number {
  let index = 0;
  while (
    index < values.length &&
    (values[index]! - values[index]! === 0 || isBlankNaN(values[index]!, isNaNBlank))
  )
    index++;
  return index < values.length ? index : -1;
}

const isBlankNaN = (value: number, isNaNBlank: boolean): boolean => isNaNBlank && Number.isNaN(value);

/** What to do about NaN where it is refused. */
export const nanAdvice =
  "reconstruct or mask the tomogram again, or let NaN mark voxels without data (--nan blank, data.nan: blank)";
