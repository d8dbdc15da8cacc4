import { convolve, correlate, spread } from "../convolution.js";
import { sumOverVoxels } from "../zMajor.js";
import { asVector, first, type Rule } from "./rule.js";

export const convolution: Rule<"convolution"> = {
  forward: (operation, [x], { e, block, parameter }) =>
    convolve(
      e,
      block,
      x!,
      parameter(operation.weight),
      operation.bias && parameter(operation.bias),
      operation,
    ),
  backward(operation, { e, block, inputs, gradient, needed, parameter, addParameterGradient }) {
    const x = first(inputs);
    addParameterGradient(operation.weight, correlate(e, x, gradient, operation));
    if (operation.bias) addParameterGradient(operation.bias, asVector(e, sumOverVoxels(e, gradient)));
    return [needed[0] ? spread(e, block, gradient, parameter(operation.weight), null, operation) : null];
  },
};

export const transposedConvolution: Rule<"transposedConvolution"> = {
  forward: (operation, [x], { e, block, parameter }) =>
    spread(e, block, x!, parameter(operation.weight), operation.bias && parameter(operation.bias), operation),
  backward(operation, { e, block, inputs, gradient, needed, parameter, addParameterGradient }) {
    const x = first(inputs);
    addParameterGradient(operation.weight, correlate(e, gradient, x, operation));
    if (operation.bias) addParameterGradient(operation.bias, asVector(e, sumOverVoxels(e, gradient)));
    return [needed[0] ? convolve(e, block, gradient, parameter(operation.weight), null, operation) : null];
  },
};
