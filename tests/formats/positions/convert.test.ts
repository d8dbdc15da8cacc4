import { expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import type { ConvertOptions } from "../../../src/formats/positions/asked.js";
import { namedFormat } from "../../../src/formats/positions/catalogue.js";
import { convertPositions } from "../../../src/formats/positions/convert.js";
import type { PositionSet } from "../../../src/formats/positions/frames.js";

const read = async (format: string, text: string) => {
  const found = namedFormat("from-format", format);
  const source = { path: `a${found.extensions[0]!}`, bytes: Buffer.from(text), beside: () => undefined };
  return { path: source.path, format: found, sets: await found.read(source) };
};

/** Text of what FROM becomes in another format, its sets, and what the user is told. */
async function through(from: string, text: string, to: string, options: ConvertOptions = {}) {
  const format = namedFormat("to-format", to);
  const { sets, notes } = convertPositions([await read(from, text)], format, options);
  const written = format.write(sets, options).bytes.toString("utf8");
  return { sets, notes, written, again: (await read(to, written)).sets };
}

const relion4 = `
data_optics
loop_
_rlnOpticsGroup
_rlnTomoTiltSeriesPixelSize
_rlnVoltage
1 1.35 300
2 2.7 200

data_particles
loop_
_rlnTomoName
_rlnCoordinateX
_rlnCoordinateY
_rlnCoordinateZ
_rlnOriginXAngst
_rlnOriginYAngst
_rlnOriginZAngst
_rlnOpticsGroup
_rlnClassNumber
TS_1 100 200 300 13.5 0 0 1 7
TS_2 100 200 300 0 27 0 2 8
`;

test("RELION 4: shifts in Å are taken off in voxels, each tomogram has its optics group's voxel size", async () => {
  const { sets, again, notes } = await through("relion4", relion4, "relion4");
  expect(sets.map(({ run, pixel }) => [run, pixel])).toEqual([
    ["TS_1", 1.35],
    ["TS_2", 2.7],
  ]);
  expect(again.map(({ positions }) => positions[0]!.at)).toEqual([
    [90, 200, 300],
    [100, 190, 300],
  ]);
  expect(again.map(({ pixel }) => pixel)).toEqual([1.35, 2.7]);
  expect(again[1]!.extra).toEqual({ family: "star", names: ["rlnOpticsGroup", "rlnClassNumber"] });
  expect(again[0]!.blocks![0]!.loops[0]!.columns).toContain("rlnVoltage");
  expect(notes).toEqual([]);
});

test("tables of several voxel sizes become optics groups", async () => {
  const row = (tomogram: number, pixel: number) =>
    `1 1 1 0 0 0 0 0 0 0 0 0 1 0 0 0 0 0 0 ${tomogram} 0 0 0 11 21 31 0 0 0 0 0 0 0 0 0 ${pixel}\n`;
  const { again } = await through("dynamo", row(1, 1.35) + row(2, 2.7), "relion4");
  expect(again.map(({ run, pixel, positions }) => [run, pixel, positions[0]!.at])).toEqual([
    ["1", 1.35, [10, 20, 30]],
    ["2", 2.7, [10, 20, 30]],
  ]);
});

test("another voxel size leaves no optics that say the old one", async () => {
  const options = { toSpacing: angstrom(2.7) };
  const { again, notes } = await through("relion4", relion4, "relion4", { ...options, run: "TS_1" });
  expect(again[0]).toMatchObject({ pixel: 2.7, positions: [{ at: [45, 100, 150] }] });
  expect(notes).toEqual([expect.stringContaining("changes from 1.35 to 2.7 Å: optics")]);
});

test("RELION 5: a tilt series' voxel size and the tomogram's are two things", async () => {
  const volume = { size: [100, 200, 300], spacing: angstrom(10.8) } as const;
  const { again } = await through("relion4", relion4, "relion5", {
    size: volume.size,
    spacing: volume.spacing,
  });
  expect(again[0]).toMatchObject({ frame: "angstrom-centred", pixel: 1.35 });
  expect(again[0]!.positions[0]!.at[0]).toBeCloseTo(90 * 1.35 - (300 * 10.8) / 2, 5);
  const back = await through("relion4", relion4, "portal", { run: "TS_1", spacing: volume.spacing });
  expect(back.again[0]!.positions[0]!.at[0]).toBeCloseTo((90 * 1.35) / 10.8, 8);
});

test("a subtomogram's orientation comes before the particle's", async () => {
  const text = (names: string, values: string) =>
    `data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n${names}\n1 2 3 ${values}\n`;
  const angles = "_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi";
  const subtomogram = "_rlnTomoSubtomogramRot\n_rlnTomoSubtomogramTilt\n_rlnTomoSubtomogramPsi";
  const rotationOf = async (names: string, values: string) =>
    (await read("relion4", text(names, values))).sets[0]!.positions[0]!.rotation!;
  const alone = await rotationOf(angles, "20 30 40");
  expect(await rotationOf(subtomogram, "20 30 40")).toEqual(alone);
  const split = await rotationOf(`${subtomogram}\n${angles}`, "0 0 40 20 30 0");
  for (const [i, value] of alone.entries()) expect(split[i]).toBeCloseTo(value, 12);
});

const picks = (points: object[]) =>
  JSON.stringify({
    pickable_object_name: "ribosome",
    user_id: "me",
    session_id: "3",
    run_name: "TS_1",
    unit: "angstrom",
    points,
  });

test("copick: transforms with their translations, instances, scores, user and session come through", async () => {
  const points = [
    {
      location: { x: 1, y: 2, z: 3 },
      transformation_: [
        [0, -1, 0, 5],
        [1, 0, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
      ],
      instance_id: 4,
      score: 0.5,
    },
  ];
  const { again } = await through("copick", picks(points), "copick");
  expect(again[0]).toMatchObject({ run: "TS_1", author: { userId: "me", sessionId: "3" } });
  expect(again[0]!.positions[0]).toEqual({
    at: [1, 2, 3],
    type: "ribosome",
    score: 0.5,
    instance: 4,
    rotation: [0, -1, 0, 1, 0, 0, 0, 0, 1],
    translation: [5, 0, 0],
  });
  const { notes } = await through("copick", picks(points), "relion4", { spacing: angstrom(1) });
  expect(notes).toEqual([
    "translations of the transforms are lost: a RELION 4 STAR file has none",
    "user and session are lost: a RELION 4 STAR file has none",
  ]);
});

test("copick: identity and instance 0 throughout say nothing; a reflection is refused with its point", async () => {
  const identity = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ];
  const point = { location: { x: 1, y: 2, z: 3 }, transformation_: identity, instance_id: 0 };
  const { sets } = await read("copick", picks([point]));
  expect(sets[0]!.positions[0]).toEqual({ at: [1, 2, 3], type: "ribosome" });
  const mirrored = { ...point, transformation_: [[-1, 0, 0, 0], ...identity.slice(1)] };
  await expect(through("copick", picks([point, mirrored]), "copick")).rejects.toThrow(
    "point 2: transformation_ is no rotation",
  );
  const { sets: positions } = await through("copick", picks([point, mirrored]), "coords", {
    spacing: angstrom(1),
  });
  expect(positions[0]!.positions.map(({ at }) => at)).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

test("the mirror of the portal's annotations says what it does to orientations", async () => {
  const line = `{"type":"orientedPoint","location":{"x":1,"y":2,"z":3},"xyz_rotation_matrix":[[1,0,0],[0,1,0],[0,0,1]]}\n`;
  const format = namedFormat("from-format", "portal");
  const source = { path: "x-2.0_point.ndjson", bytes: Buffer.from(line), beside: () => undefined };
  const sets = (await format.read({ ...source, frame: "portal-2.0" })) as PositionSet[];
  const { notes } = convertPositions([{ path: "x", format, sets }], namedFormat("to", "csv"), {});
  expect(notes).toEqual([expect.stringContaining("the mirror swaps the hand")]);
  expect((await format.read(source))[0]!.notes).toEqual([
    expect.stringContaining("give --from-frame portal-2.0"),
  ]);
});

test("EMAN2: from the centre with apix_unbin, from the corner without", async () => {
  const boxes = (apix: string) =>
    `{${apix}"boxes_3d": [[1, 2, 3, "tm", 0.5, 0]], "class_list": {"0": {"name": "ribo", "boxsize": 32}}}`;
  const known = { size: [101, 201, 301], spacing: angstrom(10) } as const;
  const centred = await through("eman2", boxes('"apix_unbin": 2, '), "csv", known);
  expect(centred.sets[0]!.positions[0]).toMatchObject({ at: [1502, 1004, 506], type: "ribo", score: 0.5 });
  const corner = await through("eman2", boxes(""), "csv", known);
  expect(corner.sets[0]!.positions[0]!.at).toEqual([10, 20, 30]);
  const back = await through("eman2", boxes('"apix_unbin": 2, '), "eman2");
  expect(back.written).toContain('"apix_unbin": 2');
  expect(back.again[0]!.positions[0]!.at).toEqual([1, 2, 3]);
});

test("Dynamo: columns that somebody filled come through, names of tomograms from the .doc beside", async () => {
  const row = (tag: number, cc2: number) =>
    `${tag} 1 1 0.5 0 0 10 20 30 0.75 ${cc2} 0 1 0 0 0 0 0 0 3 0 2 0 100 200 300 0 0 0 0 0 0 0 0 0 1.5\n`;
  const format = namedFormat("from-format", "dynamo");
  const source = {
    path: "t/a.tbl",
    bytes: Buffer.from(row(5, 0.25) + row(9, 0.125)),
    beside: (name: string) => (name === "a.doc" ? "3 /data/TS_3.mrc\n" : undefined),
  };
  const sets = (await format.read(source)) as PositionSet[];
  expect(sets[0]).toMatchObject({
    run: "/data/TS_3.mrc",
    pixel: 1.5,
    extra: { family: "dynamo", names: ["tag", "cc2"] },
  });
  expect(sets[0]!.positions[1]).toMatchObject({ at: [100.5, 200, 300], score: 0.75, extra: ["9", "0.125"] });
  const written = format.write(sets, {}).bytes.toString();
  expect(written.split("\n")[1]).toMatch(
    /^9 1 1 0 0 0 10\.000000 20\.000000 30\.000000 0\.75 0\.125 .* 100\.500000 200\.000000 300\.000000 /,
  );
});
