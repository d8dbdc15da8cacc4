/** Whether a network and a machine can compute in 8 bits. */
import type { Network } from "../../../nets/architecture.js";
import { inOrder, isConvolution, type Value } from "../../../nets/value.js";
import { PickbenchError } from "../../../system/errors.js";
import { phasesOfTransposed } from "../blocked/layout.js";
import { canInterleave, phaseParts } from "../blocked/phases.js";
import { Emitter, int, ints } from "../graph/emitter.js";
import { openSession } from "../session.js";
import { block, scaleOf, zeroOf } from "./map.js";

/**
 * Checks that a network can be run in 8 bits here.
 *
 * @throws PickbenchError Unsupported where the network has a part without 8-bit form, or the machine's products of bytes
 * are not exact
 */
export async function checkBytes(network: Network): Promise<void> {
  const kind = unsupported(network);
  if (kind !== null)
    throw new PickbenchError(
      "Unsupported",
      `precision int8: network ${network.architecture} has ${kind}, which is not computed in 8 bits; predict with it at precision float32`,
    );
  exact ??= isExact();
  if (!(await exact))
    throw new PickbenchError(
      "Unsupported",
      "precision int8: this machine's products of bytes are not exact (it has no VNNI or the like); choose precision float32",
    );
}

/** Largest stride of a normalised map: measured tiles have 8 of its voxels an axis, and fewer give no good statistics. */
const coarsest = 8;

const pointwise = new Set(["relu", "leakyRelu", "prelu", "dropout", "input"]);

/** Names the first part of a network that has no 8-bit form; null where there is none. */
export function unsupported({ logits }: Network): string | null {
  const slices = new Map<Value, number>();
  for (const value of inOrder(logits)) {
    const reason = whyNot(
      value,
      value.inputs.map((input) => slices.get(input)!),
    );
    if (reason !== null) return reason;
    slices.set(value, slicesOf(value, slices.get(value.inputs[0]!) ?? 1));
  }
  return null;
}

/** Returns how many neighbouring slices one image of the value's map holds. */
function slicesOf({ operation, channels }: Value, given: number): number {
  if (operation.kind !== "transposedConvolution") return given;
  return phaseParts(block, channels, phasesOfTransposed(operation)).slices;
}

function whyNot({ operation, inputs, channels, stride }: Value, slices: readonly number[]): string | null {
  const { kind } = operation;
  const isWhole = slices.every((each) => each === 1);
  switch (kind) {
    case "convolution":
      if (operation.groups > 1) return "a grouped convolution";
      return isWhole || operation.stride[0] === 1
        ? null
        : `a strided convolution of ${inputs[0]!.channels} channels`;
    case "transposedConvolution":
      return isWhole && canInterleave(block, channels, phasesOfTransposed(operation))
        ? null
        : `a transposed convolution to ${channels} channels`;
    case "prelu":
      return operation.slope.shape[0] === 1 ? null : "a PReLU with a slope for each channel";
    case "instanceNorm":
      if (stride?.some((step) => step > coarsest))
        return `an instance norm of voxels ${Math.max(...stride)} times as wide as the tomogram's`;
      return isConvolution(inputs[0]!) ? null : "an instance norm that follows no convolution";
    case "concat":
      return isWhole && inputs.every((input) => input.channels % block === 0)
        ? null
        : `a concatenation of ${inputs.map((input) => input.channels).join(" and ")} channels`;
    case "averagePool":
    case "upsampleNearest":
      return isWhole ? null : `${kind} of ${channels} channels`;
    case "add":
      return inputs.every((input) => input.channels === channels) && slices[0] === slices[1]
        ? null
        : "an addition of maps that are laid out differently";
    default:
      return pointwise.has(kind) ? null : kind;
  }
}

let exact: Promise<boolean> | undefined;

/** Tells whether sums of the largest bytes times the largest weights are exact; sums in 16 bits would saturate. */
async function isExact(): Promise<boolean> {
  const channels = 16;
  const e = new Emitter();
  const unit = { scale: 1, zero: 0 };
  const sum = { scale: 9 * channels * 127, zero: 0 };
  const x = e.input("x", [1, 4, 4, channels]);
  const bytes = e.op("QuantizeLinear", [x, scaleOf(e, unit), zeroOf(e, unit)], x.dims);
  const inputs = [
    bytes,
    scaleOf(e, unit),
    zeroOf(e, unit),
    e.whole(new Int8Array(channels * channels * 9).fill(127), [channels, channels, 3, 3]),
    e.floats(new Float32Array(channels).fill(1), [channels]),
    e.whole(new Int8Array(channels), [channels]),
    scaleOf(e, sum),
    zeroOf(e, sum),
  ];
  const attributes = [ints("kernel_shape", [3, 3]), ints("pads", [0, 0, 0, 0]), int("channels_last", 1)];
  const y = e.op("QLinearConv", inputs, [1, 2, 2, channels], attributes, "com.microsoft");
  e.output("y", e.op("DequantizeLinear", [y, scaleOf(e, unit), zeroOf(e, unit)], y.dims));
  const session = await openSession(e.parts(), { threads: 1 });
  const { y: result } = await session.run({
    x: { data: new Float32Array(16 * channels).fill(255), dims: x.dims },
  });
  await session.release();
  return result!.data.every((value) => value === 255);
}
