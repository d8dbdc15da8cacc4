/** Lowering rules of functions of each number alone, with their gradients. */
import type { Emitter, Tensor } from "../graph/emitter.js";
import { unary } from "./rule.js";

export const affine = unary<"affine">(
  (e, x, { scale, offset }) =>
    offset === 0 ? e.scale(x, scale) : e.add(e.scale(x, scale), e.scalar(offset)),
  (e, { gradient }, { scale }) => e.scale(gradient, scale),
);

const channelConstant = (e: Emitter, values: readonly number[]): Tensor =>
  e.floats(Float32Array.from(values), [1, 1, values.length, 1, 1], `channels:${values}`);

export const channelScale = unary<"channelScale">(
  (e, x, { scales }) => e.multiply(x, channelConstant(e, scales)),
  (e, { gradient }, { scales }) => e.multiply(gradient, channelConstant(e, scales)),
);

export const power = unary<"power">(
  (e, x, { exponent }) => e.op("Pow", [x, e.scalar(exponent)], x.dims),
  (e, { x, gradient }, { exponent }) =>
    e.multiply(gradient, e.scale(e.op("Pow", [x, e.scalar(exponent - 1)], x.dims), exponent)),
);

export const exp = unary<"exp">(
  (e, x) => e.unary("Exp", x),
  (e, { y, gradient }) => e.multiply(gradient, y),
);

export const log = unary<"log">(
  (e, x) => e.unary("Log", x),
  (e, { x, gradient }) => e.divide(gradient, x),
);

export const softplus = unary<"softplus">(
  (e, x) => e.unary("Softplus", x),
  (e, { x, gradient }) => e.multiply(gradient, e.unary("Sigmoid", x)),
);

export const sigmoid = unary<"sigmoid">(
  (e, x) => e.unary("Sigmoid", x),
  (e, { y, gradient }) => e.multiply(gradient, e.multiply(y, e.subtract(e.scalar(1), y))),
);
