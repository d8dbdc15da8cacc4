import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { namedFormat } from "../../src/formats/positions/catalogue.js";
import { convertPositions } from "../../src/formats/positions/convert.js";
import { readPositionFiles } from "../../src/formats/positions/positionFolder.js";
import { runNameOf, runNames } from "../../src/formats/runNames.js";

const folder = mkdtempSync(join(tmpdir(), "pickbench-names-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["TS_1", "TS_1"],
  ["ts_1.tomostar", "ts_1"],
  ["ts_2.mrc.tomostar", "ts_2"],
  ["deconv/TS_2.rec", "TS_2"],
  ["../warp/reconstruction/TS_1_10.00Apx.mrc", "TS_1_10.00Apx"],
  ["C:\\data\\TS_3.MRC", "TS_3"],
  ["/a/b/TS_4.ome.zarr/", "TS_4"],
  ["TS_5.mrc.gz", "TS_5"],
  ["tomograms/TS_001/TS_001_aligned.st:mrc", "TS_001_aligned"],
  ["static/ExperimentRuns/TS_6/VoxelSpacing10.000/denoised.zarr", "TS_6"],
  ["10440/TS_7/Reconstructions/VoxelSpacing10.012/Tomograms/100/t.zarr", "TS_7"],
  ["17072022_BrnoKrios_Arctis_p3ar-grid-position_35.mrc", "17072022_BrnoKrios_Arctis_p3ar-grid-position_35"],
  ["TS_5.4", "TS_5.4"],
  ["7", "7"],
  [".mrc", ".mrc"],
  ["", ""],
])("%s names the run %s", (text, run) => {
  expect(runNameOf(text)).toBe(run);
});

describe("names that are read together", () => {
  test("one tomogram's endings are one run; a folder alone changes nothing", () => {
    const { of, notes } = runNames(["TS_1", "TS_1.mrc", "TS_1.tomostar", "rec/TS_2.rec"]);
    expect(["TS_1", "TS_1.mrc", "TS_1.tomostar", "rec/TS_2.rec"].map(of)).toEqual([
      "TS_1",
      "TS_1",
      "TS_1",
      "TS_2",
    ]);
    expect(notes).toEqual([
      "runs are called without folders and endings of files: TS_1.mrc is TS_1, and 2 more",
    ]);
    expect(runNames(["TS_1", "TS_2"]).notes).toEqual([]);
  });

  test("equal names in different folders stay two runs, and it is said", () => {
    const { of, notes } = runNames(["a/TS_1.mrc", "b/TS_1.mrc", "a/TS_2.mrc"]);
    expect(["a/TS_1.mrc", "b/TS_1.mrc", "a/TS_2.mrc"].map(of)).toEqual(["a/TS_1", "b/TS_1", "TS_2"]);
    expect(notes[1]).toBe(
      "a/TS_1 and b/TS_1 stay runs of their own, though both names end in TS_1; give --run to take one",
    );
  });
});

test.each([
  [
    [
      "static/ExperimentRuns/A/VoxelSpacing10.000/denoised.zarr",
      "static/ExperimentRuns/A/VoxelSpacing10.000/wbp.zarr",
    ],
  ],
  [["d/static/ExperimentRuns/A/V/x.zarr", "d/overlay/ExperimentRuns/A/Picks"]],
  [["10440/A/Reconstructions/V/1/t.zarr", "10440/A/Reconstructions/V/2/t.zarr"]],
  [["ExperimentRuns/A/V/x.zarr", "A.mrc", "./A", ".\\A.rec"]],
  [["./A.mrc", "A.mrc"]],
  [["d//A.mrc", "d/./A.rec", "d/e/../A", "d\\A.mrc"]],
  [["/d/A.mrc", "/d/A.zarr/"]],
])("%j name one run", (texts) => {
  expect(new Set(texts.map(runNames(texts).of))).toEqual(new Set(["A"]));
});

test.each([
  [
    ["a/ExperimentRuns/A/V/x.zarr", "b/ExperimentRuns/A/V/x.zarr"],
    ["a/A", "b/A"],
  ],
  [
    ["10440/A/Reconstructions/V/x", "10441/A/Reconstructions/V/x"],
    ["10440/A", "10441/A"],
  ],
  [
    ["/a/A.mrc", "a/A.mrc", "../A.mrc"],
    ["/a/A", "a/A", "../A"],
  ],
])("%j name runs of their own", (texts, runs) => {
  expect(texts.map(runNames(texts).of)).toEqual(runs);
});

const star = (...rows: string[]) =>
  `data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n_rlnMicrographName\n${rows.join("\n")}\n`;
const doc = "1 /data/one/TS_1.mrc\n2 /data/two/TS_1.mrc\n3 /data/two/TS_2.mrc\n";
const dynamoRow = (tomogram: number) => `1 1 1 ${"0 ".repeat(16)}${tomogram} 0 0 0 11 21 31\n`;

describe("files of every format", () => {
  const runsOf = async (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    const { files, notes } = await readPositionFiles(join(folder, name), {});
    const { sets } = convertPositions(files, namedFormat("to-format", "csv"), {});
    return { runs: sets.map(({ run, positions }) => [run, positions.length]), notes };
  };

  test("STAR: three spellings of one tomogram are one run", async () => {
    const { runs, notes } = await runsOf("a.star", star("1 2 3 TS_1.rec", "4 5 6 TS_1.mrc", "7 8 9 TS_2"));
    expect(runs).toEqual([
      ["TS_1", 2],
      ["TS_2", 1],
    ]);
    expect(notes).toEqual([expect.stringContaining("TS_1.rec is TS_1")]);
  });

  test("CSV and copick", async () => {
    expect((await runsOf("a.csv", "run,x_angstrom,y_angstrom,z_angstrom\nd/TS_1.mrc,1,2,3\n")).runs).toEqual([
      ["TS_1", 1],
    ]);
    const picks = { pickable_object_name: "a", run_name: "TS_1.mrc", unit: "angstrom", points: [] };
    expect((await runsOf("a.json", JSON.stringify(picks))).runs).toEqual([["TS_1", 0]]);
  });

  test("Dynamo's .doc: two tomograms of one name stay two", async () => {
    writeFileSync(join(folder, "t.doc"), doc);
    const { runs } = await runsOf("t.tbl", dynamoRow(1) + dynamoRow(2) + dynamoRow(3));
    expect(runs).toEqual([
      ["/data/one/TS_1", 1],
      ["/data/two/TS_1", 1],
      ["TS_2", 1],
    ]);
  });

  test("Dynamo's .doc: what was cut off is said, and spellings of one tomogram are one run", async () => {
    writeFileSync(join(folder, "s.doc"), "1 d/TS_1.mrc\n2 d/TS_1.rec\n");
    const { runs, notes } = await runsOf("s.tbl", dynamoRow(1) + dynamoRow(2));
    expect(runs).toEqual([["TS_1", 2]]);
    expect(notes).toEqual([expect.stringContaining("d/TS_1.mrc is TS_1")]);
  });
});
