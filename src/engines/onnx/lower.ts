/** Lowering of a network's graph to ONNX operation by operation, forwards and, by reverse mode, backwards. */
import { inOrder, type Parameter, parametersOf, type Value } from "../../nets/value.js";
import type { Objective } from "../trainable.js";
import type { Tensor } from "./graph/emitter.js";
import { ruleOf } from "./operations.js";
import type { Emitted, Lowering } from "./rules/rule.js";

/** Every value of a graph with what its forward pass emitted. */
type Forward = ReadonlyMap<Value, Emitted>;

/** Writes the values that `outputs` depend on; `inputs` are the maps fed at each step, by name. */
export function lowerForward(
  outputs: readonly Value[],
  inputs: ReadonlyMap<string, Tensor>,
  lowering: Lowering,
): Forward {
  const written = new Map<Value, Emitted>();
  for (const value of inOrder(...outputs)) {
    if (!written.has(value)) written.set(value, emit(value, written, inputs, lowering));
  }
  return written;
}

function emit(
  value: Value,
  written: Forward,
  inputs: ReadonlyMap<string, Tensor>,
  lowering: Lowering,
): Emitted {
  const { operation } = value;
  if (operation.kind === "input") {
    const given = inputs.get(operation.name);
    if (!given) throw new TypeError(`the graph's input ${operation.name} is not given`);
    return { output: given, saved: [] };
  }
  const sources = value.inputs.map((input) => written.get(input)!.output);
  const result = ruleOf(value).forward(operation, sources, lowering);
  return "output" in result ? result : { output: result, saved: [] };
}

/** Writes, by reverse mode, the gradient of a loss with respect to each of its objective's parameters it depends on. */
export function lowerBackward(
  { loss, parameters }: Objective,
  forward: Forward,
  lowering: Lowering,
): Map<Parameter, Tensor> {
  const { e } = lowering;
  const order = inOrder(loss);
  const moved = new Set(parameters);
  const trained = new Set<Value>();
  for (const value of order)
    if (
      parametersOf(value.operation).some((parameter) => moved.has(parameter)) ||
      value.inputs.some((input) => trained.has(input))
    )
      trained.add(value);

  const gradients = new Map<Value, Tensor>([[loss, e.floats(Float32Array.of(1), [1, 1, 1, 1, 1], "seed")]]);
  const parameterGradients = new Map<Parameter, Tensor>();
  const accumulate = <K>(into: Map<K, Tensor>, key: K, gradient: Tensor): void => {
    const known = into.get(key);
    into.set(key, known ? e.add(known, gradient) : gradient);
  };
  for (const value of order.reverse()) {
    const gradient = gradients.get(value);
    if (!gradient || !trained.has(value) || value.operation.kind === "input") continue;
    const inputGradients = ruleOf(value).backward(value.operation, {
      ...lowering,
      ...forward.get(value)!,
      inputs: value.inputs.map((input) => forward.get(input)!.output),
      gradient,
      needed: value.inputs.map((input) => trained.has(input)),
      addParameterGradient: (parameter, tensor) => {
        if (moved.has(parameter)) accumulate(parameterGradients, parameter, tensor);
      },
    });
    value.inputs.forEach((input, at) => {
      const inputGradient = inputGradients[at];
      if (inputGradient && trained.has(input)) accumulate(gradients, input, inputGradient);
    });
  }
  return parameterGradients;
}
