import { describe, expect, test } from "vitest";
import { type Camera, frameOf } from "../../../../src/web/studio/space/camera.js";
import {
  markAt,
  markBytes,
  packMarks,
  rgbOf,
  type SpaceMark,
} from "../../../../src/web/studio/space/marks.js";

const camera: Camera = { target: [0, 0, 0], yaw: 0, pitch: 0, distance: 1000 };
const size = { width: 200, height: 200 };
const mark = (x: number, y: number, z: number, radius = 20): SpaceMark => ({
  x,
  y,
  z,
  radius,
  colour: "#ff8000",
});

describe("packed marks", () => {
  test("hold place, radius, colour, look and a direction of length 1", () => {
    const packed = packMarks([
      mark(1, 2, 3),
      { ...mark(4, 5, 6), isHollow: true, isChosen: true, direction: [0, 3, 4] },
    ]);
    expect(packed.bytes.byteLength).toBe(2 * markBytes);
    expect([...new Float32Array(packed.bytes, 0, 4)]).toEqual([1, 2, 3, 20]);
    expect([...new Uint8Array(packed.bytes, 16, 4)]).toEqual([255, 128, 0, 0]);
    expect(new Uint8Array(packed.bytes)[markBytes + 19]).toBe(3);
    expect(packed.arrows!.count).toBe(1);
    const direction = new Float32Array(packed.arrows!.bytes, 20, 3);
    expect(direction[1]).toBeCloseTo(0.6, 6);
    expect(direction[2]).toBeCloseTo(0.8, 6);
  });

  test("have no arrows where none has a direction", () => {
    expect(packMarks([mark(0, 0, 0)]).arrows).toBeUndefined();
  });

  test("read colours of three and six digits; others are grey", () => {
    expect(rgbOf("#f80")).toEqual([255, 136, 0]);
    expect(rgbOf("#0a0B0c")).toEqual([10, 11, 12]);
    expect(rgbOf("red")).toEqual([128, 128, 128]);
  });
});

describe("the mark under the mouse", () => {
  const frame = frameOf(camera);
  const at = (marks: SpaceMark[], x: number, y: number) => markAt(packMarks(marks), frame, size, { x, y });

  test("is the one whose disc holds the pixel", () => {
    expect(at([mark(100, 0, 0), mark(0, 0, 0)], 100, 100)).toBe(1);
    expect(at([mark(100, 0, 0), mark(0, 0, 0)], 137, 100)).toBe(0);
    expect(at([mark(0, 0, 0)], 150, 100)).toBeUndefined();
  });

  test("is the one in front of two on one line", () => {
    expect(at([mark(0, 0, 100), mark(0, 0, -100)], 100, 100)).toBe(1);
    expect(at([mark(0, 0, -100), mark(0, 0, 100)], 100, 100)).toBe(0);
  });

  test("is none behind the eye", () => {
    expect(at([mark(0, 0, -2000)], 100, 100)).toBeUndefined();
  });

  test("is found among 100,000", () => {
    const many = Array.from({ length: 100_000 }, (_, i) => mark(i % 300, Math.floor(i / 300), 400, 1));
    many[77_777] = mark(-100, -100, 0, 5);
    const found = at(many, 100 - 37.3, 100 - 37.3);
    expect(found).toBe(77_777);
  });
});
