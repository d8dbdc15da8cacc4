import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import type { Volume } from "../../../src/domain/volume.js";
import { renderSlice } from "../../../src/present/pictures/slice.js";

const step = angstrom(10);
const ramp: Volume = {
  data: Float32Array.from({ length: 9 * 60 * 80 }, (_, i) => i % 80),
  shape: [9, 60, 80],
  spacing: [step, step, step],
};
const pixel = (png: Uint8Array, column: number, row: number): number[] => {
  const { width, data } = decode(png);
  return [...data.slice((row * width + column) * 3, (row * width + column) * 3 + 3)];
};
const particle = { name: "ribosome", radius: angstrom(100), weight: 1, colour: [0, 92, 49] as const };
const pickAt = (z: number) => ({ type: "ribosome", x: angstrom(405), y: angstrom(305), z: angstrom(z) });

describe("renderSlice", () => {
  it("is as large as the plane times the zoom, dark to bright with the values", () => {
    const { width, height } = decode(renderSlice(ramp, { zoom: 3 }));
    expect([width, height]).toEqual([240, 180]);
    expect(pixel(renderSlice(ramp), 0, 5)).toEqual([0, 0, 0]);
    expect(pixel(renderSlice(ramp), 79, 5)).toEqual([255, 255, 255]);
  });

  it("draws a circle in the particle's colour around its centre, a little outside its radius", () => {
    const png = renderSlice(ramp, { z: 4, picks: [pickAt(45)], particles: [particle] });
    const plain = renderSlice(ramp, { z: 4 });
    const [x, y, radius] = [40, 30, 11.5];
    const on = Math.round(y - radius);
    expect(Math.abs(pixel(png, x, on)[1]! - 92)).toBeLessThan(40);
    expect(pixel(png, x, on)[0]! < pixel(plain, x, on)[0]!).toBe(true);
    expect(pixel(png, x, y)).toEqual(pixel(plain, x, y));
  });

  it("leaves out picks far above or below the plane", () => {
    expect(renderSlice(ramp, { z: 0, picks: [pickAt(85)], particles: [particle] })).toEqual(
      renderSlice(ramp, { z: 0 }),
    );
  });

  it("tints the voxels of an area in its colour", () => {
    const area = new Uint8Array(60 * 80);
    area[5 * 80] = 1;
    const tint = { area, colour: [86, 180, 233], opacity: 0.5 } as const;
    const png = renderSlice(ramp, { zoom: 2, tints: [tint, { ...tint, colour: [0, 0, 0] }] });
    const plain = renderSlice(ramp, { zoom: 2 });
    expect(pixel(plain, 1, 11)).toEqual([0, 0, 0]);
    for (const [column, row] of [
      [0, 10],
      [1, 11],
    ] as const)
      expect(pixel(png, column, row)).toEqual([22, 45, 59]);
    for (const [column, row] of [
      [2, 10],
      [0, 9],
      [0, 12],
    ] as const)
      expect(pixel(png, column, row)).toEqual(pixel(plain, column, row));
  });

  it("survives a volume without contrast", () => {
    const flat = { ...ramp, data: new Float32Array(ramp.data.length) };
    expect(pixel(renderSlice(flat), 3, 3)).toEqual([0, 0, 0]);
  });
});
