import { expect, it } from "vitest";
import type { Density } from "../../../../src/data/simulate/density.js";
import { shapeOf } from "../../../../src/data/simulate/shapes.js";
import { builtInDistractors } from "../../../../src/data/simulate/solution/distractors.js";
import { challengeParticles } from "../../../../src/domain/particles.js";

const spacing = 10.012444196428572;
const distractors = builtInDistractors(spacing);

/** Greatest density in Da/Å³, and mass in kilodalton. */
const peakOf = ({ map }: Density): number =>
  map.data.reduce((peak, value) => Math.max(peak, value), 0) / spacing ** 3;
const massOf = ({ map }: Density): number => map.data.reduce((sum, value) => sum + value, 0) / 1000;

it("there are at least 40 of them, each with a name of its own, from 20 to 1,000 kDa", () => {
  const names = distractors.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(40);
  const masses = distractors.map(massOf);
  expect(Math.min(...masses)).toBeGreaterThan(15);
  expect(Math.min(...masses)).toBeLessThan(25);
  expect(Math.max(...masses)).toBeGreaterThan(800);
  expect(Math.max(...masses)).toBeLessThan(1050);
});

it("peak like protein under the same blur, as the listed particles do", () => {
  const listed = challengeParticles.map(({ name }) => peakOf(shapeOf(name, spacing)!));
  for (const distractor of distractors) {
    expect(peakOf(distractor), distractor.name).toBeGreaterThan(0.6 * Math.min(...listed));
    expect(peakOf(distractor), distractor.name).toBeLessThan(1.1 * Math.max(...listed));
    expect(peakOf(distractor), distractor.name).toBeLessThan(1.4 * 0.81);
  }
});

it("differ in shape: compact, long and hollow ones of one mass", () => {
  const of = (name: string) => distractors.find((distractor) => distractor.name === `distractor ${name}`)!;
  const compactness = (name: string) => of(name).radius / Math.cbrt(massOf(of(name)));
  expect(compactness("rod 4")).toBeGreaterThan(2 * compactness("prism 6"));
  for (const hollow of ["shell 3", "ring 10", "barrel 5"]) {
    const { map, centre } = of(hollow);
    const [, ny, nx] = map.shape;
    const [z, y, x] = centre.map(Math.round) as [number, number, number];
    expect(map.data[(z * ny + y) * nx + x]! / spacing ** 3, hollow).toBeLessThan(0.4 * peakOf(of(hollow)));
  }
});
