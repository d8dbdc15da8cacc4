/** Lowering rules of arithmetic on two maps, and of joining and selecting channels, with their gradients. */
import { channelAxis } from "../convolution/zMajor.js";
import { binary, type Rule, unary } from "./rule.js";

export const add: Rule<"add"> = binary(
  (e, a, b) => e.add(a, b),
  (_, { gradient }) => [() => gradient, () => gradient],
);

export const subtract: Rule<"subtract"> = binary(
  (e, a, b) => e.subtract(a, b),
  (e, { gradient }) => [() => gradient, () => e.unary("Neg", gradient)],
);

export const multiply: Rule<"multiply"> = binary(
  (e, a, b) => e.multiply(a, b),
  (e, { gradient, inputs: [a, b] }) => [() => e.multiply(gradient, b!), () => e.multiply(gradient, a!)],
);

export const divide: Rule<"divide"> = binary(
  (e, a, b) => e.divide(a, b),
  (e, { gradient, inputs: [, b], output }) => [
    () => e.divide(gradient, b!),
    () => e.unary("Neg", e.divide(e.multiply(gradient, output), b!)),
  ],
);

export const concat: Rule<"concat"> = {
  forward: (_, inputs, { e }) => e.concat(inputs, channelAxis),
  backward(_, { e, inputs, gradient, needed }) {
    let start = 0;
    return inputs.map((input, at) => {
      const from = start;
      start += input.dims[channelAxis]!;
      return needed[at] ? e.slice(gradient, channelAxis, from, start) : null;
    });
  },
};

export const selectChannels = unary<"selectChannels">(
  (e, x, { start, count }) => e.slice(x, channelAxis, start, start + count),
  (e, { x, gradient }, { start, count }) => {
    const along = (amount: number) => x.dims.map((_, axis) => (axis === channelAxis ? amount : 0));
    return e.pad(gradient, along(start), along(x.dims[channelAxis]! - start - count));
  },
);
