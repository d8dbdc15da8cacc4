/** Lowering rules of activations and dropout, with their gradients. */
import type { Parameter } from "../../../nets/value.js";
import { channelAxis, sumOverVoxels } from "../convolution/zMajor.js";
import { type Emitter, real, type Tensor } from "../graph/emitter.js";
import { first, type Lowering, perChannel, type Rule, unary } from "./rule.js";

export const relu = unary<"relu">(
  (e, x) => e.unary("Relu", x),
  (e, { y, gradient }) => e.multiply(gradient, e.positive(y)),
);

/** Writes the gradient where x > 0, slope·gradient elsewhere; `sign` has the sign of x and `rise` is 1 − slope. */
function activationGradient(e: Emitter, gradient: Tensor, sign: Tensor, slope: Tensor, rise: Tensor): Tensor {
  return e.multiply(gradient, e.add(e.multiply(e.positive(sign), rise), slope));
}

/** Leaky ReLU. Its gradient takes the sign of y, which is kept anyway: a slope is not negative. */
export const leakyRelu = unary<"leakyRelu">(
  (e, x, { slope }) => e.op("LeakyRelu", [x], x.dims, [real("alpha", slope)]),
  (e, { y, gradient }, { slope }) => activationGradient(e, gradient, y, e.scalar(slope), e.scalar(1 - slope)),
);

/** Returns slopes, one or one a channel, shaped to broadcast against maps. */
const slopes = ({ e, parameter }: Lowering, slope: Parameter): Tensor => perChannel(e, parameter(slope));

/** PReLU as relu(x) + slope·min(x, 0): ONNX Runtime's own PRelu runs on one thread. */
export const prelu: Rule<"prelu"> = {
  forward(operation, [x], lowering) {
    const { e } = lowering;
    const negative = e.op("Min", [x!, e.scalar(0)], x!.dims);
    const output = e.add(e.unary("Relu", x!), e.multiply(negative, slopes(lowering, operation.slope)));
    return { output, saved: [negative] };
  },
  backward(operation, context) {
    const { e, inputs, saved, gradient, addParameterGradient } = context;
    const each = sumOverVoxels(e, e.multiply(gradient, saved[0]!));
    const total = operation.slope.shape[0] === 1 ? e.sum(each, [channelAxis]) : each;
    addParameterGradient(operation.slope, e.reshape(total, operation.slope.shape));
    const slope = slopes(context, operation.slope);
    return [activationGradient(e, gradient, first(inputs), slope, e.subtract(e.scalar(1), slope))];
  },
};

/**
 * GELU, x·Φ(x), with its derivative Φ(x) + x·φ(x). Φ is written ½·erf + ½, since ONNX Runtime fuses the more usual
 * ½·(erf + 1) to one node that takes twice as long.
 */
export const gelu: Rule<"gelu"> = {
  forward(_, [x], { e }) {
    const erf = e.unary("Erf", e.scale(x!, Math.SQRT1_2));
    const share = e.add(e.scale(erf, 0.5), e.scalar(0.5));
    return { output: e.multiply(x!, share), saved: [share] };
  },
  backward(_, { e, inputs, saved, gradient }) {
    const x = first(inputs);
    const density = e.scale(e.unary("Exp", e.scale(e.multiply(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [e.multiply(gradient, e.add(saved[0]!, e.multiply(x, density)))];
  },
};

export const abs = unary<"abs">(
  (e, x) => e.unary("Abs", x),
  (e, { x, gradient }) => e.multiply(gradient, e.unary("Sign", x)),
);

export const dropout: Rule<"dropout"> = {
  forward({ name, rate }, [x], { e, training }) {
    if (!training) return x!;
    const mask = training.mask(name, rate, x!.dims);
    return { output: e.multiply(x!, mask), saved: [mask] };
  },
  backward: (_, { e, saved, gradient }) => [e.multiply(gradient, saved[0]!)],
};
