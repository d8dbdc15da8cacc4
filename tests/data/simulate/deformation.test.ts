import { describe, expect, it } from "vitest";
import {
  type Deformation,
  drawDeformation,
  greatestBend,
  shareLeft,
  warpOf,
} from "../../../src/data/simulate/deformation.js";
import { emptyField } from "../../../src/data/simulate/field.js";
import { randomRotation, type Vector3 } from "../../../src/data/simulate/rotation.js";
import { shapeOf } from "../../../src/data/simulate/shapes.js";
import { builtInDistractors } from "../../../src/data/simulate/solution/distractors.js";
import { stamp } from "../../../src/data/simulate/stamp.js";
import { challengeParticles } from "../../../src/domain/particles.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import fc from "../../support/properties.js";

const spacing = 10.012444196428572;
const at = { x: angstrom(231), y: angstrom(226), z: angstrom(229.5) };
const flexible = { bend: 6, missing: 0 };

/** A field with one copy, its pick, its mass in kilodalton and its centre of mass in Å. */
function stamped(density: Parameters<typeof stamp>[1], seed: number, deformation?: Deformation) {
  const field = emptyField([46, 46, 46], spacing);
  const pick = stamp(field, density, randomRotation(randomFor(seed, "turn")), at, deformation);
  const [, ny, nx] = field.shape;
  let mass = 0;
  const sums = [0, 0, 0];
  field.density.forEach((value, i) => {
    mass += value;
    [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))].forEach((index, axis) => {
      sums[axis]! += value * (index - field.offset[2 - axis]! + 0.5) * spacing;
    });
  });
  const centre = sums.map((sum) => sum / mass) as unknown as Vector3;
  return { field, pick, mass: (mass * spacing ** 3) / 1000, centre };
}

const everything = [
  ...challengeParticles.map(({ name }) => shapeOf(name, spacing)!),
  ...builtInDistractors(spacing).filter((_, i) => i % 5 === 0),
];

const ribosome = everything.find(({ name }) => name === "ribosome")!;

describe("a deformed copy", () => {
  it.each(everything.map(({ name }) => name))(
    "%s keeps its mass to a few per cent, and its pick is its centre of mass",
    (name) => {
      const density = everything.find((one) => one.name === name)!;
      for (let seed = 0; seed < 2; seed++) {
        const drawn = drawDeformation(flexible, density, randomFor(seed, name));
        const deformation = { ...drawn, amplitude: greatestBend(flexible, density.radius) };
        const rigid = stamped(density, seed);
        const bent = stamped(density, seed, deformation);
        expect(bent.field.density).not.toEqual(rigid.field.density);
        expect(Math.abs(bent.mass / rigid.mass - 1)).toBeLessThan(0.03);
        [bent.pick.x, bent.pick.y, bent.pick.z].forEach((value, axis) => {
          expect(Math.abs(value - bent.centre[axis]!)).toBeLessThan(0.01);
        });
        const moved = Math.hypot(...(["x", "y", "z"] as const).map((axis) => bent.pick[axis] - at[axis]));
        expect(moved).toBeLessThan(deformation.amplitude + 1);
      }
    },
  );

  it("of amplitude 0 equals the rigid one to the bit", () => {
    for (const density of everything.slice(0, 4)) {
      const deformation = drawDeformation({ bend: 0, missing: 0 }, density, randomFor(3, "still"));
      expect(deformation.amplitude).toBe(0);
      const rigid = stamped(density, 5);
      const still = stamped(density, 5, deformation);
      expect(still.pick).toEqual(rigid.pick);
      expect(
        Buffer.compare(Buffer.from(still.field.density.buffer), Buffer.from(rigid.field.density.buffer)),
      ).toBe(0);
    }
  });

  it("that lacks a domain is lighter on one side, and its pick stays where the whole one's is", () => {
    const density = shapeOf("thyroglobulin", spacing)!;
    const { cut, ...whole } = drawDeformation({ bend: 4, missing: 1 }, density, randomFor(1, "cut"));
    const complete = stamped(density, 2, whole);
    const partial = stamped(density, 2, { ...whole, cut: cut! });
    expect(partial.pick).toEqual(complete.pick);
    expect(partial.mass).toBeLessThan(0.97 * complete.mass);
    expect(partial.mass).toBeGreaterThan(0.4 * complete.mass);
    const height = (share: number) =>
      shareLeft({ ...whole, cut: cut! }, cut!.normal.map((n) => n * share) as unknown as Vector3);
    expect(height(cut!.height)).toBeCloseTo(0.5, 12);
    expect(height(cut!.height - 30)).toBeGreaterThan(0.999);
    expect(height(cut!.height + 30)).toBeLessThan(0.001);
  });
});

describe("warpOf", () => {
  it("has the volume of its finite differences, and shifts the rim by the amplitude at most", () => {
    const point = fc.tuple(...[0, 1, 2].map(() => fc.double({ min: -60, max: 60, noNaN: true })));
    fc.assert(
      fc.property(point, fc.nat(), ([x, y, z]: number[], seed) => {
        const { radius } = ribosome;
        const drawn = { ...drawDeformation(flexible, ribosome, randomFor(seed, "warp")), amplitude: 6 };
        const warp = warpOf(drawn);
        const from = (p: readonly number[]): Vector3 => {
          warp.from(p[0]!, p[1]!, p[2]!);
          return [warp.x, warp.y, warp.z];
        };
        const here = [x!, y!, z!];
        const volume = warp.volume(here[0]!, here[1]!, here[2]!);
        const step = 1e-3;
        const columns = [0, 1, 2].map((axis) => {
          const ahead = from(here.map((value, i) => value + (i === axis ? step : 0)));
          const behind = from(here.map((value, i) => value - (i === axis ? step : 0)));
          return ahead.map((value, i) => (value - behind[i]!) / (2 * step));
        });
        const [a, b, c] = columns as [number[], number[], number[]];
        const determinant =
          a[0]! * (b[1]! * c[2]! - b[2]! * c[1]!) -
          b[0]! * (a[1]! * c[2]! - a[2]! * c[1]!) +
          c[0]! * (a[1]! * b[2]! - a[2]! * b[1]!);
        expect(Math.abs(volume - Math.max(0, determinant))).toBeLessThan(1e-5);
        const long = Math.hypot(...here);
        fc.pre(long > 1);
        const rim = here.map((value) => (value / long) * radius);
        const shift = from(rim).map((value, i) => value - rim[i]!);
        expect(Math.hypot(...shift)).toBeLessThan(6.3);
      }),
    );
  });

  it("breathes evenly where the field is the place itself, by closed form", () => {
    const field = new Float64Array(27);
    for (const axis of [0, 1, 2]) field[axis * 9 + axis] = 1;
    const warp = warpOf({ amplitude: 5, radius: 50, field });
    warp.from(10, -20, 30);
    expect([warp.x, warp.y, warp.z]).toEqual([11, -22, 33]);
    expect(warp.volume(10, -20, 30)).toBeCloseTo(1.1 ** 3, 12);
  });
});

describe("drawDeformation", () => {
  it("draws amplitudes up to the bend, less for small copies, and cuts as often as asked", () => {
    const random = randomFor(1, "draws");
    const drawn = Array.from({ length: 1000 }, () =>
      drawDeformation({ bend: 6, missing: 0.1 }, ribosome, random),
    );
    expect(Math.max(...drawn.map(({ amplitude }) => amplitude))).toBeGreaterThan(5.8);
    expect(Math.max(...drawn.map(({ amplitude }) => amplitude))).toBeLessThan(6);
    expect(drawn.filter(({ cut }) => cut).length / 1000).toBeCloseTo(0.1, 1);
    expect(greatestBend({ bend: 6, missing: 0 }, 30)).toBeCloseTo(3, 12);
  });
});
