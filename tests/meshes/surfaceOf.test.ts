import { describe, expect, test } from "vitest";
import { angstrom } from "../../src/domain/units.js";
import type { Shape3, Spacing3 } from "../../src/domain/volume.js";
import { caseTriangles } from "../../src/meshes/cases.js";
import { measureMesh, vertexNormals } from "../../src/meshes/mesh.js";
import { surfaceOf } from "../../src/meshes/surfaceOf.js";
import { mapOf, noise, randomField, topologyOf } from "../support/meshes.js";

const plain = { level: 0.5, dust: 0, smooth: 0 };
const closed = { badEdges: 0, badVertices: 0 };

/** A ball's signed distance as a map: 1 deep inside, 0 far outside, ½ on the sphere. */
const ball =
  (centre: readonly number[], radius: number, spacing: readonly number[] = [1, 1, 1]) =>
  (z: number, y: number, x: number): number => {
    const away = Math.hypot(...[z, y, x].map((at, axis) => (at - centre[axis]!) * spacing[axis]!));
    return Math.min(1, Math.max(0, 0.5 + (radius - away) / 8));
  };

describe("the surface of a map", () => {
  test("has as many triangles a case as the tables in use: 820 in all", () => {
    const counts = caseTriangles.map((triangles) => triangles.length / 3);
    expect([0, 1, 2, 3, 4, 5].map((count) => counts.filter((each) => each === count).length)).toEqual([
      2, 16, 50, 80, 76, 32,
    ]);
  });

  test("of a sphere is closed, of Euler number 2, with area and volume within 1 %", async () => {
    for (const spacing of [
      [10, 10, 10],
      [13, 8, 10],
    ].map((each) => each.map(angstrom) as unknown as Spacing3)) {
      const radius = 130;
      const shape = spacing.map((step) => Math.ceil((2 * radius + 60) / step)) as unknown as Shape3;
      const centre = shape.map((size) => (size - 1) / 2 + 0.21);
      const { mesh, components } = await surfaceOf(
        mapOf(
          shape,
          (z, y, x) => {
            const away = Math.hypot(...[z, y, x].map((at, axis) => (at - centre[axis]!) * spacing[axis]!));
            return 0.5 + (radius - away) / 80;
          },
          spacing,
        ),
        plain,
      );
      const { area, volume } = measureMesh(mesh);
      expect(topologyOf(mesh)).toEqual({ ...closed, euler: 2 });
      expect(components.length).toBe(1);
      expect(Math.abs(volume / ((4 / 3) * Math.PI * radius ** 3) - 1)).toBeLessThan(0.01);
      expect(Math.abs(area / (4 * Math.PI * radius ** 2) - 1)).toBeLessThan(0.01);
      const normals = vertexNormals(mesh);
      for (let i = 0; i < normals.length; i += 3) {
        const out = [2, 1, 0].map(
          (axis, k) => mesh.positions[i + k]! - (centre[axis]! + 0.5) * spacing[axis]!,
        );
        const cosine = out.reduce((sum, value, k) => sum + value * normals[i + k]!, 0) / Math.hypot(...out);
        expect(cosine).toBeGreaterThan(0.97);
      }
    }
  });

  test("of a torus has Euler number 0", async () => {
    const { mesh } = await surfaceOf(
      mapOf([14, 36, 36], (z, y, x) => {
        const ring = Math.hypot(y - 17.5, x - 17.5) - 11;
        return 0.5 + (4 - Math.hypot(ring, z - 6.5)) / 8;
      }),
      plain,
    );
    expect(topologyOf(mesh)).toEqual({ ...closed, euler: 0 });
  });

  test.each([1, 2, 3])(
    "of white noise has every edge twice, in opposite directions (seed %i)",
    async (seed) => {
      for (const level of [0.3, 0.5, 0.7]) {
        const { mesh } = await surfaceOf(noise([17, 19, 21], seed), { ...plain, level });
        expect(mesh.faces.length).toBeGreaterThan(10_000);
        const { badEdges, badVertices } = topologyOf(mesh);
        expect({ badEdges, badVertices }).toEqual(closed);
      }
    },
  );

  test("is closed at the volume's faces, where it lies on them", async () => {
    const map = mapOf([4, 5, 6], () => 1, [angstrom(3), angstrom(2), angstrom(1)]);
    const { mesh } = await surfaceOf(map, plain);
    expect(topologyOf(mesh)).toEqual({ ...closed, euler: 2 });
    const most = [0, 1, 2].map((axis) =>
      mesh.positions.filter((_, i) => i % 3 === axis).reduce((a, b) => Math.max(a, b)),
    );
    expect(most).toEqual([6, 10, 12]);
    expect(mesh.positions.reduce((a, b) => Math.min(a, b))).toBe(0);
  });

  test("is the same for slabs of any depth", async () => {
    const map = randomField([12, 13, 14], 1.2, 5);
    const [three, one, all] = await Promise.all(
      [3, 1, 12].map((slabDepth) => surfaceOf({ ...map, slabDepth }, plain)),
    );
    expect(one).toEqual(three);
    expect(all).toEqual(three);
  });

  test("lies at voxels of the level too, with no triangle without area", async () => {
    const { mesh } = await surfaceOf(
      mapOf([5, 5, 5], (z, y, x) => (z === 2 && y === 2 && x === 2 ? 0.5 : 0)),
      plain,
    );
    expect(topologyOf(mesh)).toEqual({ ...closed, euler: 2 });
    expect(measureMesh(mesh).volume).toBeGreaterThan(0);
  });

  test("leaves out components below the dust, with voxels that touch by corners as one", async () => {
    const values = new Set(["2,2,2", "3,3,3", "4,4,3", "9,9,9", "9,9,10", "6,2,9"]);
    const map = mapOf([12, 12, 12], (z, y, x) => (values.has([z, y, x].join()) ? 1 : 0), [
      angstrom(2),
      angstrom(2),
      angstrom(2),
    ]);
    const all = await surfaceOf(map, plain);
    expect(all.components).toEqual([24, 16, 8]);
    const large = await surfaceOf(map, { ...plain, dust: 16 });
    expect([large.components, large.dust]).toEqual([[24, 16], 1]);
    const part = (rank: number) =>
      large.mesh.positions.filter((_, i) => large.mesh.parts[Math.floor(i / 3)] === rank);
    expect(part(0).every((at) => at >= 4 && at <= 10)).toBe(true);
    expect(part(1).every((at) => at >= 18 && at <= 22)).toBe(true);
    expect([...large.mesh.parts].toSorted((a, b) => a - b)).toEqual([...large.mesh.parts]);
  });

  test("of a map with NaN is refused with its place", async () => {
    const map = mapOf([6, 5, 4], (z, y, x) => (z === 4 && y === 3 && x === 2 ? Number.NaN : 0));
    await expect(surfaceOf(map, plain)).rejects.toThrow("NaN at z,y,x = 4,3,2");
    await expect(surfaceOf(map, { ...plain, smooth: 2 })).rejects.toThrow("NaN at z,y,x = 4,3,2");
  });

  test("of a map below the level is empty", async () => {
    const { mesh, components } = await surfaceOf(
      mapOf([3, 3, 3], () => 0.4),
      plain,
    );
    expect([mesh.faces.length, mesh.positions.length, components]).toEqual([0, 0, []]);
  });
});

describe("simplification", () => {
  test("of a sphere keeps it closed, with volume and area within 1 %, at a tenth of the triangles", async () => {
    const map = mapOf([40, 40, 40], ball([19.3, 19.6, 19.4], 15));
    const whole = await surfaceOf(map, plain);
    const { mesh, facesBefore } = await surfaceOf(map, { ...plain, simplify: 0.1 });
    expect(facesBefore).toBe(whole.mesh.faces.length / 3);
    expect(mesh.faces.length / 3).toBeLessThanOrEqual(Math.round(0.1 * facesBefore));
    expect(mesh.faces.length / 3).toBeGreaterThan(0.1 * facesBefore - 3);
    expect(topologyOf(mesh)).toEqual({ ...closed, euler: 2 });
    const [before, after] = [measureMesh(whole.mesh), measureMesh(mesh)];
    expect(Math.abs(after.volume / before.volume - 1)).toBeLessThan(0.01);
    expect(Math.abs(after.area / before.area - 1)).toBeLessThan(0.01);
  });

  test("of noise keeps closedness and Euler number, however few triangles are wanted", async () => {
    const map = noise([13, 14, 15], 7);
    const whole = await surfaceOf(map, plain);
    for (const simplify of [0.5, 4]) {
      const { mesh } = await surfaceOf(map, { ...plain, simplify });
      expect(mesh.faces.length).toBeLessThan(0.51 * whole.mesh.faces.length);
      expect(topologyOf(mesh)).toEqual(topologyOf(whole.mesh));
      expect(topologyOf(mesh)).toMatchObject(closed);
    }
  });

  test("keeps a box's corners and faces with few triangles", async () => {
    const map = mapOf([20, 20, 20], (z, y, x) => ([z, y, x].every((at) => at >= 4 && at < 16) ? 1 : 0));
    const whole = await surfaceOf(map, plain);
    const { mesh } = await surfaceOf(map, { ...plain, simplify: 200 });
    expect(topologyOf(mesh)).toEqual({ ...closed, euler: 2 });
    const [before, after] = [measureMesh(whole.mesh), measureMesh(mesh)];
    expect(Math.abs(after.volume / before.volume - 1)).toBeLessThan(0.005);
    expect(mesh.faces.length / 3).toBeLessThanOrEqual(200);
    expect(whole.mesh.faces.length / 3).toBeGreaterThan(1000);
    for (const extreme of [Math.min, Math.max])
      expect(extreme(...mesh.positions)).toBeCloseTo(extreme(...whole.mesh.positions), 1);
  });

  test("gives equal meshes twice", async () => {
    const map = randomField([14, 15, 16], 1.5, 3);
    const settings = { ...plain, simplify: 0.3 };
    expect(await surfaceOf(map, settings)).toEqual(await surfaceOf(map, settings));
  });
});
