/** Maps measured beside SciPy, pictures read by Pillow. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findFeatureMaps } from "../../src/infer/maps/featureMaps.js";
import { measureFeature } from "../../src/survey/measure/feature.js";
import { silentReporter } from "../../src/system/reporter.js";
import { randomField } from "../support/meshes.js";
import { pythonHas, runPythonFile } from "../support/python.js";
import { temporaryFolder } from "../support/storeFixtures.js";
import { writeMrc } from "../support/surveyData.js";

const script = new URL("../fixtures/survey/scipy_feature.py", import.meta.url).pathname;
/** Half of a step between the 24 greys of pictures, and of one between 256. */
const greyStep = 0.5 / 23 + 0.5 / 255;

test.skipIf(!pythonHas("scipy", "numpy", "PIL"))(
  "volumes, components and projections are SciPy's",
  async () => {
    for (const [seed, threshold, dust] of [
      [1, 0.55, 1],
      [2, 0.6, 20],
      [3, 0.5, 5],
    ] as const) {
      const field = randomField([30, 40, 50], 1.5, seed);
      const data = field.data.map((value) => Math.min(1, Math.max(0, (value - 0.5) * 6 + 0.5)));
      const folder = temporaryFolder();
      const path = join(folder, "TS_1__membrane.mrc");
      await writeMrc(path, field.shape, data);
      const [map] = await findFeatureMaps([path], { reporter: silentReporter });
      const { facts, picture } = await measureFeature(map!, { threshold, dust: dust * 1000 });
      const [raw, png] = [join(folder, "map.f4"), join(folder, "projection.png")];
      writeFileSync(raw, data);
      writeFileSync(png, picture);
      const peer = runPythonFile(script, raw, ...[...field.shape, threshold, dust].map(String), png) as {
        readonly softPercent: number;
        readonly percent: number;
        readonly components: number;
        readonly largest: number;
        readonly difference: number;
      };
      expect(facts.softPercent).toBeCloseTo(peer.softPercent, 6);
      expect(facts.percent).toBeCloseTo(peer.percent, 9);
      expect(facts.components).toBe(peer.components);
      expect(facts.largest).toBeCloseTo(1000 * peer.largest, 3);
      expect(peer.components).toBeGreaterThan(1);
      expect(peer).toMatchObject({ picture: [40, 50] });
      expect(peer.difference).toBeLessThan(greyStep);
    }
  },
);
