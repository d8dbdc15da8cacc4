import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import type { ConvertOptions } from "../../../src/formats/positions/asked.js";
import { namedFormat } from "../../../src/formats/positions/catalogue.js";
import { convertPositions } from "../../../src/formats/positions/convert.js";
import type { FrameName } from "../../../src/formats/positions/frames.js";
import { readPositionFiles } from "../../../src/formats/positions/positionFolder.js";
import { readPositionsFile } from "../../../src/formats/positions/readPositions.js";

const folder = mkdtempSync(join(tmpdir(), "pickbench-star-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(text: string, name = "a.star"): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Reads a STAR file and converts it to Å. */
async function angstroms(text: string, options: ConvertOptions = {}, frame?: FrameName) {
  const { files } = await readPositionFiles(fileOf(text), frame ? { frame } : {});
  return convertPositions(files, namedFormat("to-format", "csv"), { toFrame: "angstrom", ...options });
}

const loop = (columns: string, ...rows: string[]) =>
  `loop_\n${columns
    .split(" ")
    .map((name) => `_${name}`)
    .join("\n")}\n${rows.join("\n")}\n\n`;
const pixels = "rlnTomoName rlnCoordinateX rlnCoordinateY rlnCoordinateZ";
const ten = { spacing: angstrom(10) };

describe("two tables of positions", () => {
  test("are both read, in the order of the file", async () => {
    const text = `data_particles\n${loop(pixels, "TS_1 1 2 3")}data_particles\n${loop(pixels, "TS_2 4 5 6", "TS_1 7 8 9")}`;
    const { sets, notes } = await angstroms(text, ten);
    expect(sets.map(({ run, positions }) => [run, positions.map(({ at }) => at)])).toEqual([
      [
        "TS_1",
        [
          [10, 20, 30],
          [70, 80, 90],
        ],
      ],
      ["TS_2", [[40, 50, 60]]],
    ]);
    expect(notes).toContainEqual(expect.stringContaining("has 2 tables of positions, which are read as one"));
  });

  test("of two kinds come into one frame, and no table is written as it was", async () => {
    const centred =
      "rlnTomoName rlnCenteredCoordinateXAngst rlnCenteredCoordinateYAngst rlnCenteredCoordinateZAngst";
    const text = `data_a\n${loop(pixels, "TS_1 1 2 3")}data_b\n${loop(centred, "TS_1 10 20 30")}`;
    const { files } = await readPositionFiles(fileOf(text), {});
    const format = namedFormat("to-format", "relion4");
    const { sets } = convertPositions(files, format, { ...ten, size: [100, 100, 100] });
    expect(sets.map(({ positions }) => positions.map(({ at }) => at))).toEqual([
      [
        [1, 2, 3],
        [51, 52, 53],
      ],
    ]);
    const written = format.write(sets, {}).bytes.toString();
    expect(written).not.toContain("Centered");
    expect(written.match(/_rlnCoordinateX/g)).toHaveLength(1);
  });

  test("optics that differ are refused, equal ones are one", async () => {
    const optics = (pixel: string) =>
      `data_optics\n${loop("rlnOpticsGroup rlnTomoTiltSeriesPixelSize", `1 ${pixel}`)}`;
    const table = (run: string) => `data_particles\n${loop(`${pixels} rlnOpticsGroup`, `${run} 10 20 30 1`)}`;
    const both = (second: string) => optics("2.0") + table("TS_1") + optics(second) + table("TS_2");
    expect((await angstroms(both("2.0"))).sets.map(({ positions }) => positions[0]!.at)).toEqual([
      [20, 40, 60],
      [20, 40, 60],
    ]);
    await expect(angstroms(both("4.0"))).rejects.toThrow("has 2 optics tables that differ, wanted one");
  });

  test("one without all three coordinates is left out, and it is said", async () => {
    const text = `data_p\n${loop(pixels, "TS_1 1 2 3")}data_q\n${loop("rlnCoordinateX rlnCoordinateY", "1 2")}`;
    const { sets, notes } = await angstroms(text, ten);
    expect(sets[0]!.blocks).toEqual([]);
    expect(notes).toContainEqual(
      expect.stringContaining("data_q is left out: it has coordinates, but not x, y and z"),
    );
  });
});

describe("a list is a table of one row", () => {
  test("for particles and optics alike", async () => {
    const text =
      "data_optics\n\n_rlnOpticsGroup 1\n_rlnTomoTiltSeriesPixelSize 2.5\n\ndata_particles\n\n_rlnTomoName TS_1\n_rlnCoordinateX 10.0\n_rlnCoordinateY 20.0\n_rlnCoordinateZ 30.0\n_rlnOpticsGroup 1\n";
    const { sets } = await angstroms(text);
    expect(sets).toMatchObject([{ run: "TS_1", pixel: 2.5, positions: [{ at: [25, 50, 75] }] }]);
    expect((await readPositionsFile(fileOf(text))).format.name).toBe("relion4");
  });

  test("for STOPGAP and crYOLO", async () => {
    const stopgap =
      "data_stopgap_motivelist\n_motl_idx 1\n_tomo_num 7\n_object 1\n_subtomo_num 1\n_halfset A\n_orig_x 10\n_orig_y 20\n_orig_z 30\n_score 0.5\n_x_shift 1\n_y_shift 0\n_z_shift 0\n_phi 0\n_psi 0\n_the 0\n_class 1\n";
    expect((await readPositionsFile(fileOf(stopgap))).sets).toMatchObject([
      { run: "7", positions: [{ at: [11, 20, 30] }] },
    ]);
    const cbox =
      "data_cryolo\n_CoordinateX 10\n_CoordinateY 20\n_CoordinateZ 30\n_Width 10\n_Height 10\n_Depth 10\n_Confidence 0.5\n";
    expect((await readPositionsFile(fileOf(cbox, "a.cbox"))).sets).toMatchObject([
      { positions: [{ at: [15, 25, 30], score: 0.5 }] },
    ]);
  });
});

describe("absent numbers", () => {
  const absent = ["<NA>", "nan", "NaN", "-nan", "None", "null", "NA", "N/A", "inf", "nan+nanj"];
  test.each(absent)("%s in columns that are not needed leaves the position", async (word) => {
    const columns = `${pixels} rlnAutopickFigureOfMerit rlnHelicalTubeID rlnAngleRot rlnAngleTilt rlnAnglePsi rlnOriginXAngst rlnOriginYAngst rlnOriginZAngst rlnPixelSize pickbenchParticleType`;
    const row = `TS_1 1 2 3 ${`${word} `.repeat(9)}<NA>`;
    const { sets } = await angstroms(`data_\n${loop(columns, row)}`, ten);
    expect(sets[0]!.positions).toEqual([{ at: [10, 20, 30], extra: [word] }]);
  });

  test("a row without a score keeps the others' scores", async () => {
    const { sets } = await angstroms(
      `data_\n${loop(`${pixels} rlnLCCmax`, "T 1 2 3 0.5", "T 1 2 3 <NA>")}`,
      ten,
    );
    expect(sets[0]!.positions.map(({ score }) => score)).toEqual([0.5, undefined]);
    const again = namedFormat("to-format", "relion4").write(sets, {}).bytes.toString();
    expect(again).toMatch(/ 0\.5 1\n.* nan 1\n/);
  });

  test("an absent coordinate, or a text that is no number, is refused with its line", async () => {
    await expect(angstroms(`data_\n${loop(pixels, "T 1 2 <NA>")}`, ten)).rejects.toThrow(
      'rlnCoordinateZ is "<NA>"',
    );
    await expect(angstroms(`data_\n${loop(`${pixels} rlnLCCmax`, "T 1 2 3 good")}`, ten)).rejects.toThrow(
      'rlnLCCmax is "good", wanted a number',
    );
    await expect(angstroms(`data_\n${loop(pixels, "T 0x10 2 3")}`, ten)).rejects.toThrow(
      'rlnCoordinateX is "0x10"',
    );
  });
});

describe("Warp and M", () => {
  const micrographs = "rlnCoordinateX rlnCoordinateY rlnCoordinateZ rlnMicrographName";

  test("Warp counts from the centre of the first voxel: a .tomostar", async () => {
    const { sets, notes } = await angstroms(`data_\n${loop(micrographs, "64 415 18 ts_1.tomostar")}`, ten);
    expect(sets).toMatchObject([{ run: "ts_1", positions: [{ at: [645, 4155, 185] }] }]);
    expect(notes).toContainEqual(
      expect.stringContaining("count from the centre of the first voxel, as Warp's do"),
    );
  });

  test("the same columns of another program count from the corner", async () => {
    const { sets } = await angstroms(`data_\n${loop(micrographs, "64 415 18 ts_1.mrc")}`, ten);
    expect(sets).toMatchObject([{ run: "ts_1", positions: [{ at: [640, 4150, 180] }] }]);
  });

  test("runs of both in one table count each in its own way", async () => {
    const { sets } = await angstroms(
      `data_\n${loop(micrographs, "64 1 1 ts_1.tomostar", "64 1 1 ts_2.mrc")}`,
      ten,
    );
    expect(sets.map(({ run, positions }) => [run, positions[0]!.at[0]])).toEqual([
      ["ts_1", 645],
      ["ts_2", 640],
    ]);
  });

  test("M's are Å from there, with its angles as RELION's", async () => {
    const columns =
      "wrpCoordinateX1 wrpCoordinateY1 wrpCoordinateZ1 wrpAngleRot1 wrpAngleTilt1 wrpAnglePsi1 wrpSourceName";
    const text = `data_\n${loop(columns, "640 4150 180 10 20 30 ts_1.tomostar")}`;
    const { sets } = await angstroms(text, ten);
    expect(sets).toMatchObject([{ run: "ts_1", positions: [{ at: [645, 4155, 185] }] }]);
    const relion = `data_\n${loop(`${micrographs} rlnAngleRot rlnAngleTilt rlnAnglePsi`, "64 415 18 ts_1 10 20 30")}`;
    const { sets: same } = await angstroms(relion, ten);
    expect(sets[0]!.positions[0]!.rotation).toEqual(same[0]!.positions[0]!.rotation);
    await expect(angstroms(text)).rejects.toThrow("give --spacing");
    const [first] = (
      await readPositionsFile(fileOf(`data_\n${loop(columns.replaceAll("1", ""), "1 2 3 4 5 6 a")}`))
    ).sets;
    expect(first).toMatchObject({ frame: "angstrom-index", positions: [{ at: [1, 2, 3] }] });
  });

  test("fractions of the volume are asked about, and are read by their frame", async () => {
    const text = `data_\n${loop(micrographs, "0.25 0.5 0.125 ts_1.tomostar", "0.5 1 0 ts_1.tomostar")}`;
    await expect(angstroms(text, ten)).rejects.toThrow(
      /all positions \(2\) lie between 0 and 1 .* give --from-frame fraction-index \(Warp\) or fraction .* or --from-frame index if they are right/,
    );
    const at = async (frame: FrameName, options: ConvertOptions = ten) =>
      (await angstroms(text, { ...options, size: [80, 60, 40] }, frame)).sets[0]!.positions[0]!.at;
    expect(await at("fraction-index")).toEqual([105, 305, 105]);
    expect(await at("fraction")).toEqual([100, 300, 100]);
    expect(await at("index")).toEqual([7.5, 10, 6.25]);
    await expect(angstroms(text, ten, "fraction")).rejects.toThrow("give --size Z,Y,X");
  });

  test.each([
    ["a.csv", "x_angstrom,y_angstrom,z_angstrom\n0.1,0.2,0.3\n0.5,0.6,0.7\n"],
    ["a.coords", "0.1 0.2 0.3\n0.4 0.5 0.6\n"],
  ])("fractions in %s are asked about too", async (name, text) => {
    await expect(readPositionsFile(fileOf(text, name))).rejects.toThrow(
      "as fractions of the volume's size do",
    );
  });

  test("positions about the centre, and whole numbers, are no fractions", async () => {
    const centred = "rlnCenteredCoordinateXAngst rlnCenteredCoordinateYAngst rlnCenteredCoordinateZAngst";
    expect(
      (await readPositionsFile(fileOf(`data_\n${loop(centred, "0.5 0.25 0")}`))).sets[0]!.positions,
    ).toHaveLength(1);
    expect((await readPositionsFile(fileOf("0 1 0\n1 1 1\n", "a.coords"))).sets[0]!.positions).toHaveLength(
      2,
    );
  });
});

test("voxel sizes equal to a part in 1,000 are one, others are two", async () => {
  const text = (second: string) =>
    `data_optics\n${loop("rlnOpticsGroup rlnTomoTiltSeriesPixelSize", "1 2.0", `2 ${second}`)}data_particles\n${loop(`${pixels} rlnOpticsGroup`, "T 10 20 30 1", "T 10 20 30 2")}`;
  expect((await angstroms(text("2.0001"))).sets).toMatchObject([
    { pixel: 2, positions: [{ at: [20, 40, 60] }, { at: [20, 40, 60] }] },
  ]);
  await expect(angstroms(text("2.01"))).rejects.toThrow("a second voxel size for T (2 and 2.01)");
});
