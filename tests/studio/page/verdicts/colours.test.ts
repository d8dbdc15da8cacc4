import { expect, test } from "vitest";
import { challengeParticles } from "../../../../src/domain/particles.js";
import { luminance, visible } from "../../../../src/web/studio/verdicts/colours.js";

test("every type is light enough over black, and light colours stay as they are", () => {
  for (const { colour } of challengeParticles) {
    const [, ...shown] = /rgb\((\d+) (\d+) (\d+)\)/.exec(visible(colour))!.map(Number);
    expect((luminance(shown as [number, number, number]) + 0.05) / 0.05).toBeGreaterThanOrEqual(7);
  }
  expect(visible([255, 204, 153])).toBe("rgb(255 204 153)");
  expect(visible([0, 0, 0])).toMatch(/^rgb\((\d+) \1 \1\)$/);
  expect(luminance([255, 255, 255])).toBeCloseTo(1, 12);
});
