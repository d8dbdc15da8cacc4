import type { EngineName, Precision } from "../engines/engine.js";
import type { ExternalSpec } from "../engines/externalSpec.js";
import { loadEngine } from "../engines/load.js";
import { PickbenchError } from "../errors.js";
import { loadNetwork, type NetworkSpec } from "../nets/catalogue.js";

type Checked = { readonly network: NetworkSpec } | { readonly external: ExternalSpec };

/** @throws Unsupported where the engine or one of the networks does not compute with such numbers */
export async function checkPrecision(
  precision: Precision | undefined,
  engine: EngineName,
  networks: readonly Checked[],
): Promise<void> {
  if (precision !== "int8") return;
  const { int8 } = await loadEngine(engine);
  if (!int8)
    throw new PickbenchError(
      "Unsupported",
      `precision int8: engine ${engine} computes in 32-bit floats; choose engine onnx-cpu or precision float32`,
    );
  for (const network of networks) {
    if ("external" in network)
      throw new PickbenchError(
        "Unsupported",
        `precision int8: ${network.external.file} was trained elsewhere and keeps its own numbers; choose precision float32`,
      );
    await int8.check(await loadNetwork(network.network));
  }
}
