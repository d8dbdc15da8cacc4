/** Where ONNX Runtime computes: its execution providers, by the names that it gives them. */
export type Provider = "cpu" | "webgpu" | "cuda";
