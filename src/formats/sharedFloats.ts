/** Zeros in memory that threads share. */
export function sharedFloats(length: number): Float32Array<SharedArrayBuffer> {
  const floats = new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
  countShared(floats.byteLength);
  return floats;
}

/** The values in memory that threads share: themselves where they lie there, else a copy. */
export function shared(values: Float32Array): Float32Array {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const copy = sharedFloats(values.length);
  copy.set(values);
  return copy;
}

/**
 * Makes this thread's garbage collector count shared memory that the thread has made or was sent. V8 counts none, so that
 * a loop over tomograms grew by each one's size until something else was collected. Ordinary memory of the same size is
 * counted; it is dropped at once and never touched, so the system never has to back it.
 */
function countShared(bytes: number): void {
  new ArrayBuffer(bytes);
}

/**
 * As countShared, for threads that hold next to nothing else: a view that has outlived one collection of young objects
 * lies there, its memory with it, until what is counted has grown by so much.
 */
export const countReceived = (values: Float32Array): void =>
  countShared(Math.max(values.byteLength, leastCollected));

const leastCollected = 2 ** 28;
