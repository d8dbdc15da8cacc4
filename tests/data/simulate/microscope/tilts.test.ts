import { describe, expect, it } from "vitest";
import { drawTilts, type TiltScheme } from "../../../../src/data/simulate/microscope/tilts.js";
import { randomFor } from "../../../../src/domain/random.js";

const scheme: TiltScheme = {
  ...{ lowest: -9, highest: 7, step: 3, order: "symmetric", dose: 60 },
  ...{ misalignment: 0, angleError: 0, defocusError: 0 },
};
const drawn = (change: Partial<TiltScheme>) =>
  drawTilts({ ...scheme, ...change }, randomFor(2, "tilts test"));

describe("drawTilts", () => {
  it.each([
    ["symmetric", [0, 3, -3, 6, -6, -9]],
    ["bidirectional", [0, 3, 6, -3, -6, -9]],
    ["oneWay", [-9, -6, -3, 0, 3, 6]],
  ] as const)("exposes in the order %s, every tilt as long", (order, angles) => {
    const tilts = drawn({ order });
    expect(tilts.map(({ angle }) => angle)).toEqual([-9, -6, -3, 0, 3, 6]);
    const exposed = [...tilts].sort((a, b) => a.dose - b.dose);
    expect(exposed.map(({ angle }) => angle)).toEqual(angles);
    expect(exposed.map(({ dose }) => dose)).toEqual([5, 15, 25, 35, 45, 55]);
  });

  it("has no shift, error of angle or of defocus where none is asked for", () => {
    for (const { shiftX, shiftY, angleError, defocusError } of drawn({}))
      for (const error of [shiftX, shiftY, angleError, defocusError]) expect(error).toBeCloseTo(0, 12);
  });

  it("spreads shifts by the misalignment, and none of them displaces the sample", () => {
    const tilts = drawn({ lowest: -60, highest: 60, step: 0.5, misalignment: 15 });
    const turn = (angle: number) => (angle * Math.PI) / 180;
    const sum = (part: (tilt: (typeof tilts)[number]) => number) =>
      tilts.reduce((total, tilt) => total + part(tilt), 0);
    expect(Math.sqrt(sum(({ shiftX }) => shiftX ** 2) / tilts.length)).toBeGreaterThan(13);
    expect(Math.sqrt(sum(({ shiftX }) => shiftX ** 2) / tilts.length)).toBeLessThan(17);
    expect(Math.sqrt(sum(({ shiftY }) => shiftY ** 2) / tilts.length)).toBeGreaterThan(13);
    expect(sum(({ shiftX, angle }) => shiftX * Math.cos(turn(angle)))).toBeCloseTo(0, 8);
    expect(sum(({ shiftX, angle }) => shiftX * Math.sin(turn(angle)))).toBeCloseTo(0, 8);
    expect(sum(({ shiftY }) => shiftY)).toBeCloseTo(0, 8);
  });
});
