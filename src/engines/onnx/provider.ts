import type { EngineName } from "../engine.js";

/** Where ONNX Runtime computes: its execution providers, by the names that it gives them. */
export type Provider = "cpu" | "webgpu" | "cuda";

/** The provider that an engine stands for; null where it is not ONNX Runtime's. */
export const providers: Readonly<Record<EngineName, Provider | null>> = {
  "onnx-cpu": "cpu",
  "onnx-webgpu": "webgpu",
  "onnx-cuda": "cuda",
  tfjs: null,
};
