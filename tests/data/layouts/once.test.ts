import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { temporaryFolder, writeTree } from "../../support/storeFixtures.js";

const listed = vi.hoisted(() => [] as string[]);
vi.mock("../../../src/data/volumeNames.js", async (original) => {
  const names = await original<typeof import("../../../src/data/volumeNames.js")>();
  return {
    ...names,
    namesIn: (folder: string) => {
      listed.push(folder);
      return names.namesIn(folder);
    },
  };
});

beforeEach(() => {
  listed.length = 0;
});

const times = (folder: string) => listed.filter((each) => each === folder).length;

/**
 * Each layout lists a folder once; the Data Portal's and that of volumes both list it, and the Data Portal's looks into
 * the folders of whatever it is asked about, so that a part is seen once more.
 */
test.each([
  ["volumes", { "TS_1.mrc": "" }, ["TS_1"], "", 1],
  ["volumes beside an overlay", { "TS_1.mrc": "", "overlay/x": "" }, ["TS_1"], "", 1],
  ["the test part's volumes", { "test/TS_1/denoised.mrc": "" }, ["TS_1"], "test", 2],
  ["a volume root beside copick's", { "static/TS_1.mrc": "", "overlay/x": "" }, ["TS_1"], "static", 1],
])("%s are recognised once", async (_, files, runs, inside, looks) => {
  const folder = writeTree(temporaryFolder(), files as Record<string, string>);
  expect((await openDataset(folder)).runs.map(({ name }) => name)).toEqual(runs);
  const holding = join(folder, inside);
  expect(times(join(holding, "Reconstructions"))).toBe(looks);
  expect(times(holding)).toBe(2);
});

test("the Data Portal's layout is recognised once, and volumes are not looked for", async () => {
  const folder = writeTree(temporaryFolder(), {
    "TS_1/Reconstructions/VoxelSpacing10.000/CanonicalTomogram/TS_1.mrc": "",
  });
  expect((await openDataset(folder)).runs.map(({ name }) => name)).toEqual(["TS_1"]);
  expect(times(folder)).toBe(1);
  expect(times(join(folder, "Reconstructions"))).toBe(1);
});
