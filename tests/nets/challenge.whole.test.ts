import { describe, expect, test } from "vitest";
import type { Shape3 } from "../../src/domain/volume.js";
import { valueGraph } from "../../src/engines/onnx/inferenceGraph.js";
import { type Array5, machineBlock, openSession } from "../../src/engines/onnx/session.js";
import { buildNetwork } from "../../src/nets/architecture.js";
import { architectureNamed } from "../../src/nets/library/catalogue.js";
import { layOut, namedWeights } from "../../src/nets/weights.js";
import { fixture, formulaWeights, numbers } from "../support/formula.js";

/** See tests/fixtures/nets/challenge.py. */
interface TorchNetworks {
  readonly patch: Shape3;
  readonly every: number;
  readonly networks: Readonly<Record<string, { parameters: number; outputs: number[][] }>>;
}

const outputs = 7;
const torch = fixture<TorchNetworks>("challenge");

describe.each(Object.entries(torch.networks))("%s is PyTorch's network", (name, wanted) => {
  const network = buildNetwork(architectureNamed(name), { outputs });
  const layout = layOut(network.parameters);
  const weights = namedWeights(layout, formulaWeights(layout));

  test("has as many parameters", () => expect(network.parameterCount).toBe(wanted.parameters));

  test.each(["blocked", "unblocked"])("gives its outputs to 3e-5, %s", async (kind) => {
    const block = kind === "blocked" ? await machineBlock() : null;
    const maps = [network.logits, ...network.auxiliary.map((each) => each.logits)];
    expect(maps).toHaveLength(wanted.outputs.length);
    for (const [at, logits] of maps.entries()) {
      const graph = valueGraph(network, logits, weights, 1, torch.patch, block);
      const session = await openSession(graph);
      const { output } = await session.run({ image: numbers("image", [1, 1, ...torch.patch], 2) });
      await session.release();
      const probes = probesOf(output!, torch.every);
      const there = wanted.outputs[at]!;
      expect(probes).toHaveLength(there.length);
      const largest = probes.reduce((most, value, i) => Math.max(most, Math.abs(value - there[i]!)), 0);
      expect(largest, `output ${at}`).toBeLessThan(3e-5);
    }
  });
});

/** Every so many numbers of (z, c, y, x), counted in the order (c, z, y, x). */
function probesOf({ data, dims }: Array5, every: number): number[] {
  const [, z, c, y, x] = dims as [number, number, number, number, number];
  const slice = y * x;
  return Array.from({ length: Math.ceil(data.length / every) }, (_, i) => {
    const at = i * every;
    const channel = Math.floor(at / (z * slice));
    const depth = Math.floor(at / slice) % z;
    return data[(depth * c + channel) * slice + (at % slice)]!;
  });
}
