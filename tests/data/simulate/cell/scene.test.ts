import { beforeAll, describe, expect, it } from "vitest";
import {
  boundType,
  reachTowards,
  towardsMembrane,
  turnTo,
} from "../../../../src/data/simulate/cell/cytosol.js";
import {
  bitOf,
  type CellFeature,
  cellFeatures,
  featuresOf,
} from "../../../../src/data/simulate/cell/features.js";
import { type Cell, simulateCell } from "../../../../src/data/simulate/cell/scene.js";
import { halfThickness } from "../../../../src/data/simulate/cell/surfaces.js";
import type { PhantomPlan } from "../../../../src/data/simulate/phantom.js";
import { assembleSpecimens, type SpecimenSet } from "../../../../src/data/simulate/population.js";
import { defaultRanges, withFixed } from "../../../../src/data/simulate/rangesFile.js";
import { randomDirection, rotate } from "../../../../src/data/simulate/rotation.js";
import { randomFor } from "../../../../src/domain/random.js";

const spacing = 12;
/** Ice with its faces in view, and all else as by default. */
const rangesOf = (fixed: { noise: number; crowding: number }) =>
  withFixed({ ...defaultRanges, ice: { thickness: [1000, 1350], slope: [-4, 4] } }, fixed);
const plan: PhantomPlan = {
  ...{ seed: 4, part: "train", run: 1, spacing },
  ranges: rangesOf({ noise: 0, crowding: 0.02 }),
  shape: [72, 112, 120],
  counts: new Map(),
};

let specimens: SpecimenSet;
let cell: Cell;

beforeAll(async () => {
  specimens = await assembleSpecimens(spacing);
  cell = simulateCell(plan, { features: cellFeatures }, specimens);
});

/** Centres in Å of the voxels that hold any of the features. */
function voxelsOf(...features: CellFeature[]): [number, number, number][] {
  const bits = features.reduce((sum, feature) => sum | bitOf(feature), 0);
  const [, ny, nx] = plan.shape;
  const found: [number, number, number][] = [];
  cell.masks.forEach((held, i) => {
    if ((held & bits) === 0) return;
    const at = [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))] as const;
    found.push([(at[0] + 0.5) * spacing, (at[1] + 0.5) * spacing, (at[2] + 0.5) * spacing]);
  });
  return found;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array) =>
  Buffer.from(buffer, byteOffset, byteLength);

describe("simulateCell", () => {
  it("gives the same voxels, masks and picks for the same plan, and others for another run", () => {
    const ranges = rangesOf({ noise: 1, crowding: 0.01 });
    const small: PhantomPlan = { ...plan, shape: [36, 48, 52], ranges };
    const [a, b] = [simulateCell(small, {}, specimens), simulateCell(small, {}, specimens)];
    for (const part of ["masks", "wbp", "denoised"] as const)
      expect(Buffer.compare(bytesOf(b[part]), bytesOf(a[part]))).toBe(0);
    expect(b.picks).toEqual(a.picks);
    const other = simulateCell({ ...small, run: 2 }, {}, specimens);
    expect(Buffer.compare(bytesOf(other.masks), bytesOf(a.masks))).not.toBe(0);
  });

  it("holds every feature, and none in one voxel with another", () => {
    for (const feature of cellFeatures) expect(voxelsOf(feature).length).toBeGreaterThan(20);
    expect(cell.masks).toHaveLength(72 * 112 * 120);
    expect(cell.masks.findIndex((held) => (held & (held - 1)) !== 0)).toBe(-1);
  });

  it("is darker in every feature than beside it", () => {
    const sums = new Map<number, [sum: number, count: number]>();
    cell.masks.forEach((held, i) => {
      const [sum, count] = sums.get(held) ?? [0, 0];
      sums.set(held, [sum + cell.denoised[i]!, count + 1]);
    });
    const mean = (held: number) => sums.get(held)![0] / sums.get(held)![1];
    for (const feature of cellFeatures) expect(mean(bitOf(feature))).toBeLessThan(mean(0));
    expect(mean(bitOf("gold"))).toBeLessThan(3 * mean(bitOf("membrane")));
  });

  it("lets no particle touch a membrane, filament, bead, carbon or ice, but those that sit on a membrane", () => {
    const others = voxelsOf("microtubule", "actin", "gold", "carbon", "ice");
    const membranes = voxelsOf("membrane");
    const named = cell.proteins.filter(({ density }) => specimens.particles.has(density.name));
    expect(named).toHaveLength(cell.picks.length);
    const hosted = named.filter(({ host }) => host !== undefined);
    expect(hosted.length).toBeGreaterThan(2);
    for (const { density, at, host } of named) {
      const near = (voxels: readonly [number, number, number][]) =>
        voxels.reduce(
          (least, [x, y, z]) => Math.min(least, Math.hypot(x - at[0], y - at[1], z - at[2])),
          Infinity,
        );
      expect(near(others)).toBeGreaterThan(density.radius);
      expect(near(membranes)).toBeGreaterThan(host ? reachTowards(density, towardsMembrane) : density.radius);
    }
  });

  it("turns a particle on a membrane towards it, and gives that rotation with the pick", () => {
    for (const [i, { host, at, rotation, density }] of cell.proteins.entries()) {
      const pick = cell.picks[i];
      if (!pick || !host) continue;
      expect(pick.type).toBe(boundType);
      expect(pick.rotation).toEqual(rotation);
      const down = rotate(rotation, towardsMembrane);
      const reach = reachTowards(density, towardsMembrane);
      const foot = reach + halfThickness(host) + 4;
      const away = host.surface.distance(
        at[0] + foot * down[0],
        at[1] + foot * down[1],
        at[2] + foot * down[2],
        9,
      );
      expect(Math.abs(away)).toBeLessThan(3);
      expect(Math.hypot(pick.x - at[0], pick.y - at[1], pick.z - at[2])).toBeLessThan(1.5);
    }
  });

  it("refuses more particles than there is room for", () => {
    const counts = new Map([["virus-like-particle", 400]]);
    const small: PhantomPlan = { ...plan, shape: [36, 40, 44], counts };
    expect(() => simulateCell(small, {}, specimens)).toThrow(/400 virus-like-particle were asked for/);
  });
});

describe("turnTo", () => {
  it("is a rotation that turns one direction to the other, whatever the spin", () => {
    const random = randomFor(1, "turn test");
    for (let i = 0; i < 40; i++) {
      const [from, to] = [randomDirection(random), randomDirection(random)];
      const turn = turnTo(from, to, random.between(0, 360));
      for (const [axis, value] of rotate(turn, from).entries()) expect(value).toBeCloseTo(to[axis]!, 9);
      const [a, b, c] = [rotate(turn, [1, 0, 0]), rotate(turn, [0, 1, 0]), rotate(turn, [0, 0, 1])];
      const volume =
        a[0] * (b[1] * c[2] - b[2] * c[1]) +
        a[1] * (b[2] * c[0] - b[0] * c[2]) +
        a[2] * (b[0] * c[1] - b[1] * c[0]);
      expect(volume).toBeCloseTo(1, 9);
      expect(Math.hypot(...a)).toBeCloseTo(1, 9);
    }
  });
});

describe("featuresOf", () => {
  it("shows all features within two tomograms, membranes and gold in each, the others in most or half", () => {
    const runs = Array.from({ length: 12 }, (_, i) => featuresOf(i + 1));
    expect(new Set([...runs[0]!, ...runs[1]!]).size).toBe(cellFeatures.length);
    const share = (feature: CellFeature) => runs.filter((run) => run.has(feature)).length / 12;
    expect([share("membrane"), share("gold")]).toEqual([1, 1]);
    expect(share("microtubule")).toBeGreaterThan(0.8);
    for (const feature of ["actin", "carbon", "ice"] as const) {
      expect(share(feature)).toBeGreaterThanOrEqual(0.5);
      expect(share(feature)).toBeLessThan(1);
    }
    expect([...featuresOf(6, ["microtubule"])]).toEqual(["microtubule"]);
  });
});
