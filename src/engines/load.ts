import type { Engine, EngineName } from "./engine.js";
import { providers } from "./onnx/graph/emitter.js";

/** Loads an engine; its libraries are loaded with it and not before. */
export async function loadEngine(name: EngineName): Promise<Engine> {
  const provider = providers[name];
  if (provider === null) return (await import("./tfjs/engine.js")).tensorFlowEngine;
  return (await import("./onnx/engine.js")).onnxEngine(provider);
}
