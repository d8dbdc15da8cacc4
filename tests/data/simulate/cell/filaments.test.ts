import { describe, expect, it } from "vitest";
import {
  actin,
  actinSites,
  bentPath,
  drawPaths,
  filamentKinds,
  microtubule,
  microtubuleSites,
  pathStep,
  placeSite,
} from "../../../../src/data/simulate/cell/filaments.js";
import { filamentSubunits } from "../../../../src/data/simulate/cell/proteins.js";
import { emptyField } from "../../../../src/data/simulate/field.js";

const none = { swing: 0, wave: 1000, phase: 0 };

describe("microtubuleSites", () => {
  const sites = microtubuleSites(2000);

  it("crosses every 80 Å of its length with 13 dimers, each on a straight protofilament of its own", () => {
    for (let from = 200; from < 1800; from += 37) {
      const crossed = sites.filter(({ along }) => along >= from && along < from + 80);
      expect(crossed).toHaveLength(13);
      const angles = crossed.map(({ angle }) => angle).sort((a, b) => a - b);
      for (const [i, angle] of angles.entries()) expect(angle).toBeCloseTo((i * 360) / 13, 9);
    }
  });

  it("rises by three monomers of 40 Å in a left-handed turn", () => {
    const heightOf = (i: number) => sites.find(({ angle }) => Math.abs(angle - (i * 360) / 13) < 1e-6)!.along;
    for (let i = 0; i < 12; i++)
      expect((heightOf(i) - heightOf(i + 1) + 80) % 80).toBeCloseTo((3 * 40) / 13, 9);
  });
});

describe("actinSites", () => {
  it("rises 27.3 Å and turns −166.7° a subunit: 13 of them make six turns to half a degree", () => {
    const sites = actinSites(1000);
    expect(sites).toHaveLength(37);
    for (let i = 1; i < sites.length; i++) {
      expect(sites[i]!.along - sites[i - 1]!.along).toBeCloseTo(27.3, 9);
      expect(sites[i]!.angle - sites[i - 1]!.angle).toBeCloseTo(-166.7, 9);
    }
    expect(Math.abs(sites[13]!.angle + 6 * 360)).toBeLessThan(7.5);
    const path = bentPath([0, 0, 0], [0, 0, 1], [none, none], 1000);
    const places = sites.map((site) => placeSite(path, site));
    for (const [i, { at, rotation }] of places.entries()) {
      expect(Math.hypot(at[0], at[1])).toBeCloseTo(actin.radius, 6);
      // The subunit's x axis points away from the filament's axis, its z along it.
      expect((rotation[0] * at[0] + rotation[3] * at[1]) / actin.radius).toBeCloseTo(1, 6);
      expect(rotation[8]).toBeCloseTo(1, 9);
      if (i === 0) continue;
      const before = places[i - 1]!.at;
      const turn = Math.atan2(before[0] * at[1] - before[1] * at[0], before[0] * at[0] + before[1] * at[1]);
      expect((turn * 180) / Math.PI).toBeCloseTo(-166.7, 6);
    }
  });
});

describe("bentPath", () => {
  it("keeps its step and a frame at right angles, and passes through its middle", () => {
    const bends = [
      { swing: 0.2, wave: 4000, phase: 1 },
      { swing: 0.1, wave: 3000, phase: 2 },
    ] as const;
    const path = bentPath([5, 6, 7], [0.6, 0.8, 0], bends, 3000);
    expect(path).toHaveLength(151);
    expect(path[75]!.at).toEqual([5, 6, 7]);
    for (let i = 1; i < path.length; i++) {
      const { at, along, across } = path[i]!;
      const before = path[i - 1]!;
      const step = at.map((value, axis) => value - before.at[axis]!);
      expect(Math.hypot(...step)).toBeCloseTo(pathStep, 9);
      expect(along[0] * across[0] + along[1] * across[1] + along[2] * across[2]).toBeCloseTo(0, 9);
      expect(Math.hypot(...across)).toBeCloseTo(1, 9);
      expect(before.across.reduce((sum, v, axis) => sum + v * across[axis]!, 0)).toBeGreaterThan(0.9999);
    }
  });
});

describe("drawPaths", () => {
  const spacing = 5;
  const shape = [80, 72, 72] as const;
  const middle = 180;
  const drawn = (name: "microtubule" | "actin") => {
    const canvas = { field: emptyField(shape, spacing), shape, masks: new Uint8Array(80 * 72 * 72) };
    const path = bentPath([middle, middle, 200], [0, 0, 1], [none, none], 500);
    drawPaths(canvas, filamentKinds[name], filamentSubunits(spacing)[name], [path]);
    return canvas;
  };

  /** Mean density around the axis at a radius and angle, over the middle 160 Å of the length. */
  function around({ field }: ReturnType<typeof drawn>, radius: number, angle: number): number {
    const x = Math.round((middle + radius * Math.cos(angle)) / spacing - 0.5) + field.offset[2];
    const y = Math.round((middle + radius * Math.sin(angle)) / spacing - 0.5) + field.offset[1];
    let sum = 0;
    for (let z = 24; z < 56; z++)
      sum += field.density[((z + field.offset[0]) * field.shape[1] + y) * field.shape[2] + x]! / 32;
    return sum;
  }

  it("shows 13 protofilaments around a cross-section of a hollow tube", () => {
    const canvas = drawn("microtubule");
    const count = 720;
    const ring = Array.from({ length: count }, (_, i) => around(canvas, 110, (2 * Math.PI * i) / count));
    const strength = (order: number) => {
      const [re, im] = ring.reduce(
        ([a, b], value, i) => {
          const angle = (2 * Math.PI * order * i) / count;
          return [a + value * Math.cos(angle), b + value * Math.sin(angle)] as const;
        },
        [0, 0] as readonly [number, number],
      );
      return Math.hypot(re, im) / count;
    };
    const orders = Array.from({ length: 15 }, (_, i) => i + 5);
    expect(orders.toSorted((a, b) => strength(b) - strength(a))[0]).toBe(13);
    const mean = ring.reduce((sum, value) => sum + value, 0) / count;
    expect(strength(13) / mean).toBeGreaterThan(0.05);
    for (let i = 0; i < 8; i++) {
      expect(around(canvas, 0, i)).toBeLessThan(0.01 * mean);
      expect(around(canvas, 60, i)).toBeLessThan(0.1 * mean);
      expect(around(canvas, 150, i)).toBeLessThan(0.02 * mean);
    }
  });

  it.each(["microtubule", "actin"] as const)(
    "marks a solid cylinder for %s, which holds the density",
    (name) => {
      const canvas = drawn(name);
      const { outer, feature } = filamentKinds[name];
      const bit = feature === "actin" ? 4 : 2;
      let wrong = 0;
      let voxels = 0;
      let inside = 0;
      let all = 0;
      for (let z = 24; z < 56; z++) {
        for (let y = 0; y < 72; y++) {
          for (let x = 0; x < 72; x++) {
            const { offset, shape: size, density } = canvas.field;
            const value = density[((z + offset[0]) * size[1] + y + offset[1]) * size[2] + x + offset[2]]!;
            const held = canvas.masks[(z * 72 + y) * 72 + x] === bit;
            const away = Math.hypot((x + 0.5) * spacing - middle, (y + 0.5) * spacing - middle);
            wrong += held === away <= outer ? 0 : 1;
            voxels += held ? 1 : 0;
            inside += held ? value : 0;
            all += value;
          }
        }
      }
      expect(wrong).toBe(0);
      expect((voxels * spacing ** 2) / 32 / (Math.PI * outer ** 2)).toBeCloseTo(1, 1);
      expect(inside / all).toBeGreaterThan(0.88);
      const mass =
        filamentKinds[name].feature === "actin" ? (42_000 * 160) / actin.rise : (13 * 100_000 * 160) / 80;
      expect((all * spacing ** 3) / mass).toBeCloseTo(1, 1);
      expect(microtubule.outer).toBe(125);
    },
  );
});
