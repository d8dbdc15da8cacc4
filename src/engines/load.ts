/** Engines by name, each loaded on first use, since their libraries start slowly. */
import type { Engine, EngineName } from "./engine.js";
import { providers } from "./onnx/graph/emitter.js";

/** Loads an engine together with its libraries, which are not loaded before. */
export async function loadEngine(name: EngineName): Promise<Engine> {
  const provider = providers[name];
  if (provider === null) return (await import("./tfjs/engine.js")).tensorFlowEngine;
  return (await import("./onnx/engine.js")).onnxEngine(provider);
}
