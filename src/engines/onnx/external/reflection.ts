/** Continuation of planes by their mirror image, and what is left of maps when it is cut off. */
import type { ExternalSpec } from "../../externalSpec.js";

/** A frame of mirrored voxels around planes of one size. */
interface Reflection {
  /** Sizes along y and x with the frame. */
  readonly sizes: readonly [number, number];
  /** Puts the frame around each plane. */
  around(planes: Float32Array): Float32Array;
  /** Cuts it off. */
  within(planes: Float32Array): Float32Array;
}

/**
 * Returns the frame that a model wants around planes (channel, y, x): to a multiple, and a margin beyond, the odd voxel
 * after. The mirror image does not repeat the outermost voxels, and is mirrored again where it ends (NumPy's `reflect`).
 */
export function reflectionOf(
  { reflection, layout }: Pick<ExternalSpec, "reflection" | "layout">,
  [height, width]: readonly [number, number],
): Reflection {
  if (!reflection) return { sizes: [height, width], around: (planes) => planes, within: (planes) => planes };
  if (layout !== "channelsFirst") throw new TypeError("only planes with their channels first are continued");
  const side = (size: number) => {
    const added = Math.ceil(size / reflection.multiple) * reflection.multiple - size + reflection.margin;
    return { before: Math.floor(added / 2), length: size + added };
  };
  const [y, x] = [side(height), side(width)];
  const rows = mirroredIndices(height, y.before, y.length);
  const columns = mirroredIndices(width, x.before, x.length);
  return {
    sizes: [y.length, x.length],
    around(planes) {
      const count = planes.length / (height * width);
      const out = new Float32Array(count * y.length * x.length);
      let at = 0;
      for (let plane = 0; plane < count; plane++)
        for (const row of rows) {
          const from = (plane * height + row) * width;
          for (const column of columns) out[at++] = planes[from + column]!;
        }
      return out;
    },
    within(planes) {
      const count = planes.length / (y.length * x.length);
      const out = new Float32Array(count * height * width);
      for (let plane = 0; plane < count; plane++)
        for (let row = 0; row < height; row++) {
          const from = (plane * y.length + y.before + row) * x.length + x.before;
          out.set(planes.subarray(from, from + width), (plane * height + row) * width);
        }
      return out;
    },
  };
}

/** Index inside an axis for each place of the continued one. */
function mirroredIndices(size: number, before: number, length: number): Int32Array {
  const period = Math.max(1, 2 * (size - 1));
  return Int32Array.from({ length }, (_, at) => {
    const place = (((at - before) % period) + period) % period;
    return place < size ? place : period - place;
  });
}
