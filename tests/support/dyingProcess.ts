/** A process that dies before or after its answer. */
import { answer } from "./answer.js";

answer(async (when: "before" | "after") => {
  if (when === "before") process.abort();
  process.once("exit", () => process.abort());
  return new Map([["values", new Float32Array(1_000_000).fill(0.5)]]);
});
