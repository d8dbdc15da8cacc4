import { beforeAll, describe, expect, it } from "vitest";
import { Occupancy } from "../../../../src/data/simulate/cell/occupancy.js";
import { halfThickness } from "../../../../src/data/simulate/cell/surfaces.js";
import type { Density } from "../../../../src/data/simulate/density.js";
import { type PhantomPlan, simulatePhantom } from "../../../../src/data/simulate/phantom.js";
import { drawSlab, slabMiddle } from "../../../../src/data/simulate/placement.js";
import { assembleSpecimens, type SpecimenSet } from "../../../../src/data/simulate/population.js";
import { defaultRanges, type SimulationRanges } from "../../../../src/data/simulate/rangesFile.js";
import { plus, rotate, type Vector3 } from "../../../../src/data/simulate/rotation.js";
import { type Contents, drawContents } from "../../../../src/data/simulate/solution/contents.js";
import { coverOf, type PlacedCopy, placeCopies } from "../../../../src/data/simulate/solution/placing.js";
import { drawSolution } from "../../../../src/data/simulate/solution/scene.js";
import { randomFor } from "../../../../src/domain/random.js";
import { angstrom } from "../../../../src/domain/units.js";
import type { Volume } from "../../../../src/domain/volume.js";
import fc from "../../../support/properties.js";

const spacing = 10.012444196428572;
const rigid = { bend: 0, missing: 0 };

let specimens: SpecimenSet;
beforeAll(async () => {
  specimens = await assembleSpecimens(spacing);
});

/** A ball of a radius, as one voxel and its rim. */
const ofRadius = (radius: number): Density => {
  const step = angstrom(radius);
  const map: Volume = { data: new Float32Array(27).fill(1), shape: [3, 3, 3], spacing: [step, step, step] };
  return { name: "ball", map, centre: [1, 1, 1], radius, reach: radius };
};

interface Sphere {
  readonly at: Vector3;
  readonly radius: number;
}

/** Spheres around a copy's voxels above a tenth of its peak: parts of them, as they lie in the tomogram. */
const spheresOf = ({ density, at, rotation }: PlacedCopy): Sphere[] =>
  coverOf(density).map((sphere) => ({ at: plus(at, rotate(rotation, sphere.at)), radius: sphere.radius }));

/** The least distance in Å between two copies, by the spheres that cover them; 20 where all are farther apart. */
function closest(copies: readonly PlacedCopy[]): number {
  const spheres = copies.map(spheresOf);
  let least = 20;
  for (const [i, one] of copies.entries()) {
    for (const [j, other] of copies.slice(0, i).entries()) {
      const apart = Math.hypot(...plus(one.at, other.at, -1));
      if (apart > one.density.radius + other.density.radius + 100) continue;
      for (const a of spheres[i]!)
        for (const b of spheres[j]!)
          least = Math.min(
            least,
            Math.hypot(a.at[0] - b.at[0], a.at[1] - b.at[1], a.at[2] - b.at[2]) - a.radius - b.radius,
          );
    }
  }
  return least;
}

describe("coverOf", () => {
  it("covers every voxel above a tenth of the peak, long bodies by several spheres in less room", () => {
    for (const density of [...specimens.particles.values(), ...specimens.distractors]) {
      const spheres = coverOf(density);
      const { map, centre, radius } = density;
      const peak = map.data.reduce((most, value) => Math.max(most, value), 0);
      const [, ny, nx] = map.shape;
      map.data.forEach((value, i) => {
        if (value <= 0.1 * peak) return;
        const index = [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))] as const;
        const at = index.map((n, axis) => (n - centre[2 - axis]!) * map.spacing[2 - axis]!);
        const depth = spheres.map(
          (sphere) => sphere.radius - Math.hypot(...sphere.at.map((v, k) => v - at[k]!)),
        );
        if (Math.max(...depth) < -1e-9) expect.unreachable(density.name);
      });
      const volume = spheres.reduce((sum, sphere) => sum + sphere.radius ** 3, 0);
      expect(volume).toBeLessThanOrEqual(radius ** 3);
    }
    const rod = specimens.distractors.find(({ name }) => name === "distractor rod 4")!;
    expect(coverOf(rod).length).toBeGreaterThan(2);
  });
});

describe("placeCopies", () => {
  const radii = fc.array(fc.double({ min: 20, max: 160, noNaN: true }), { maxLength: 60 });
  const size = fc.record({
    x: fc.integer({ min: 400, max: 4000 }),
    y: fc.integer({ min: 400, max: 4000 }),
    z: fc.integer({ min: 400, max: 1900 }),
  });

  it("keeps the gap between any two and all of them in the ice, whatever is asked for", () => {
    fc.assert(
      fc.property(radii, size, fc.nat(), fc.constantFrom(0, 6), (wanted, extent, seed, bend) => {
        const slab = drawSlab(extent, defaultRanges.ice, randomFor(seed, "slab"));
        const place = {
          occupancy: new Occupancy(slab),
          flexibility: { ...rigid, bend },
          random: randomFor(seed, "bodies"),
        };
        const placed = placeCopies(wanted.map(ofRadius), 500, place);
        expect(placed.length).toBeLessThanOrEqual(wanted.length);
        expect(closest(placed)).toBeGreaterThanOrEqual(4 - 1e-6);
        for (const { at, density } of placed) {
          const [x, y, z] = at;
          expect(x >= 0 && x < extent.x && y >= 0 && y < extent.y).toBe(true);
          const lean = Math.hypot(1, slab.slopeX, slab.slopeY);
          const toFace = (slab.thickness / 2 - Math.abs(z - slabMiddle(slab, x, y))) / lean;
          expect(toFace).toBeGreaterThanOrEqual(density.radius - 1e-6);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("places everything where there is room: a hundred large ones, or five thousand small ones", () => {
    const slab = drawSlab({ x: 6300, y: 6300, z: 1840 }, defaultRanges.ice, randomFor(1, "slab"));
    for (const [count, radius] of [
      [100, 120],
      [5000, 55],
    ] as const) {
      const place = { occupancy: new Occupancy(slab), flexibility: rigid, random: randomFor(1, "bodies") };
      expect(placeCopies(Array<Density>(count).fill(ofRadius(radius)), 20, place)).toHaveLength(count);
    }
  });
});

/** Contents at the crowded end, with everything that can be in them. */
const crowded: SimulationRanges = {
  ...defaultRanges,
  particles: 1.5,
  distractors: { kinds: 30, perParticle: 6 },
  flexibility: { bend: 6, missing: 0.1 },
  negatives: { vesicles: 1, gold: 1, carbon: 1 },
};

const contentsOf = (ranges: SimulationRanges, run = 1): Contents =>
  drawContents(
    ranges,
    specimens.distractors.map(({ name }) => name),
    randomFor(9, "contents", run),
  );

describe("drawSolution", () => {
  const solutionOf = (ranges: SimulationRanges, run = 1, edge = 3000) =>
    drawSolution(
      drawSlab({ x: edge, y: edge, z: 1840 }, defaultRanges.ice, randomFor(2, "slab")),
      contentsOf(ranges, run),
      specimens,
      new Map(),
      (purpose) => randomFor(9, purpose, run),
    );

  it("lets nothing overlap: copies, membranes, gold and carbon", () => {
    const { particles, distractors, vesicles, gold, film } = solutionOf(crowded, 1, 2000);
    const copies = [...particles, ...distractors];
    expect(copies.length).toBeGreaterThan(200);
    expect(vesicles.length).toBeGreaterThan(0);
    expect(gold.length).toBeGreaterThan(0);
    expect(closest(copies)).toBeGreaterThanOrEqual(4 - 1e-6);
    for (const { at, radius } of copies.flatMap(spheresOf)) {
      expect(film!(...at)).toBeGreaterThanOrEqual(radius);
      for (const bead of gold)
        expect(Math.hypot(...plus(bead.at, at, -1))).toBeGreaterThan(bead.radius + radius);
      for (const membrane of vesicles)
        expect(Math.abs(membrane.surface.distance(...at, 1e4))).toBeGreaterThan(
          0.9 * radius + halfThickness(membrane),
        );
    }
  });

  it("holds as many distractors as drawn, of the kinds drawn", () => {
    for (let run = 1; run <= 4; run++) {
      const contents = contentsOf(defaultRanges, run);
      const { particles, distractors } = solutionOf(defaultRanges, run, 6300);
      const wanted = Math.round(contents.perParticle * particles.length);
      expect(distractors.length).toBeGreaterThan(0.9 * wanted);
      expect(distractors.length).toBeLessThan(1.1 * wanted + 5);
      for (const { density } of distractors) expect(contents.kinds).toHaveProperty(density.name);
    }
  });

  it("holds no more than particles and distractors where nothing else is asked for", () => {
    const none = { vesicles: 0, gold: 0, carbon: 0 };
    const { vesicles, film, gold } = solutionOf({ ...defaultRanges, negatives: none });
    expect([vesicles, film, gold]).toEqual([[], undefined, []]);
  });
});

describe("simulatePhantom", () => {
  const plan: PhantomPlan = {
    ...{ seed: 4, part: "train", run: 1, spacing, ranges: crowded },
    shape: [48, 64, 68],
    counts: new Map([["ribosome", 2]]),
  };

  it("gives the same voxels and picks for the same plan and contents, and others for other contents", () => {
    const bytes = ({ wbp }: { wbp: Float32Array }) => Buffer.from(wbp.buffer, wbp.byteOffset, wbp.byteLength);
    const [a, b] = [simulatePhantom(plan, specimens), simulatePhantom(plan, specimens)];
    expect(Buffer.compare(bytes(a), bytes(b))).toBe(0);
    expect(b.picks).toEqual(a.picks);
    expect(a.picks.filter(({ type }) => type === "ribosome")).toHaveLength(2);
    const still = { ...crowded, flexibility: rigid };
    const other = simulatePhantom({ ...plan, ranges: still }, specimens);
    expect(Buffer.compare(bytes(a), bytes(other))).not.toBe(0);
  });

  it("lists no distractor among the picks, and tells what found a place", () => {
    const { picks, contents } = simulatePhantom(plan, specimens);
    for (const { type } of picks) expect(specimens.particles.has(type)).toBe(true);
    const others = Object.keys(contents!.placed).filter((kind) => kind.startsWith("distractor"));
    expect(others.length).toBeGreaterThan(0);
  });
});
