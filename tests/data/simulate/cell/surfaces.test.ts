import { describe, expect, it } from "vitest";
import { bilayerProfile, drawMembranes } from "../../../../src/data/simulate/cell/membranes.js";
import { halfThickness, type Surface, sheet, vesicle } from "../../../../src/data/simulate/cell/surfaces.js";
import { emptyField } from "../../../../src/data/simulate/field.js";
import {
  randomDirection,
  randomRotation,
  rotate,
  transposed,
  type Vector3,
} from "../../../../src/data/simulate/rotation.js";

import { randomFor } from "../../../../src/domain/random.js";

const random = () => randomFor(3, "surfaces test");
const away = (a: Vector3, b: Vector3) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** An undulating ellipsoid, and its points by the formula of its radius. */
function dented() {
  const source = random();
  const shape = {
    centre: [10, -20, 35] as Vector3,
    axes: [400, 450, 520] as Vector3,
    turn: randomRotation(source),
    ripples: [2, 3, 4, 5].map((count) => ({
      axis: randomDirection(source),
      count,
      phase: source.between(0, 6),
      amplitude: 0.03 / (count - 1),
    })),
  };
  const pointAt = (u: Vector3): Vector3 => {
    const plain = Math.hypot(u[0] / 400, u[1] / 450, u[2] / 520);
    const ripple = shape.ripples.reduce(
      (sum, { axis, count, phase, amplitude }) =>
        sum + amplitude * Math.cos(count * (axis[0] * u[0] + axis[1] * u[1] + axis[2] * u[2]) + phase),
      1,
    );
    const [x, y, z] = rotate(shape.turn, [
      (u[0] * ripple) / plain,
      (u[1] * ripple) / plain,
      (u[2] * ripple) / plain,
    ]);
    return [x + 10, y - 20, z + 35];
  };
  return { surface: vesicle(shape), pointAt, turn: shape.turn };
}

const bent = () =>
  sheet({
    origin: [500, 500, 500],
    frame: [
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
    ],
    swells: [
      { across: 0.002, along: 0.001, phase: 1, amplitude: 45 },
      { across: -0.001, along: 0.0015, phase: 2, amplitude: 60 },
    ],
    side: -1,
    bounds: { low: [0, 0, 0], high: [1000, 1000, 1000] },
  });

/** Distance from a point to the nearest of many points of a surface near `about`. */
function nearest(point: Vector3, points: readonly Vector3[]): number {
  return points.reduce((least, other) => Math.min(least, away(point, other)), Infinity);
}

describe("vesicle", () => {
  it("is exact for a sphere", () => {
    const ball = vesicle({
      ...{ centre: [1, 2, 3], axes: [300, 300, 300], ripples: [] },
      turn: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    });
    const source = random();
    for (let i = 0; i < 50; i++) {
      const u = randomDirection(source);
      const far = source.between(265, 335);
      const at = [1 + far * u[0], 2 + far * u[1], 3 + far * u[2]] as const;
      expect(ball.distance(...at, 40)).toBeCloseTo(far - 300, 9);
      expect(ball.encloses(...at)).toBe(far < 300);
      expect(ball.clearance(...at)).toBeLessThanOrEqual(Math.abs(far - 300) + 1e-9);
    }
    expect(ball.distance(1, 2, 3 + 345, 40)).toBe(Infinity);
  });

  it("knows the distance from an undulating ellipsoid to 1.5 Å within the bilayer, and never overstates clearance", () => {
    const { surface, pointAt, turn } = dented();
    const source = random();
    for (let i = 0; i < 40; i++) {
      const u = randomDirection(source);
      const foot = pointAt(u);
      const offset = source.between(-40, 40);
      const lab = rotate(turn, u);
      const point: Vector3 = [
        foot[0] + offset * lab[0],
        foot[1] + offset * lab[1],
        foot[2] + offset * lab[2],
      ];
      const back = rotate(transposed(turn), lab);
      const around = Array.from({ length: 4000 }, () => {
        const v = back.map((value) => value + 0.12 * source.normal()) as unknown as Vector3;
        const long = Math.hypot(...v);
        return pointAt([v[0] / long, v[1] / long, v[2] / long]);
      });
      const true_ = nearest(point, [foot, ...around]);
      const found = surface.distance(...point, 60);
      expect(Math.abs(Math.abs(found) - true_)).toBeLessThan(1.5);
      expect(Math.sign(found)).toBe(Math.sign(offset));
      expect(surface.clearance(...point)).toBeLessThanOrEqual(true_ + 0.5);
    }
  });

  it("never overstates clearance far away and deep inside", () => {
    const { surface, pointAt } = dented();
    const source = random();
    const skin = Array.from({ length: 6000 }, () => pointAt(randomDirection(source)));
    for (let i = 0; i < 60; i++) {
      const u = randomDirection(source);
      const far = source.between(0, 1100);
      const point: Vector3 = [10 + far * u[0], -20 + far * u[1], 35 + far * u[2]];
      expect(surface.clearance(...point)).toBeLessThanOrEqual(nearest(point, skin) + 1e-9);
    }
  });
});

describe.each([
  ["vesicle", () => dented().surface],
  ["sheet", bent],
] as const)("a point of a %s", (_, make) => {
  it("lies on it, with the normal along which the distance grows", () => {
    const surface: Surface = make();
    const source = random();
    for (let i = 0; i < 50; i++) {
      const { at, normal } = surface.draw(source);
      expect(Math.abs(surface.distance(...at, 10))).toBeLessThan(1e-6);
      expect(Math.hypot(...normal)).toBeCloseTo(1, 9);
      const base = surface.distance(...at, 100);
      const ahead = surface.distance(at[0] + normal[0], at[1] + normal[1], at[2] + normal[2], 100);
      expect(ahead - base).toBeCloseTo(1, 2);
      expect(surface.span(at[1], at[2], 1)[0]).toBeLessThanOrEqual(at[0]);
      expect(surface.span(at[1], at[2], 1)[1]).toBeGreaterThanOrEqual(at[0]);
    }
  });
});

describe("bilayer", () => {
  const profile = bilayerProfile(19, 4);

  it("has two heads 36 to 40 Å apart, a dip between them, and ends at 30 Å", () => {
    const values = Array.from({ length: 401 }, (_, i) => profile((i - 200) / 5));
    const peak = values.indexOf(Math.max(...values));
    expect(Math.abs(peak - 200) / 5).toBeGreaterThan(15);
    expect(Math.abs(peak - 200) / 5).toBeLessThan(20);
    expect(profile(0)).toBeLessThan(0.5 * Math.max(...values));
    expect(profile(0)).toBeGreaterThan(0);
    expect(profile(halfThickness({ head: 19 }))).toBeLessThan(0.15 * Math.max(...values));
  });

  it("is drawn where the mask is: a flat sheet of 10 Å voxels is two lines of density, six voxels wide", () => {
    const field = emptyField([20, 20, 40], 10);
    const canvas = { field, shape: [20, 20, 40] as const, masks: new Uint8Array(16000) };
    const flat = sheet({
      origin: [200, 100, 100],
      frame: [
        [0, 1, 0],
        [0, 0, 1],
        [1, 0, 0],
      ],
      swells: [],
      side: 1,
      bounds: { low: [0, 0, 0], high: [400, 200, 200] },
    });
    drawMembranes(canvas, [{ surface: flat, head: 19, area: 1 }], () => true);
    const row = Array.from({ length: 40 }, (_, x) => canvas.masks[(10 * 20 + 10) * 40 + x]!);
    expect(row.reduce((sum, bit) => sum + bit, 0)).toBe(6);
    const { shape, offset, density } = field;
    const at = (x: number) =>
      density[((10 + offset[0]) * shape[1] + 10 + offset[1]) * shape[2] + x + offset[2]]!;
    expect(at(21)).toBeGreaterThan(1.3 * at(20));
    expect(at(18)).toBeGreaterThan(1.3 * at(19));
    expect(at(24)).toBeLessThan(0.1 * at(21));
    const inside = Array.from({ length: 40 }, (_, x) => (row[x] ? at(x) : 0)).reduce((a, b) => a + b, 0);
    const all = Array.from({ length: 40 }, (_, x) => at(x)).reduce((a, b) => a + b, 0);
    expect(inside / all).toBeGreaterThan(0.97);
  });
});
