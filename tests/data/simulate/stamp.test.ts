import { describe, expect, it } from "vitest";
import { emptyField } from "../../../src/data/simulate/field.js";
import { randomRotation } from "../../../src/data/simulate/rotation.js";
import { massOf, shapeOf } from "../../../src/data/simulate/shapes.js";
import { stamp } from "../../../src/data/simulate/stamp.js";
import { challengeParticles } from "../../../src/domain/particles.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";

const spacing = 10.012444196428572;

/** Centre of mass in Å from the tomogram's corner, by the half-voxel rule, and the mass in kilodalton. */
function momentsOf({ density, shape, offset }: ReturnType<typeof emptyField>) {
  let [sum, x, y, z] = [0, 0, 0, 0];
  density.forEach((value, i) => {
    sum += value;
    x += value * ((i % shape[2]) - offset[2] + 0.5);
    y += value * ((Math.floor(i / shape[2]) % shape[1]) - offset[1] + 0.5);
    z += value * (Math.floor(i / (shape[1] * shape[2])) - offset[0] + 0.5);
  });
  return {
    x: (x / sum) * spacing,
    y: (y / sum) * spacing,
    z: (z / sum) * spacing,
    mass: (sum * spacing ** 3) / 1000,
  };
}

describe("stamp", () => {
  it.each(challengeParticles.map(({ name }) => name))(
    "%s: the pick is the intensity's centroid to 0.01 Å",
    (name) => {
      const random = randomFor(7, name);
      const density = shapeOf(name, spacing)!;
      for (let i = 0; i < 3; i++) {
        const field = emptyField([46, 47, 48], spacing);
        const wanted = {
          x: angstrom(240 + random.uniform() * 10),
          y: angstrom(230 + random.uniform() * 10),
          z: angstrom(225 + random.uniform() * 10),
        };
        const pick = stamp(field, density, randomRotation(random), wanted);
        const found = momentsOf(field);
        for (const axis of ["x", "y", "z"] as const) {
          expect(Math.abs(pick[axis] - found[axis])).toBeLessThan(0.01);
          expect(Math.abs(pick[axis] - wanted[axis])).toBeLessThan(1);
        }
        expect(found.mass / massOf(name)!).toBeCloseTo(1, 1);
      }
    },
  );

  it("a particle cut by the edge keeps its true centre", () => {
    const density = shapeOf("ribosome", spacing)!;
    const wanted = { x: angstrom(3), y: angstrom(250), z: angstrom(250) };
    const turn = randomRotation(randomFor(8, "edge"));
    const cut = stamp(emptyField([50, 50, 50], spacing), density, turn, wanted);
    const shift = 20 * spacing;
    const whole = stamp(emptyField([50, 50, 90], spacing), density, turn, {
      ...wanted,
      x: angstrom(3 + shift),
    });
    expect(cut.x).toBeCloseTo(whole.x - shift, 6);
    expect(Math.abs(cut.x - 3)).toBeLessThan(1);
  });
});

describe("built-in shapes", () => {
  const radial = (name: string, away: number): number => {
    const { map, centre } = shapeOf(name, spacing)!;
    const [nz, ny, nx] = map.shape;
    let sum = 0;
    let count = 0;
    for (let z = 0; z < nz; z++)
      for (let y = 0; y < ny; y++)
        for (let x = 0; x < nx; x++) {
          const distance = Math.hypot(z - centre[0], y - centre[1], x - centre[2]) * spacing;
          if (Math.abs(distance - away) > 8) continue;
          sum += map.data[(z * ny + y) * nx + x]!;
          count++;
        }
    return sum / count;
  };

  it.each([
    ["apo-ferritin", 0, 50],
    ["virus-like-particle", 0, 125],
    ["virus-like-particle", 80, 125],
  ])("%s is hollow: %i Å from its centre there is far less than at %i Å", (name, inside, shell) => {
    expect(radial(name, inside)).toBeLessThan(0.35 * radial(name, shell));
  });

  it("have the published sizes", () => {
    const radius = (name: string) => shapeOf(name, spacing)!.radius;
    expect(radius("apo-ferritin")).toBeGreaterThan(58);
    expect(radius("apo-ferritin")).toBeLessThan(80);
    expect(radius("virus-like-particle")).toBeGreaterThan(130);
    expect(radius("virus-like-particle")).toBeLessThan(158);
    expect(radius("ribosome")).toBeGreaterThan(120);
    expect(radius("ribosome")).toBeLessThan(175);
    expect(radius("thyroglobulin")).toBeGreaterThan(radius("beta-galactosidase"));
    expect(radius("beta-galactosidase")).toBeGreaterThan(radius("beta-amylase"));
  });
});
