import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { type Shape3, type Spacing3, voxelCount } from "../../../src/domain/volume.js";
import { beginContest, blurOf, blurVolume, enter } from "../../../src/infer/rules/identity.js";
import { openDilation } from "../../../src/infer/rules/pool.js";
import type { RuleMode, Rules } from "../../../src/infer/rules/rules.js";
import { pythonHas, runPythonFile } from "../../support/python.js";
import { condition } from "./condition.js";

const script = new URL("../../fixtures/rules/reference.py", import.meta.url).pathname;
const floats = (text: string): Float32Array =>
  new Float32Array(new Uint8Array(Buffer.from(text, "base64")).buffer);

/** A random scene: smooth blobs, so that features have insides and outsides. */
function scene(seed: number, mode: RuleMode) {
  const random = randomFor(seed, "rules", 0);
  const pick = (count: number): number => random.integer(count);
  const shape: Shape3 = [5 + pick(9), 9 + pick(14), 9 + pick(20)];
  const spacing = (
    mode === "exact" && seed % 2 === 1
      ? [angstrom(13.5), angstrom(10.012), angstrom(10.012)]
      : [angstrom(10.012), angstrom(10.012), angstrom(10.012)]
  ) satisfies Spacing3;
  const count = 3 + pick(3);
  const maps = Array.from({ length: count }, () => {
    const [z0, y0, x0] = shape.map((size) => random.uniform() * size) as [number, number, number];
    const size = 1 + random.uniform() * 4;
    return Float32Array.from({ length: voxelCount(shape) }, (_, i) => {
      const x = i % shape[2];
      const y = Math.floor(i / shape[2]) % shape[1];
      const z = Math.floor(i / shape[2] / shape[1]);
      const distance = Math.hypot(z - z0, y - y0, x - x0) / size;
      return Math.max(0, Math.min(1, Math.exp(-(distance ** 2) / 2) + 0.3 * (random.uniform() - 0.5)));
    });
  });
  const interactions: Rules["interactions"] = Array.from({ length: 4 }, () => {
    const feature = pick(count);
    const other = (feature + 1 + pick(count - 1)) % count;
    const radius = [0, 10.012, 30.036, 7, 25, 55][pick(6)]!;
    const type = random.uniform() < 0.6 ? ("avoid" as const) : ("colocalise" as const);
    return { feature, type, with: other, radius, threshold: [0.1, 0.3, 0.5][pick(3)]! };
  });
  const features = maps.map(() => ({ emit: random.uniform() < 0.5, absorb: random.uniform() < 0.5 }));
  const order = random.shuffle(maps.map((_, at) => at));
  return {
    shape,
    spacing,
    maps,
    rules: { features, interactions, mode },
    order,
    blur: seed % 3 === 0 ? 0 : 12,
  };
}

test.skipIf(!pythonHas("numpy", "scipy"))(
  "maps and identities are those of SciPy and NumPy, voxel by voxel, in both modes, slab by slab and in threads",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "rules-"));
    const dilation = openDilation(2);
    let changed = 0;
    for (let seed = 0; seed < 24; seed++) {
      const mode: RuleMode = seed % 4 < 2 ? "exact" : "ais";
      const { shape, spacing, maps, rules, order, blur } = scene(seed, mode);
      const spec = { shape, spacing, ...rules, unknown: 0.33, blur, order };
      writeFileSync(join(folder, "spec.json"), JSON.stringify(spec));
      writeFileSync(join(folder, "maps.raw"), Buffer.concat(maps.map((map) => Buffer.from(map.buffer))));
      const answer = runPythonFile(script, join(folder, "spec.json"), join(folder, "maps.raw"));
      const wanted = answer as { maps: string; labels: string; blurred: string };
      const size = voxelCount(shape);
      const options = seed % 3 === 0 ? { depth: 2 } : { depth: 3, dilate: dilation.dilate };
      const got = await condition(rules, maps, shape, spacing, options);
      for (const [at, map] of got.entries()) {
        expect(map, `seed ${seed}, feature ${at}`).toEqual(
          floats(wanted.maps).subarray(at * size, (at + 1) * size),
        );
        changed += map.filter((value, i) => value !== maps[at]![i]).length;
      }
      const contest = beginContest(size, 0.33);
      const blurred = floats(wanted.blurred);
      for (const map of got) blurVolume(map, shape, blurOf(blur, spacing, mode));
      for (const at of order) enter(contest, at + 1, got[at]!);
      const labels = new Uint8Array(Buffer.from(wanted.labels, "base64"));
      const differing = contest.labels.filter((label, i) => label !== labels[i]).length;
      expect(differing, `seed ${seed}`).toBeLessThanOrEqual(blur === 0 ? 0 : 2);
      const most = got.reduce(
        (sum, map, at) => map.reduce((m, v, i) => Math.max(m, Math.abs(v - blurred[at * size + i]!)), sum),
        0,
      );
      expect(most).toBeLessThan(1e-6);
    }
    await dilation.close();
    rmSync(folder, { recursive: true });
    expect(changed).toBeGreaterThan(1000);
  },
);
