import { channelAxis, sumOverVoxels } from "../zMajor.js";
import { first, type Rule, unary } from "./rule.js";

export const relu = unary<"relu">(
  (e, x) => e.unary("Relu", x),
  (e, { y, gradient }) => e.multiply(gradient, e.positive(y)),
);

/** relu(x) + slope·min(x, 0): ONNX Runtime's own PRelu runs on one thread. */
export const prelu: Rule<"prelu"> = {
  forward(operation, [x], { e, parameter }) {
    const negative = e.op("Min", [x!, e.scalar(0)], x!.dims);
    const output = e.add(
      e.unary("Relu", x!),
      e.multiply(negative, e.reshape(parameter(operation.slope), [1, 1, 1, 1, 1])),
    );
    return { output, saved: [negative] };
  },
  backward(operation, { e, inputs, saved, gradient, parameter, addParameterGradient }) {
    const x = first(inputs);
    const slope = e.reshape(parameter(operation.slope), [1, 1, 1, 1, 1]);
    const total = e.sum(sumOverVoxels(e, e.multiply(gradient, saved[0]!)), [channelAxis]);
    addParameterGradient(operation.slope, e.reshape(total, [1]));
    const rise = e.subtract(e.scalar(1), slope);
    return [e.multiply(gradient, e.add(e.multiply(e.positive(x), rise), slope))];
  },
};
