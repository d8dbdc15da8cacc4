import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DistanceField, grow, shell } from "../../../src/domain/morphology/distance.js";
import { removeDust } from "../../../src/domain/morphology/dust.js";
import { randomFor } from "../../../src/domain/random.js";
import type { Shape3, Spacing3 } from "../../../src/domain/volume.js";
import { measureMap } from "../../../src/infer/context/featureFields.js";
import { spacingOf } from "../../support/pickingFixtures.js";
import { pythonHas, runPythonFile } from "../../support/python.js";

interface Case {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  readonly values: number[];
  readonly threshold: number;
  readonly dust: number;
  readonly balls: number[][];
  readonly reach: number;
  readonly outer: number;
  readonly inner: number;
}

interface Answer {
  readonly mask: number[];
  readonly signed: (number | null)[];
  readonly means: number[];
  readonly grown: number[];
  readonly shell: number[];
}

/** A random map of a few clouds, and places in it. */
function caseOf(index: number): Case {
  const random = randomFor(5, "context", index);
  const size = () => 3 + Math.floor(random.between(0, 14));
  const shape: Shape3 = [size(), size(), size()];
  const step = () => [10, 10, 7.5, 13.3][Math.floor(random.between(0, 4))]!;
  const spacing = index % 2 === 0 ? spacingOf(10.012) : spacingOf(step(), step(), step());
  const values = Array.from({ length: shape[0] * shape[1] * shape[2] }, () =>
    Math.fround(random.between(0, 1)),
  );
  const far = [2, 1, 0].map((axis) => shape[axis]! * spacing[axis]!);
  const balls = Array.from({ length: 20 }, () => [
    ...far.map((end) => random.between(0, end)),
    random.between(12, 60),
  ]);
  return {
    shape,
    spacing,
    values,
    threshold: [0.4, 0.8, 0.95, 1][index % 4]!,
    dust: [0, 3000, -2, -1, 20000][index % 5]!,
    balls,
    reach: random.between(5, 40),
    outer: random.between(5, 30),
    inner: random.between(5, 30),
  };
}

const dustOf = (dust: number) =>
  dust === 0 ? {} : { dust: dust > 0 ? { least: dust } : { largest: -dust } };

it.skipIf(!pythonHas("numpy", "scipy"))(
  "maps are measured and masks worked on as by SciPy and NumPy",
  async () => {
    const cases = Array.from({ length: 60 }, (_, i) => caseOf(i));
    const folder = await mkdtemp(join(tmpdir(), "context-"));
    const file = join(folder, "cases.json");
    await writeFile(file, JSON.stringify({ cases }));
    const script = new URL("../../fixtures/context/answers.py", import.meta.url).pathname;
    const answers = runPythonFile(script, file) as Answer[];
    await rm(folder, { recursive: true });
    let measured = 0;
    for (const [i, each] of cases.entries()) {
      const { shape, spacing, threshold, dust } = each;
      const answer = answers[i]!;
      const values = Float32Array.from(each.values);
      const plane = shape[1] * shape[2];
      const reader = {
        ...{ shape, spacing, slabDepth: 4 },
        readSlab: async (from: number, to: number) => values.slice(from * plane, to * plane),
        readAll: async () => ({ data: values, shape, spacing }),
      };
      const centres = Array.from(values, (_, at) => [
        at % shape[2],
        Math.floor(at / shape[2]) % shape[1],
        Math.floor(at / plane),
      ]).flatMap((index) => index.map((voxel, axis) => (voxel + 0.5) * spacing[2 - axis]!));
      const term = { name: "d", feature: "f", threshold, ...dustOf(dust), offset: 0 };
      const distances = await measureMap(reader, () => Float64Array.from(centres), {
        samples: [],
        distances: [term],
        rule: "exact",
      });
      for (const [at, distance] of distances.get("d")!.entries()) {
        const expected = answer.signed[at];
        if (typeof expected !== "number") expect(distance).toBeNaN();
        else expect(distance).toBeCloseTo(expected, 4);
        measured++;
      }
      for (const [at, [x, y, z, radius]] of each.balls.entries()) {
        const sample = { name: "s", feature: "f", radius: radius!, offset: 0 };
        const found = await measureMap(reader, () => Float64Array.of(x!, y!, z!), {
          samples: [sample],
          distances: [],
          rule: "exact",
        });
        expect(found.get("s")![0]).toBeCloseTo(answer.means[at]!, 9);
      }
      const mask = Uint8Array.from(values, (value) => (value > Math.fround(threshold) ? 1 : 0));
      const rule = dustOf(dust).dust;
      if (rule) removeDust(mask, shape, spacing, rule);
      expect([...mask]).toEqual(answer.mask);
      const field = new DistanceField(shape, spacing);
      const grown = mask.slice();
      grow(grown, each.reach, field);
      expect([...grown]).toEqual(answer.grown);
      const ring = mask.slice();
      shell(ring, each, field);
      expect([...ring]).toEqual(answer.shell);
    }
    expect(measured).toBeGreaterThan(20_000);
  },
);
