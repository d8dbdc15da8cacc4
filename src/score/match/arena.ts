/** Where zeroed arrays come from. */
export interface Arrays {
  numbers(length: number): Float64Array;
  integers(length: number): Int32Array;
}

/** Each an array of its own. */
export const separateArrays: Arrays = {
  numbers: (length) => new Float64Array(length),
  integers: (length) => new Int32Array(length),
};

const blockBytes = 1 << 18;

/**
 * Arrays cut from large blocks, for thousands of small ones that live equally long: arrays of their own would take longer
 * to make and to collect than to fill.
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
