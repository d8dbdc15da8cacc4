import { describe, expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import { namedFormat, recognise } from "../../../src/formats/positions/catalogue.js";
import { convertPositions } from "../../../src/formats/positions/convert.js";

/** Reads a text by the format that its content has. */
async function read(name: string, text: string) {
  const bytes = Buffer.from(text);
  const format = recognise(name, bytes);
  return { format: format.name, sets: await format.read({ path: name, bytes, beside: () => undefined }) };
}

const absent = ["nan", "NaN", "<NA>", "None", "null", "N/A", "-Inf", "NaN+NaNi"];
const dynamoRow = (change: Readonly<Record<number, string>>) =>
  Array.from(
    { length: 41 },
    (_, i) => change[i] ?? ({ 23: "10", 24: "20", 25: "30" } as Record<number, string>)[i] ?? "0",
  ).join(" ");

describe("Dynamo", () => {
  test.each(absent)("%s anywhere but in the coordinates leaves the position", async (word) => {
    const unneeded = Array.from({ length: 41 }, (_, i) => i).filter((i) => ![19, 23, 24, 25].includes(i));
    const row = dynamoRow(Object.fromEntries(unneeded.map((i) => [i, word])));
    const { format, sets } = await read("a.tbl", `${row}\n${dynamoRow({ 9: "0.31" })}\n`);
    expect(format).toBe("dynamo");
    expect(sets[0]!.positions.map(({ at, score }) => [at, score])).toEqual([
      [[10, 20, 30], undefined],
      [[10, 20, 30], 0.31],
    ]);
  });

  test.each([
    ["1.2e-05+1.7075e-06i", 1.2e-5],
    ["-0.5-2e-3i", -0.5],
    ["(0.25+0.5j)", 0.25],
    ["3i+0", undefined],
  ])("of the complex number %s the real part counts", async (word, score) => {
    const reading = read("a.tbl", `${dynamoRow({ 9: word })}\n`);
    if (score === undefined) await expect(reading).rejects.toThrow();
    else expect((await reading).sets[0]!.positions[0]!.score).toBe(score);
  });

  test("an absent coordinate is refused; what is absent is written as NaN beside numbers", async () => {
    await expect(read("a.tbl", `${dynamoRow({ 24: "NaN" })}\n`)).rejects.toThrow(
      'line 1: column 25 is "NaN"',
    );
    const { sets } = await read("a.tbl", `${dynamoRow({ 9: "NaN" })}\n${dynamoRow({ 9: "0.31" })}\n`);
    const { bytes } = namedFormat("to", "dynamo").write(sets, {});
    expect(
      bytes
        .toString()
        .split("\n")
        .map((line) => line.split(" ")[9]),
    ).toEqual(["NaN", "0.31", undefined]);
  });

  test("comments before the first row are no rows", async () => {
    expect((await read("a.tbl", `# made by hand\n${dynamoRow({})}\n`)).format).toBe("dynamo");
  });
});

test.each(absent)("STOPGAP: %s in score, object, class, shifts and angles", async (word) => {
  const columns =
    "motl_idx tomo_num object subtomo_num halfset orig_x orig_y orig_z score x_shift y_shift z_shift phi psi the class";
  const text = `data_stopgap_motivelist\nloop_\n${columns
    .split(" ")
    .map((name) => `_${name}`)
    .join("\n")}\n1 3 ${word} 1 A 10 20 30 ${word} ${word} ${word} ${word} ${word} ${word} ${word} NaN\n`;
  const { sets } = await read("a.star", text);
  expect(sets).toEqual([{ run: "3", frame: "voxel", positions: [{ at: [10, 20, 30] }] }]);
});

test.each(absent)("CSV: %s for a score, an instance and an orientation", async (word) => {
  const header = "run,x_angstrom,y_angstrom,z_angstrom,score,instance,qx,qy,qz,qw,type";
  const { sets } = await read(
    "a.csv",
    `${header}\nTS_1,1,2,3,${word},${word},${word},,,,nan\nTS_1,4,5,6,0.5,2,0,0,0,1,a\n`,
  );
  expect(sets[0]!.positions.map(({ extra: _, ...position }) => position)).toEqual([
    { at: [1, 2, 3] },
    { at: [4, 5, 6], type: "a", score: 0.5, instance: 2, rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1] },
  ]);
  await expect(read("a.csv", `x_nm,y_nm,z_nm\n1,2,${word}\n`)).rejects.toThrow(`row 2: z_nm is "${word}"`);
});

test("crYOLO: an absent depth is the width, an absent confidence none", async () => {
  const text =
    "data_cryolo\nloop_\n_CoordinateX\n_CoordinateY\n_CoordinateZ\n_Width\n_Height\n_Depth\n_Confidence\n10 20 30 8 8 nan nan\n";
  expect((await read("a.cbox", text)).sets[0]!.positions[0]).toMatchObject({
    at: [14, 24, 30],
    box: [8, 8, 8],
  });
  expect((await read("a.cbox", text)).sets[0]!.positions[0]).not.toHaveProperty("score");
});

test("EMAN2 as Python writes it: NaN scores, apix and box sizes are absent", async () => {
  const text =
    '{"apix_unbin": NaN, "boxes_3d": [[1, 2, 3, "tm", NaN, 0], [4, 5, 6, "tm", 0.5, 0], [7, 8, 9, "tm", -Infinity, 0]], "class_list": {"0": {"name": "a", "boxsize": Infinity}}}';
  const { format, sets } = await read("a.json", text);
  expect(format).toBe("eman2");
  expect(sets).toEqual([
    {
      frame: "voxel",
      positions: [
        { at: [1, 2, 3], type: "a" },
        { at: [4, 5, 6], type: "a", score: 0.5 },
        { at: [7, 8, 9], type: "a" },
      ],
    },
  ]);
  await expect(read("a.json", '{"boxes_3d": [[NaN, 2, 3]]}')).rejects.toThrow("boxes_3d, 0, 0");
});

test("napari's points are array indices along z, y, x", async () => {
  const { format, sets } = await read("a.csv", "index,axis-0,axis-1,axis-2\n0.0,30.0,20.0,10.0\n");
  expect(format).toBe("csv");
  expect(sets[0]).toMatchObject({ frame: "index", positions: [{ at: [10, 20, 30] }] });
  const to = namedFormat("to", "csv");
  const converted = convertPositions([{ path: "a.csv", sets }], to, {
    spacing: angstrom(10),
    toFrame: "angstrom",
  });
  expect(converted.sets[0]!.positions[0]!.at).toEqual([105, 205, 305]);
  await expect(read("b.csv", "index,axis-0,axis-1,axis-2,axis-3\n0,1,2,3,4\n")).rejects.toThrow(
    "no known format",
  );
});

describe("numbers that overflow are refused, by the position", () => {
  test.each([
    ["b.coords", "1 1 1\n1e308 1 1\n", "position 2 has Infinity in the frame angstrom"],
    ["a.box", "63\t1e308\t1e308\t1e308\n", "position 1 has Infinity in the frame angstrom"],
    ["a.box", "1e308\t1\t1.7e308\t1\n", "position 1 has Infinity in the frame angstrom"],
  ])("%s", async (name, text, message) => {
    const { sets } = await read(name, text);
    const options = { spacing: angstrom(10), toFrame: "angstrom" } as const;
    expect(() => convertPositions([{ path: name, sets }], namedFormat("to", "csv"), options)).toThrow(
      message,
    );
  });

  test("and so is every writer's own arithmetic", () => {
    const position = { at: [1, Infinity, 3], box: [1, 1, 1], type: "a" } as const;
    const sets = [{ run: "T", frame: "voxel" as const, positions: [position] }];
    const texts = ["stopgap", "dynamo", "relion4", "csv", "cbox", "box", "challenge", "point"];
    for (const name of [...texts, "copick", "portal", "eman2", "mod"])
      expect(() => namedFormat("to", name).write(sets, {}), name).toThrow("too large");
    const far = [{ ...sets[0]!, positions: [{ at: [-1.7e308, 0, 0], box: [1.7e308, 1, 1] } as const] }];
    expect(() => namedFormat("to", "box").write(far, {})).toThrow("too large for its unit");
    expect(() =>
      namedFormat("to", "mod").write([{ frame: "imod", positions: [{ at: [1e39, 0, 0] }] }], {}),
    ).toThrow("too large");
  });
});

describe("picks as Python writes them", () => {
  const matrix = "[[0.71, -0.71, 0, 5], [0.71, 0.71, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]";
  const picks = (fields: string) =>
    `{"pickable_object_name": "a", "unit": "angstrom", "points": [{"location": {"x": 1, "y": 2, "z": 3}, ${fields}}]}`;

  test("copick: NaN for a score or an instance is absent, a matrix of two digits is a rotation", async () => {
    const { sets } = await read(
      "a.json",
      picks(`"score": NaN, "instance_id": NaN, "transformation_": ${matrix}`),
    );
    const [position] = sets[0]!.positions;
    expect(position).toMatchObject({ at: [1, 2, 3], translation: [5, 0, 0] });
    expect(position!.rotation![0]).toBeCloseTo(Math.SQRT1_2, 12);
    expect(position).not.toHaveProperty("score");
    expect(position).not.toHaveProperty("instance");
  });

  test("copick: a point is a location, with no matrix and no instance", async () => {
    const points = [{ location: { x: 1, y: 2, z: 3 } }];
    const file = { pickable_object_name: "ribosome", user_id: "u", session_id: "1", run_name: "TS_1" };
    const { sets } = await read("u_1_ribosome.json", JSON.stringify({ ...file, unit: "angstrom", points }));
    expect(sets[0]!.positions).toMatchObject([{ at: [1, 2, 3] }]);
    expect(sets[0]!.positions[0]).not.toHaveProperty("rotation");
  });

  test("copick and the portal: a matrix that is none counts where orientations are asked for", async () => {
    const portal =
      '{"type": "orientedPoint", "location": {"x": 1, "y": 2, "z": 3}, "xyz_rotation_matrix": [[NaN, 0, 0], [0, 1, 0], [0, 0, 1]]}\n';
    for (const [name, text, fault] of [
      ["a.json", picks('"transformation_": [[NaN]]'), "point 1: transformation_ is malformed"],
      ["a.ndjson", portal, "line 1: xyz_rotation_matrix is malformed"],
    ] as const) {
      const { sets } = await read(name, text);
      const to = (format: string) =>
        convertPositions([{ path: name, sets }], namedFormat("to", format), {
          spacing: angstrom(1),
          run: "T",
          type: "a",
        });
      expect(to("challenge").sets[0]!.positions[0]!.at).toEqual([1, 2, 3]);
      expect(() => to("relion4")).toThrow(fault);
    }
  });
});

test("CSV: a column that stands there twice is refused, since one of them would be lost; unnamed ones may", async () => {
  await expect(read("a.csv", "x_nm,y_nm,z_nm,score,score\n1,2,3,0.1,0.2\n")).rejects.toThrow(
    'a.csv, the first row: has the column "score" twice, wanted each name once',
  );
  const { sets } = await read("a.csv", ",x_nm,y_nm,z_nm,\n0,1,2,3,\n");
  expect(sets[0]!.positions[0]!.at).toEqual([1, 2, 3]);
});
