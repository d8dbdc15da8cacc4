/** Arrays whose axes are put in another order. */

/**
 * Returns an array with its axes in another order, as NumPy's transpose.
 *
 * @param shape sizes of the array's axes, the slowest first
 * @param order the old axis that each new one is; old axes of size 1 may be left out
 */
export function turned(data: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const to = order.map((axis) => shape[axis]!);
  const by = order.map((axis) => steps[axis]!);
  const out = new Float32Array(data.length);
  const index = to.map(() => 0);
  let from = 0;
  for (let at = 0; at < out.length; at++) {
    out[at] = data[from]!;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      from += by[axis]!;
      index[axis]!++;
      if (index[axis]! < to[axis]!) break;
      from -= by[axis]! * to[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
