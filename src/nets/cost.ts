/** Cost of a network, read off its graph: arithmetic and memory. */
import { product } from "../domain/numbers.js";
import type { Shape3 } from "../domain/volume.js";
import type { Network } from "./architecture.js";
import { inOrder, type Value } from "./value.js";

/** Arithmetic and memory of one patch. */
interface NetworkCost {
  /** Multiplications and additions of the convolutions, in 10⁹; other operations add little. */
  readonly gflop: number;
  /** Peak memory of the maps when predicting, each kept until its last use, in 2²⁰ bytes. */
  readonly predictMiB: number;
  /** Memory of all maps, which a training step keeps for the backward pass, in 2²⁰ bytes. */
  readonly trainMiB: number;
}

const bytesPerNumber = 4;

/**
 * Computes a network's cost for a patch of one size.
 *
 * @throws TypeError where the patch is not a multiple of the network's
 */
export function networkCost(
  { logits, auxiliary, multiple, architecture }: Network,
  patch: Shape3,
): NetworkCost {
  if (patch.some((size, axis) => size % multiple[axis]! !== 0))
    throw new TypeError(`${architecture} takes multiples of ${multiple}, not ${patch}`);
  const predicting = inOrder(logits);
  const training = inOrder(logits, ...auxiliary.map((each) => each.logits));
  const toMiB = (numbers: number) => (numbers * bytesPerNumber) / 2 ** 20;
  return {
    gflop: predicting.reduce((sum, value) => sum + flop(value, patch), 0) / 1e9,
    predictMiB: toMiB(mostAtOnce(predicting, patch)),
    trainMiB: toMiB(training.reduce((sum, value) => sum + numbersOf(value, patch), 0)),
  };
}

const voxelsOf = ({ stride }: Value, patch: Shape3): number =>
  stride === null ? 1 : product(patch) / product(stride);

const numbersOf = (value: Value, patch: Shape3): number => value.channels * voxelsOf(value, patch);

function flop(value: Value, patch: Shape3): number {
  const { operation, inputs } = value;
  const [source] = inputs;
  switch (operation.kind) {
    case "convolution":
      return 2 * voxelsOf(value, patch) * product(operation.weight.shape);
    case "transposedConvolution":
      return 2 * voxelsOf(source!, patch) * product(operation.weight.shape);
    default:
      return 0;
  }
}

function mostAtOnce(order: readonly Value[], patch: Shape3): number {
  const lastUse = new Map<Value, number>();
  order.forEach((value, at) => {
    lastUse.set(value, at);
    for (const input of value.inputs) lastUse.set(input, at);
  });
  let live = 0;
  let most = 0;
  order.forEach((value, at) => {
    live += numbersOf(value, patch);
    most = Math.max(most, live);
    for (const used of new Set([value, ...value.inputs]))
      if (lastUse.get(used) === at) live -= numbersOf(used, patch);
  });
  return most;
}
