import type { Engine, LoadedNetwork, LoadOptions } from "../engine.js";
import { inferenceGraph } from "./inferenceGraph.js";
import type { Provider } from "./provider.js";
import { openSession, providerBlock } from "./session.js";
import { openOnnxTrainer } from "./trainer.js";

/** Training and inference by ONNX Runtime, on one of its execution providers. */
export const onnxEngine = (provider: Provider): Engine => ({
  openTrainer: (spec, buildLoss) => openOnnxTrainer(spec, buildLoss, provider),
  load: (options) => load(options, provider),
});

async function load(
  { network, weights, activation, offsets, patch, threads }: LoadOptions,
  provider: Provider,
): Promise<LoadedNetwork> {
  const graph = inferenceGraph(
    network,
    weights,
    activation,
    1,
    patch,
    await providerBlock(provider),
    offsets,
  );
  const session = await openSession(graph, { threads, memoryPattern: false, provider });
  return {
    async run(image) {
      const { output } = await session.run({ image: { data: image, dims: [1, 1, ...patch] } });
      return output!.data;
    },
    close: () => session.release(),
  };
}
