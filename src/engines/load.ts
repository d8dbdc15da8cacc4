import type { Engine, EngineName } from "./engine.js";

/** Loads an engine; its libraries are loaded with it and not before. */
export async function loadEngine(name: EngineName): Promise<Engine> {
  if (name === "tfjs") return (await import("./tfjs/engine.js")).tensorFlowEngine;
  const { onnxEngine } = await import("./onnx/engine.js");
  return onnxEngine(name === "onnx-webgpu" ? "webgpu" : name === "onnx-cuda" ? "cuda" : "cpu");
}
