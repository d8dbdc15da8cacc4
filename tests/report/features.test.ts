import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readOverlays } from "../../src/report/pictures/overlays.js";
import { PictureBudget } from "../../src/report/pictures/slices.js";
import { readRuns } from "../../src/report/readRun.js";
import { makeReport } from "../../src/report/report.js";
import { featureReport } from "../../src/score/masks/featureScores.js";
import { scoreMask } from "../../src/score/masks/maskScore.js";
import { overlayFile, runFolder } from "../../src/train/run/runFolder.js";
import { finishedRun } from "../support/finishedRun.js";
import { spacingOf } from "../support/pickingFixtures.js";

let folder: string;
let run: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-report-features-"));
  const mask = Uint8Array.of(1, 1, 0, 0);
  const score = scoreMask({
    truth: mask,
    prediction: Uint8Array.of(1, 0, 0, 0),
    shape: [1, 1, 4],
    spacing: spacingOf(10),
  });
  const membrane = featureReport({
    threshold: 0.35,
    holdout: { TS_1: score, TS_2: score },
    tune: { TS_40: score },
  });
  run = await finishedRun(folder, "masks", {
    truth: new Map([
      ["TS_1", []],
      ["TS_2", []],
    ]),
    picks: new Map(),
    experiment: { data: { tomogram: "denoised", level: 0 } },
    features: { membrane },
    isSegmentedAlone: true,
  });
  for (const name of ["TS_1", "TS_2"]) {
    const path = overlayFile(runFolder(run), name, "membrane");
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, encode({ width: 2, height: 2, channels: 1, data: new Uint8Array(4) }));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a run of features alone has its tables and pictures, without the data set", async () => {
  const { html } = await makeReport({ runs: [run], data: undefined });
  const section =
    /<section class="section s-features".*?<\/section>\n<\/section>|s-features[\s\S]*?<p class="note">/.exec(
      html,
    )![0];
  expect(section).toContain("voxels with a probability above 0.35");
  for (const row of ["TS_1", "TS_2", "mean", "90 % interval", "all voxels together", "tune runs"])
    expect(section).toContain(`<th scope="row">${row}`);
  expect(section.match(/data:image\/png;base64,/g)).toHaveLength(2);
  expect(section).toContain("0.667");
  expect(html).not.toContain("No picks/");
});

test("pictures are left out where there is no room", async () => {
  const [read] = await readRuns([run]);
  const all = await readOverlays(read!, new PictureBudget(1e6));
  expect(all.map((each) => each.run)).toEqual(["TS_1", "TS_2"]);
  const one = all[0]!.address.length;
  expect(await readOverlays(read!, new PictureBudget(one))).toHaveLength(1);
  expect(await readOverlays(read!, new PictureBudget(one - 1))).toEqual([]);
});
