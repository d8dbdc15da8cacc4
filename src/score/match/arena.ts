/** Allocation of the many small arrays of a scorer: separate ones, or slices of large blocks (an arena). */

/** Allocates zeroed arrays. */
export interface Arrays {
  numbers(length: number): Float64Array;
  integers(length: number): Int32Array;
}

/** Allocates every array by itself. */
export const separateArrays: Arrays = {
  numbers: (length) => new Float64Array(length),
  integers: (length) => new Int32Array(length),
};

const blockBytes = 1 << 18;

/**
 * Allocates slices of large blocks, for thousands of small arrays of equal lifetime: separate arrays would take longer
 * to allocate and to collect than to fill.
 */
export function cutArrays(): Arrays {
  let block = new ArrayBuffer(0);
  let used = 0;
  const cut = (bytes: number): number => {
    if (used + bytes > block.byteLength) {
      block = new ArrayBuffer(Math.max(bytes, blockBytes));
      used = 0;
    }
    const start = used;
    used += (bytes + 7) & ~7;
    return start;
  };
  return {
    numbers(length) {
      const start = cut(8 * length);
      return new Float64Array(block, start, length);
    },
    integers(length) {
      const start = cut(4 * length);
      return new Int32Array(block, start, length);
    },
  };
}
