/** Networks of one trained 1×1×1 convolution, on which losses and their gradients are compared with PyTorch's. */
import { expect } from "vitest";
import type { Architecture } from "../../../src/nets/architecture.js";

/** The convolution `lead` of the image. */
export const lead: Architecture = {
  name: "lead",
  description: "a trained 1×1×1 convolution",
  source: "",
  build: (g, x, outputs) => g.convolution(x, "lead", outputs, { kernel: [1, 1, 1] }),
};

/** The convolution of `count` numbers a voxel, which are fed as `pair`. */
export const leadOf = (count: number): Architecture => ({
  ...lead,
  build: (g, _, outputs) => lead.build(g, g.input("pair", count), outputs),
});

/** Expects numbers that differ from PyTorch's by less than a share of their length. */
export function expectClose(ours: Float32Array, theirs: readonly number[], share: number): void {
  expect(ours.length).toBe(theirs.length);
  const length = Math.hypot(...theirs);
  theirs.forEach((value, i) => {
    expect(Math.abs(ours[i]! - value)).toBeLessThan(share * length);
  });
}
