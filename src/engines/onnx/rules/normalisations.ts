import type { Tensor } from "../emitter.js";
import { mapDims, meanOverVoxels, meanSquareOverVoxels } from "../zMajor.js";
import { asVector, perChannel, type Rule } from "./rule.js";

/** y = (x − mean)·scale/σ + shift; the gradient is that of batch normalisation (Ioffe and Szegedy 2015) per sample. */
export const instanceNorm: Rule<"instanceNorm"> = {
  forward(operation, [x], { e, parameter }) {
    const centred = e.subtract(x!, meanOverVoxels(e, x!));
    const variance = e.add(meanSquareOverVoxels(e, centred), e.scalar(operation.epsilon));
    const inverse = e.unary("Reciprocal", e.unary("Sqrt", variance));
    const factor = operation.scale ? e.multiply(inverse, perChannel(e, parameter(operation.scale))) : inverse;
    const scaled = e.multiply(centred, factor);
    const output = operation.shift ? e.add(scaled, perChannel(e, parameter(operation.shift))) : scaled;
    return { output, saved: [centred, inverse, factor] };
  },
  backward(operation, { e, saved, gradient, needed, addParameterGradient }) {
    const [centred, inverse, factor] = saved as [Tensor, Tensor, Tensor];
    const { z, y, x } = mapDims(gradient);
    const meanGradient = meanOverVoxels(e, gradient);
    const meanProduct = meanOverVoxels(e, e.multiply(gradient, centred));
    const overSamples = (t: Tensor) => asVector(e, e.scale(e.sum(t, [0]), z * y * x));
    if (operation.scale) addParameterGradient(operation.scale, overSamples(e.multiply(meanProduct, inverse)));
    if (operation.shift) addParameterGradient(operation.shift, overSamples(meanGradient));
    if (!needed[0]) return [null];
    const along = e.multiply(meanProduct, e.multiply(inverse, inverse));
    const inner = e.subtract(gradient, e.add(e.multiply(centred, along), meanGradient));
    return [e.multiply(inner, factor)];
  },
};
