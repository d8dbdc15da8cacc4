/** Lowering rules of convolutions and transposed convolutions, each of which is the other's input gradient. */
import { convolve } from "../convolution/convolution.js";
import { kernelGradient } from "../convolution/kernelGradient.js";
import { tapsOf } from "../convolution/taps.js";
import { convolveTransposed } from "../convolution/transposedConvolution.js";
import { sumOverVoxels } from "../convolution/zMajor.js";
import type { Tensor } from "../graph/emitter.js";
import { asVector, type BackwardContext, first, type Rule } from "./rule.js";

export const convolution: Rule<"convolution"> = {
  forward(operation, [x], { e, block, parameter }) {
    const bias = operation.bias && parameter(operation.bias);
    return convolve(e, block, x!, parameter(operation.weight), bias, tapsOf(operation), operation.groups);
  },
  backward(operation, context) {
    const { e, block, gradient, needed, parameter, addParameterGradient } = context;
    const { weight, bias, groups } = operation;
    const taps = tapsOf(operation);
    addParameterGradient(weight, kernelGradient(e, block, first(context.inputs), gradient, taps, groups));
    if (bias) addParameterGradient(bias, biasGradient(context));
    return [needed[0] ? convolveTransposed(e, block, gradient, parameter(weight), null, taps, groups) : null];
  },
};

export const transposedConvolution: Rule<"transposedConvolution"> = {
  forward(operation, [x], { e, block, parameter }) {
    const bias = operation.bias && parameter(operation.bias);
    return convolveTransposed(e, block, x!, parameter(operation.weight), bias, tapsOf(operation));
  },
  backward(operation, context) {
    const { e, block, gradient, needed, parameter, addParameterGradient } = context;
    const { weight, bias } = operation;
    const taps = tapsOf(operation);
    addParameterGradient(weight, kernelGradient(e, block, gradient, first(context.inputs), taps));
    if (bias) addParameterGradient(bias, biasGradient(context));
    return [needed[0] ? convolve(e, block, gradient, parameter(weight), null, taps) : null];
  },
};

const biasGradient = ({ e, gradient }: BackwardContext): Tensor => asVector(e, sumOverVoxels(e, gradient));
