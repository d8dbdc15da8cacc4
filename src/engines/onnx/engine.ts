/** The ONNX Runtime engine: networks lowered to ONNX graphs, trained and run by one of its execution providers. */
import type { Engine, LoadedNetwork, LoadOptions } from "../engine.js";
import type { Provider } from "./graph/emitter.js";
import { inferenceGraph } from "./inferenceGraph.js";
import { Calibration, calibrate, type Gathered } from "./int8/calibration.js";
import { byteGraph } from "./int8/lower.js";
import { checkBytes } from "./int8/support.js";
import { openSession, providerBlock } from "./session.js";
import { openOnnxTrainer } from "./trainer.js";

/** Returns the engine of one execution provider; inference in 8 bits is the CPU's alone. */
export const onnxEngine = (provider: Provider): Engine => ({
  openTrainer: (spec, buildLoss) => openOnnxTrainer(spec, buildLoss, provider),
  load: (options) => load(options, provider),
  ...(provider === "cpu" && {
    int8: { check: checkBytes, measure: async (options) => (await calibrate(options)).gathered() },
  }),
});

async function load(options: LoadOptions, provider: Provider): Promise<LoadedNetwork> {
  const { network, weights, activation, offsets, patch, threads, measured } = options;
  const graph =
    measured !== undefined
      ? byteGraph(
          network,
          weights,
          activation,
          patch,
          offsets,
          new Calibration(network, measured as Gathered),
        )
      : inferenceGraph(network, weights, activation, 1, patch, await providerBlock(provider), offsets);
  const session = await openSession(graph, { threads, memoryPattern: false, provider });
  return {
    async run(image) {
      const { output } = await session.run({ image: { data: image, dims: [1, 1, ...patch] } });
      return output!.data;
    },
    close: () => session.release(),
  };
}
