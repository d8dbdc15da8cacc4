/** Receptive field of a network, computed from its graph. */
import type { Shape3 } from "../domain/volume.js";
import type { Network } from "./architecture.js";
import { inOrder, type Operation, paddingBefore, type Value } from "./value.js";

/** First and last index along one axis, inclusive. */
type Span = readonly [first: number, last: number];
type Axis = 0 | 1 | 2;

/**
 * Counts the input voxels along z, y, x on which an output voxel depends through convolutions, pooling and upsampling: the
 * most of any output voxel far from the faces. Normalisations and squeeze-excite, which see the whole patch, are ignored.
 */
export function receptiveField(network: Network): Shape3 {
  return [along(network, 0), along(network, 1), along(network, 2)];
}

function along({ logits, input, multiple }: Network, axis: Axis): number {
  const far = 4096 * multiple[axis];
  let most = 0;
  for (let phase = 0; phase < multiple[axis]; phase++) {
    const at = far + phase;
    const [first, last] = neededOf(input, logits, [at, at], axis);
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** Returns the indices of `input` on which the asked indices of `output` depend. */
function neededOf(input: Value, output: Value, asked: Span, axis: Axis): Span {
  const needed = new Map<Value, Span>([[output, asked]]);
  for (const value of inOrder(output).reverse()) {
    const span = needed.get(value);
    if (!span) continue;
    for (const source of value.inputs) {
      if (source.stride === null) continue;
      const more = sourceOf(value.operation, span, axis);
      const known = needed.get(source) ?? more;
      needed.set(source, [Math.min(known[0], more[0]), Math.max(known[1], more[1])]);
    }
  }
  return needed.get(input) ?? [0, -1];
}

function sourceOf(operation: Operation, [first, last]: Span, axis: Axis): Span {
  switch (operation.kind) {
    case "convolution": {
      const [kernel, dilation] = [operation.kernel[axis], operation.dilation[axis]];
      const padding = paddingBefore(kernel, dilation);
      const stride = operation.stride[axis];
      return [first * stride - padding, last * stride - padding + dilation * (kernel - 1)];
    }
    case "maxPool": {
      const window = operation.window[axis];
      const [stride, padding] = [operation.stride[axis], paddingBefore(window)];
      return [first * stride - padding, last * stride - padding + window - 1];
    }
    case "averagePool": {
      const factor = operation.factor[axis];
      return [first * factor, last * factor + factor - 1];
    }
    case "transposedConvolution": {
      const [kernel, stride] = [operation.kernel[axis], operation.stride[axis]];
      const padding = paddingBefore(kernel);
      return [Math.ceil((first + padding - (kernel - 1)) / stride), Math.floor((last + padding) / stride)];
    }
    case "upsampleNearest": {
      const factor = operation.factor[axis];
      return [Math.floor(first / factor), Math.floor(last / factor)];
    }
    case "upsampleLinear": {
      const factor = operation.factor[axis];
      const below = (index: number) => Math.floor((index + 0.5) / factor - 0.5);
      return factor === 1 ? [first, last] : [below(first), below(last) + 1];
    }
    case "neighbourSlices": {
      const side = axis === 0 ? (operation.count - 1) / 2 : 0;
      return [first - side, last + side];
    }
    default:
      return [first, last];
  }
}
