/** Surfaces beside those of scikit-image, smoothing beside SciPy's. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { measureMesh } from "../../src/meshes/mesh.js";
import { smoothed } from "../../src/meshes/smooth.js";
import { surfaceOf } from "../../src/meshes/surfaceOf.js";
import { mapOf, randomField } from "../support/meshes.js";
import { pythonHas, runPythonFile } from "../support/python.js";
import { temporaryFolder } from "../support/storeFixtures.js";

interface PeerSurface {
  readonly vertices: number;
  readonly faces: number;
  readonly area: number;
  readonly volume: number;
}

interface Peer {
  readonly surfaces: readonly { readonly lorensen: PeerSurface; readonly lewiner: PeerSurface }[];
  readonly smooth: readonly number[];
}

const script = new URL("../fixtures/meshes/skimage_mesh.py", import.meta.url).pathname;

function peerOf({ data, shape }: ReturnType<typeof mapOf>, levels: readonly number[], sigma = 0): Peer {
  const path = join(temporaryFolder(), "map.f4");
  writeFileSync(path, data);
  return runPythonFile(script, path, ...[...shape, sigma, ...levels].map(String)) as Peer;
}

/** Keeps a field off the volume's faces, where the peer's margin of 0 is not ours. */
const within = (field: ReturnType<typeof mapOf>): ReturnType<typeof mapOf> => {
  const { shape, data } = field;
  return mapOf(shape, (z, y, x) => {
    const rim = [z, y, x].some((at, axis) => at < 2 || at >= shape[axis]! - 2);
    return rim ? 0 : data[(z * shape[1] + y) * shape[2] + x]!;
  });
};

describe.runIf(pythonHas("skimage", "scipy"))("beside scikit-image (skipped without it)", () => {
  test.each([6, 11.3, 17])(
    "a sphere of radius %d has the same vertices, triangles, area and volume",
    async (radius) => {
      const map = mapOf(
        [40, 42, 44],
        (z, y, x) => 0.5 + (radius - Math.hypot(z - 19.3, y - 20.6, x - 21.1)) / 8,
      );
      const { mesh } = await surfaceOf(within(map), { level: 0.5, dust: 0, smooth: 0 });
      const { lorensen, lewiner } = peerOf(within(map), [0.5]).surfaces[0]!;
      for (const peer of [lorensen, lewiner]) {
        expect([mesh.positions.length / 3, mesh.faces.length / 3]).toEqual([peer.vertices, peer.faces]);
        const { area, volume } = measureMesh(mesh);
        expect(area / peer.area).toBeCloseTo(1, 3);
        expect(volume / peer.volume).toBeCloseTo(1, 3);
      }
    },
  );

  test.each([1, 2, 3, 4])(
    "a smooth random field has the same vertices and triangles as by the classic table (seed %i)",
    async (seed) => {
      const map = within(randomField([40, 44, 48], 1.6, seed));
      const levels = [0.484375, 0.5, 0.53125];
      const { surfaces } = peerOf(map, levels);
      for (const [at, level] of levels.entries()) {
        const { mesh } = await surfaceOf(map, { level, dust: 0, smooth: 0 });
        const { lorensen, lewiner } = surfaces[at]!;
        expect(mesh.faces.length / 3).toBeGreaterThan(5000);
        expect([mesh.positions.length / 3, mesh.faces.length / 3]).toEqual([
          lorensen.vertices,
          lorensen.faces,
        ]);
        const { area, volume } = measureMesh(mesh);
        expect(Math.abs(area / lorensen.area - 1)).toBeLessThan(0.002);
        expect(Math.abs(volume / lorensen.volume - 1)).toBeLessThan(0.003);
        expect(Math.abs(area / lewiner.area - 1)).toBeLessThan(0.01);
      }
    },
  );

  test.each([0.4, 1, 2.7])("smoothing is SciPy's Gaussian of %d voxels", (sigma) => {
    const map = randomField([9, 13, 17], 0, 5);
    const [, height, width] = map.shape;
    const out: number[] = [];
    const sink = smoothed(map.shape, [sigma, sigma, sigma], (slice) => out.push(...slice));
    for (let z = 0; z < map.shape[0]; z++)
      sink.add(map.data.subarray(z * height * width, (z + 1) * height * width));
    sink.finish();
    const { smooth } = peerOf(map, [], sigma);
    for (const [i, value] of smooth.entries()) expect(out[97 * i]!).toBeCloseTo(value, 6);
  });
});
