import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { angstrom } from "../../src/domain/units.js";
import type { Shape3, Spacing3 } from "../../src/domain/volume.js";
import { createMrc } from "../../src/formats/mrc/writer.js";
import { readPositionsFile } from "../../src/formats/positions/readPositions.js";
import { createOmeZarr } from "../../src/formats/zarr/writer.js";
import { pickbench } from "../support/commandLine.js";
import { pythonHas, runPythonFile } from "../support/python.js";
import { temporaryFolder } from "../support/storeFixtures.js";

const shape: Shape3 = [4, 5, 6];
const spacing: Spacing3 = [angstrom(12), angstrom(11), angstrom(10)];
const values = Float32Array.from({ length: 120 }, (_, i) => i);
const hostile = ['"); import os #', "<script>&'x'", "é\u2028ü"];
const types = ["ribosome", ...hostile];
const truthOf = (index: number) => [
  { x: 5, y: 5.5, z: 6 },
  { x: 12.25 + index, y: 47.125, z: 30.5 },
];
const picks = [
  { x: 20.5, y: 21.5, z: 22.5, score: 0.75 },
  { x: 59.999, y: 0.001, z: 47.999, score: 0.25 },
];
const script = new URL("../fixtures/viewers/read_back.py", import.meta.url).pathname;
const readBack = (...args: string[]) => runPythonFile(script, ...args);

function picksJson(
  type: string,
  points: readonly { x: number; y: number; z: number; score?: number }[],
): string {
  return JSON.stringify({
    pickable_object_name: type,
    unit: "angstrom",
    points: points.map(({ score, ...location }) => ({ location, ...(score === undefined ? {} : { score }) })),
  });
}

/** A copick project of four types, three of them with names that mean something to Python, XML or a browser. */
async function project(run = "TS_1"): Promise<{ folder: string; config: string; picked: string }> {
  const folder = temporaryFolder();
  const inside = join(folder, "static", "ExperimentRuns", run, "VoxelSpacing10.000");
  mkdirSync(inside, { recursive: true });
  const writer = await createOmeZarr(join(inside, "denoised.zarr"), {
    shape,
    spacing,
    voxelType: "float32",
    levels: 2,
    format: 2,
    sharded: false,
    compressor: "blosc-lz4",
    downsampling: "mean",
  });
  await writer.writeSlab(0, values);
  await writer.close();
  const truth = join(folder, "overlay", "ExperimentRuns", run, "Picks");
  const picked = join(folder, "mine");
  const pickFolder = join(picked, "ExperimentRuns", run, "Picks");
  for (const each of [truth, pickFolder]) mkdirSync(each, { recursive: true });
  for (const [index, type] of types.entries()) {
    writeFileSync(join(truth, `${type}.json`), picksJson(type, truthOf(index)));
    writeFileSync(join(pickFolder, `pickbench_0_${type}.json`), picksJson(type, picks));
  }
  const config = join(folder, "copick.json");
  const objects = types.map((name, index) => ({
    name,
    is_particle: true,
    radius: 30 + index,
    label: index + 1,
    color: [10, 20 + index, 250, 255],
  }));
  writeFileSync(
    config,
    JSON.stringify({
      config_type: "filesystem",
      overlay_root: `local://${folder}/overlay`,
      static_root: `local://${folder}/static`,
      pickable_objects: objects,
    }),
  );
  return { folder, config, picked };
}

interface Written {
  readonly files: string[];
  readonly layers: { readonly name: string; readonly points: number }[];
  readonly notes: string[];
}

async function opened(...args: string[]): Promise<Written> {
  const { code, stdout, stderr } = await pickbench("open", ...args, "--overwrite", "--json");
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Written;
}

const file = ({ files }: Written, end: string): string => files.find((path) => path.endsWith(end))!;
const layerNames = [...types.map((type) => `truth ${type}`), ...types.map((type) => `mine ${type}`)];

describe("open", () => {
  test("Neuroglancer: the link holds the state, and voxels and metres of its points are those of the picks", async () => {
    const { config, picked, folder } = await project();
    const out = join(folder, "out");
    const written = await opened("TS_1", "--data", config, "--picks", picked, "--out", out);
    expect(written.layers.map(({ name }) => name)).toEqual(layerNames);
    const state = JSON.parse(readFileSync(file(written, ".json"), "utf8"));
    const link = readFileSync(file(written, "link.txt"), "utf8").trim();
    expect(link).toMatch(/^https:\/\/neuroglancer-demo\.appspot\.com\/#![\w%!~*'().-]+$/);
    expect(JSON.parse(decodeURIComponent(link.split("#!")[1]!))).toEqual(state);
    const [image, ...layers] = state.layers;
    expect(image.source).toBe(
      "zarr://http://127.0.0.1:8000/ExperimentRuns/TS_1/VoxelSpacing10.000/denoised.zarr",
    );
    expect(layers.map(({ name }: { name: string }) => name)).toEqual(layerNames);
    const metres = ["x", "y", "z"].map((axis) => state.dimensions[axis][0] as number);
    expect(metres.map((length) => length * 1e10)).toEqual(
      [10, 11, 12].map((length) => expect.closeTo(length, 9)),
    );
    for (const [index, layer] of layers.entries()) {
      const isTruth = index < types.length;
      const expected = isTruth ? truthOf(index) : picks;
      for (const [i, annotation] of layer.annotations.entries()) {
        const at = (isTruth ? annotation.center : annotation.point) as number[];
        const { x, y, z } = expected[i]!;
        for (const [axis, length] of [x, y, z].entries())
          expect(Math.abs((at[axis]! + 0.5) * metres[axis]! - length * 1e-10)).toBeLessThan(6.1e-14);
      }
    }
    expect(layers[0].annotationColor).toBe("#0a14fa");
    expect(image).toMatchObject({
      shader: expect.stringMatching(/^#uicontrol invlerp normalized\nvoid main\(\) \{/),
      shaderControls: { normalized: { range: [0.595, 118.405] } },
    });
    // In voxels of the shortest edge, 10 Å: 6 along x, 5.5 along y, 4.8 along z, in a panel of 700×400 pixels.
    expect([state.crossSectionScale, state.projectionScale]).toEqual([0.0138, 6]);
    expect(layers[0].annotations[0]).toEqual({
      type: "ellipsoid",
      id: "1",
      center: [0, 0, 0],
      radii: [3, 2.7273, 2.5],
    });
    expect(layers[4].annotations[0].description).toBe("score 0.75");
  });

  test("Neuroglancer: where the data are served, and a store whose metadata moves it", async () => {
    const { folder, config } = await project();
    const store = join(folder, "static/ExperimentRuns/TS_1/VoxelSpacing10.000/denoised.zarr");
    const attributes = JSON.parse(readFileSync(join(store, ".zattrs"), "utf8"));
    for (const dataset of attributes.multiscales[0].datasets)
      dataset.coordinateTransformations = [
        dataset.coordinateTransformations[0],
        { type: "translation", translation: [24, 22, 5] },
      ];
    writeFileSync(join(store, ".zattrs"), JSON.stringify(attributes));
    for (const [url, expected] of [
      [
        "https://example.org/data/",
        "zarr://https://example.org/data/static/ExperimentRuns/TS_1/VoxelSpacing10.000/denoised.zarr",
      ],
      ["https://example.org/my.zarr", "zarr://https://example.org/my.zarr"],
    ] as const) {
      const given = ["--data", url.endsWith("zarr") ? config : folder, "--for", "neuroglancer", "--url", url];
      const written = await opened("TS_1", ...given, "--out", join(folder, "out"));
      const state = JSON.parse(readFileSync(file(written, ".json"), "utf8"));
      expect(state.layers[0].source).toBe(expected);
      expect(state.layers[1].annotations[0].center).toEqual([0.5, 2, 2]);
    }
    const bad = await pickbench(
      "open",
      "TS_1",
      "--data",
      folder,
      "--out",
      join(folder, "o"),
      "--url",
      "file:///etc",
    );
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining("--url is file:///etc, wanted")]);
  });

  test("a tomogram that cannot be read is shown without its contrast, which is said", async () => {
    const { folder, config } = await project();
    const store = join(folder, "static/ExperimentRuns/TS_1/VoxelSpacing10.000/denoised.zarr");
    writeFileSync(join(store, "0/0/0/0"), "damaged");
    const written = await opened("TS_1", "--data", config, "--out", join(folder, "out"));
    expect(written.notes[0]).toMatch(/^the contrast is not set: .*0\/0\/0\/0/);
    const state = JSON.parse(readFileSync(file(written, ".json"), "utf8"));
    expect(state.layers[0].shaderControls).toBeUndefined();
    expect(readFileSync(file(written, ".py"), "utf8")).not.toContain("contrast_limits");
  });

  test.each([
    [["--serve", "--url", "https://example.org"], "--serve serves the data itself, --url says who else does"],
    [["--serve", "--for", "napari"], "--serve is for Neuroglancer; add it to --for"],
    [["--port", "8000"], "--port is for --serve; give both"],
    [["--serve", "--port", "70000"], "--port is 70000, wanted at most 65535"],
    [["--serve", "--port", "0"], "--port is 0, wanted a whole number of at least 1"],
  ])("%j: %s", async (flags, message) => {
    const { folder, config } = await project();
    const { code, stderr } = await pickbench(
      ...["open", "TS_1", "--data", config, "--out", join(folder, "out"), ...flags],
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  });

  test("ChimeraX: marker files are XML with places and radii in Å; the script names them and the volume's origin", async () => {
    const { folder, config, picked } = await project();
    const written = await opened(
      ...["TS_1", "--data", config, "--picks", picked, "--for", "chimerax", "--out", join(folder, "out")],
    );
    const cxc = readFileSync(file(written, ".cxc"), "utf8");
    const lines = cxc.split("\n");
    expect(lines[1]).toBe(`open "${folder}/static/ExperimentRuns/TS_1/VoxelSpacing10.000/denoised.zarr"`);
    expect(lines[2]).toBe("volume #1 voxelSize 10,11,12 origin 5,5.5,6");
    const names = written.files
      .filter((path) => path.endsWith(".cmm"))
      .map((path) => path.split("/").at(-1)!);
    expect(lines.filter((line) => /^open \S+\.cmm$/.test(line))).toEqual(names.map((name) => `open ${name}`));
    expect(lines.filter((line) => line.startsWith("transparency"))).toEqual(
      types.map((_, index) => `transparency #${index + 2} 65 target a`),
    );
    for (const name of names) expect(name).toMatch(/^TS_1-\d\d-[\w.-]+\.cmm$/);
    if (!pythonHas("numpy")) return;
    const sets = readBack("markers", ...written.files.filter((path) => path.endsWith(".cmm"))) as {
      tag: string;
      name: string;
      markers: Record<string, string>[];
    }[];
    expect(sets.map(({ tag, name }) => [tag, name])).toEqual(layerNames.map((name) => ["marker_set", name]));
    for (const [index, { markers }] of sets.entries()) {
      const isTruth = index < types.length;
      const expected = isTruth ? truthOf(index) : picks;
      const radius = (30 + (index % types.length)) * (isTruth ? 1 : 0.5);
      expect(markers.map(({ x, y, z, radius: r }) => [x, y, z, r].map(Number))).toEqual(
        expected.map(({ x, y, z }) => [x, y, z, radius]),
      );
    }
    expect(sets[4]!.markers.map(({ note }) => note)).toEqual(["0.75", "0.25"]);
  });

  test("a path that ChimeraX could read in two ways is left out of its script", async () => {
    const { folder } = await project('TS";close');
    const written = await opened(
      ...['TS";close', "--data", folder, "--for", "chimerax", "--out", join(folder, "out")],
    );
    const cxc = readFileSync(file(written, "TS_close.cxc"), "utf8");
    expect(cxc.split("\n").slice(1, 3)).toEqual([
      "open TS_close-01-truth_ribosome.cmm",
      "transparency #1 65 target a",
    ]);
    expect(written.notes.join()).toContain("open it by hand");
    expect(readdirSync(join(folder, "out")).sort()).toEqual([
      "TS_close-01-truth_ribosome.cmm",
      "TS_close.cxc",
    ]);
  });

  test.skipIf(!pythonHas("numpy", "zarr", "dask.array"))(
    "napari: the script, run on a stub, shows the voxels and points in Å (skipped without zarr and dask)",
    async () => {
      const { folder, config, picked } = await project();
      const written = await opened(
        ...["TS_1", "--data", config, "--picks", picked, "--for", "napari", "--out", join(folder, "out")],
      );
      const notes = readBack("napari", file(written, ".py")) as {
        ran: boolean;
        image: object;
        layers: {
          name: string;
          world: number[][];
          data: number[][];
          size: number;
          symbol: string;
          features?: object;
        }[];
      };
      expect(notes.ran).toBe(true);
      expect(notes.image).toMatchObject({
        shape: [4, 5, 6],
        values: [...values],
        name: "TS_1",
        scale: [12, 11, 10],
        translate: [6, 5.5, 5],
      });
      expect(readFileSync(file(written, ".py"), "utf8")).toContain("contrast_limits=(0.595, 118.405)");
      expect(notes.layers.map(({ name }) => name)).toEqual(layerNames);
      for (const [index, { world, symbol }] of notes.layers.entries()) {
        const isTruth = index < types.length;
        const expected = isTruth ? truthOf(index) : picks;
        expect(symbol).toBe(isTruth ? "ring" : "disc");
        for (const [i, { x, y, z }] of expected.entries())
          expect(world[i]).toEqual([z, y, x].map((length) => expect.closeTo(length, 4)));
      }
      expect(notes.layers[0]!.data[0]).toEqual([0, 0, 0]);
      expect(notes.layers[0]!.size).toBeCloseTo(60 / 11, 5);
      expect(notes.layers[4]!.features).toEqual({ score: [0.75, 0.25] });
    },
  );

  test("IMOD: the model is read back, objects by name, with colour and radius", async () => {
    const { folder, config, picked } = await project();
    const written = await opened(
      ...["TS_1", "--data", config, "--picks", picked, "--for", "imod", "--out", join(folder, "out")],
    );
    const path = file(written, ".mod");
    const { sets, format } = await readPositionsFile(path);
    const [set] = sets;
    expect([format.name, set!.frame]).toEqual(["mod", "imod"]);
    const expected = layerNames.flatMap((name, index) =>
      (index < types.length ? truthOf(index) : picks).map(
        ({ x, y, z }) => [name, x / 10, y / 11, z / 12 - 0.5] as const,
      ),
    );
    for (const [i, { type, at }] of set!.positions.entries()) {
      expect(type).toBe(expected[i]![0]);
      for (const axis of [0, 1, 2] as const)
        expect(at[axis]).toBeCloseTo(expected[i]![axis + 1] as number, 5);
    }
    const bytes = readFileSync(path);
    const start = bytes.indexOf("OBJT") + 4;
    expect([144, 148, 152].map((place) => Math.round(255 * bytes.readFloatBE(start + place)))).toEqual([
      10, 20, 250,
    ]);
    expect([bytes.readInt32BE(start + 156), bytes[start + 167]]).toEqual([3, 60]);
  });

  test("a submission CSV, a run's folder and an MRC file; runs without picks are said", async () => {
    const folder = temporaryFolder();
    const writer = await createMrc(join(folder, "TS_1.mrc"), { shape, spacing, mode: 2 });
    await writer.writeSlab(0, values);
    await writer.close();
    const csv = join(folder, "sub.csv");
    writeFileSync(csv, "id,experiment,particle_type,x,y,z\n0,TS_1,ribosome,1,2,3\n1,TS_9,ribosome,4,5,6\n");
    mkdirSync(join(folder, "r"));
    writeFileSync(
      join(folder, "r", "submission.csv"),
      "id,experiment,particle_type,x,y,z\n0,TS_9,ribosome,1,2,3\n",
    );
    const written = await opened(
      ...["TS_1", "--data", folder, "--picks", csv, join(folder, "r"), "--out", join(folder, "out")],
    );
    expect(written.layers).toEqual([{ name: "sub ribosome", points: 1 }]);
    expect(written.notes.join("\n")).toContain("TS_1 has no truth");
    expect(written.notes.join("\n")).toContain("r has no picks of TS_1");
    expect(readFileSync(file(written, ".py"), "utf8")).toContain("mrcfile.open(PATH, permissive=True).data");
    const state = JSON.parse(readFileSync(file(written, ".json"), "utf8"));
    expect(state.layers).toHaveLength(1);
    const wrong = await pickbench(
      "open",
      "TS_1",
      "--data",
      folder,
      "--out",
      join(folder, "out"),
      "--for",
      "amira",
    );
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("--for names amira, wanted")]);
  });
});
