/** Float arrays in memory that threads share, and how the garbage collector learns of them. */

/** Allocates zeros in shared memory. */
export function sharedFloats(length: number): Float32Array<SharedArrayBuffer> {
  const floats = new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
  countShared(floats.byteLength);
  return floats;
}

/** Allocates zeros of a byte each in shared memory. */
export function sharedBytes(length: number): Uint8Array<SharedArrayBuffer> {
  countShared(length);
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** Returns the values in shared memory: the array itself where it lies there already, else a copy. */
export function shared(values: Float32Array): Float32Array {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const copy = sharedFloats(values.length);
  copy.set(values);
  return copy;
}

/**
 * Makes this thread's garbage collector count shared memory that the thread has allocated or received. V8 does not count
 * it, so that a loop over tomograms would grow by each one's size until something else is collected. Ordinary memory of
 * the same size is counted; it is dropped at once and never touched, so the system never has to back it.
 */
function countShared(bytes: number): void {
  new ArrayBuffer(bytes);
}

/**
 * Counts received shared memory in a thread that holds almost nothing else. There a view that has outlived one collection
 * of young objects stays, and its memory with it, until the counted memory has grown by `leastCollected` bytes.
 */
export const countReceived = (values: Float32Array): void =>
  countShared(Math.max(values.byteLength, leastCollected));

const leastCollected = 2 ** 28;
