import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openOmeZarr, openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { temporaryFolder, unpackStore, writeTree } from "../../support/storeFixtures.js";

interface Multiscales {
  version?: string;
  axes?: unknown;
  datasets: { path: string; coordinateTransformations?: unknown }[];
}

function withMetadata(change: (multiscales: Multiscales) => void): string {
  const folder = unpackStore("type <f4");
  const path = join(folder, ".zattrs");
  const attributes = JSON.parse(readFileSync(path, "utf8")) as { multiscales: [Multiscales] };
  change(attributes.multiscales[0]);
  writeFileSync(path, JSON.stringify(attributes));
  return folder;
}

const axesIn = (unit: string) => ["z", "y", "x"].map((name) => ({ name, type: "space", unit }));

describe("units of length", () => {
  /** OME-NGFF 0.4, section axes: the units of length that it allows, in metres. */
  const metres: Record<string, number> = {
    angstrom: 1e-10,
    attometer: 1e-18,
    centimeter: 1e-2,
    decimeter: 1e-1,
    exameter: 1e18,
    femtometer: 1e-15,
    foot: 0.3048,
    gigameter: 1e9,
    hectometer: 1e2,
    inch: 0.0254,
    kilometer: 1e3,
    megameter: 1e6,
    meter: 1,
    micrometer: 1e-6,
    mile: 1609.344,
    millimeter: 1e-3,
    nanometer: 1e-9,
    parsec: 3.085677581491367e16,
    petameter: 1e15,
    picometer: 1e-12,
    terameter: 1e12,
    yard: 0.9144,
    yoctometer: 1e-24,
    yottameter: 1e24,
    zeptometer: 1e-21,
    zettameter: 1e21,
  };
  const signs = {
    nm: 1e-9,
    um: 1e-6,
    µm: 1e-6,
    μm: 1e-6,
    pm: 1e-12,
    mm: 1e-3,
    å: 1e-10,
    Å: 1e-10,
    nanometers: 1e-9,
    Nanometre: 1e-9,
  };

  test.each(Object.entries({ ...metres, ...signs }))("%s", async (unit, length) => {
    const angstroms = [10.5, 11, 12];
    const scale = angstroms.map((size) => size / (length * 1e10));
    const { levels } = await openOmeZarr(
      withMetadata((m) => {
        m.axes = axesIn(unit);
        m.datasets[0]!.coordinateTransformations = [{ type: "scale", scale }];
      }),
    );
    for (const [axis, spacing] of levels[0]!.spacing.entries())
      expect(spacing / angstroms[axis]!).toBeCloseTo(1, 12);
  });

  test.each([
    ["meter", 10],
    ["yottameter", 1e308],
    ["angstrom", 1e-4],
    ["yoctometer", 1e-320],
  ])("%s with a scale of %f is no voxel spacing", async (unit, size) => {
    const folder = withMetadata((m) => {
      m.axes = axesIn(unit);
      m.datasets[0]!.coordinateTransformations = [{ type: "scale", scale: [size, size, size] }];
    });
    await expect(openOmeZarr(folder)).rejects.toThrow(/\/0: its voxels have .* Å; wanted 0.001 to 100000:/);
    expect((await openOmeZarr(folder, 10)).levels[0]!.spacing).toEqual([10, 10, 10]);
  });

  test("a level with more voxels than the first one has smaller ones", async () => {
    const folder = withMetadata((m) => m.datasets.push({ path: "1" }));
    writeTree(folder, {
      "1/.zarray": readFileSync(join(folder, "0/.zarray"), "utf8").replace(
        /"shape":\s*\[[^\]]*\]/,
        '"shape": [9, 5, 6]',
      ),
    });
    expect((await openOmeZarr(folder, 6)).levels[1]!.spacing).toEqual([2, 6, 6]);
  });

  test("channels count among the chunks that metadata may promise", async () => {
    const folder = withMetadata((m) => {
      m.axes = ["c", "z", "y", "x"];
      m.datasets[0]!.coordinateTransformations = [{ type: "scale", scale: [1, 10, 10, 10] }];
    });
    const path = join(folder, "0/.zarray");
    const array = JSON.parse(readFileSync(path, "utf8")) as object;
    const many = { ...array, shape: [2 ** 17, 64, 8, 8], chunks: [1, 1, 8, 8] };
    writeFileSync(path, JSON.stringify({ ...many, filters: null, compressor: null }));
    await expect(openOmeZarr(folder)).rejects.toThrow("metadata promises 8388608 chunks");
  });

  test.each(["furlong", "pixel", "second", "NM"])("%s is none", async (unit) => {
    await expect(openOmeZarr(withMetadata((m) => (m.axes = axesIn(unit))))).rejects.toThrow(
      `unit ${unit} of an axis`,
    );
  });
});

describe("a spacing that is given comes before the metadata", () => {
  const faults: [string, (m: Multiscales) => void][] = [
    ["nothing wrong", () => undefined],
    ["an unknown unit", (m) => (m.axes = axesIn("pixel"))],
    ["no scale", (m) => delete m.datasets[0]!.coordinateTransformations],
    [
      "a scale of 0",
      (m) => (m.datasets[0]!.coordinateTransformations = [{ type: "scale", scale: [0, 0, 0] }]),
    ],
    ["another transformation", (m) => (m.datasets[0]!.coordinateTransformations = [{ type: "affine" }])],
    [
      "OME-NGFF 0.1",
      (m) => {
        m.version = "0.1";
        delete m.axes;
        delete m.datasets[0]!.coordinateTransformations;
      },
    ],
    [
      "OME-NGFF 0.3",
      (m) => {
        m.version = "0.3";
        m.axes = ["z", "y", "x"];
        delete m.datasets[0]!.coordinateTransformations;
      },
    ],
  ];
  test.each(faults)("%s", async (_name, change) => {
    const ref = await openOmeZarr(withMetadata(change), 7.25);
    expect(ref.levels[0]!.spacing).toEqual([7.25, 7.25, 7.25]);
    expect((await (await openTomogram(ref)).readAll()).data[89]).toBe(89);
  });

  test("no metadata but the array's", async () => {
    const folder = unpackStore("type <f4");
    rmSync(join(folder, ".zattrs"));
    expect((await openOmeZarr(folder, 5)).levels[0]!.spacing).toEqual([5, 5, 5]);
    expect((await openOmeZarr(join(folder, "0"), 5)).levels[0]!.shape).toEqual([3, 5, 6]);
  });

  test("coarser levels keep their proportion, by the metadata or by their voxels", async () => {
    for (const scaled of [true, false]) {
      const folder = withMetadata((m) => {
        const coarse = { path: "0", coordinateTransformations: [{ type: "scale", scale: [42, 44, 48] }] };
        m.datasets.push(scaled ? coarse : { path: "0" });
      });
      const { levels } = await openOmeZarr(folder, 5);
      expect(levels[1]!.spacing).toEqual(scaled ? [20, 20, 20] : [5, 5, 5]);
    }
  });
});

test("versions of OME-NGFF that are not read are named", async () => {
  const unread = (version: string) =>
    writeTree(join(temporaryFolder(), "a.zarr"), {
      "zarr.json": JSON.stringify({
        zarr_format: 3,
        node_type: "group",
        attributes: { ome: { version, multiscales: [{ coordinateSystems: [], datasets: [{ path: "0" }] }] } },
      }),
    });
  for (const version of ["0.6", "0.6.dev1", "1.0"])
    await expect(openOmeZarr(unread(version))).rejects.toThrow(
      `OME-NGFF version ${version} is not read; wanted 0.4 or 0.5`,
    );
  await expect(openOmeZarr(withMetadata((m) => (m.version = "0.2")))).rejects.toThrow(
    /version 0.2 has no voxel spacing; wanted 0.4 or 0.5, or the spacing given/,
  );
});

test("a bioformats2raw folder with one image is that image; with several they are named", async () => {
  const folder = join(temporaryFolder(), "a.zarr");
  writeTree(folder, { ".zattrs": JSON.stringify({ "bioformats2raw.layout": 3 }), ".zgroup": "{}" });
  unpackStore("blosc lz4", join(folder, "0"));
  const ref = await openOmeZarr(folder);
  expect(ref.levels[0]!.path).toBe("0/0");
  expect((await (await openTomogram(ref)).readAll()).data[89]).toBe(89);
  unpackStore("blosc lz4", join(folder, "1"));
  await expect(openOmeZarr(folder)).rejects.toThrow(
    /a bioformats2raw folder with 2 images \(0, 1\); wanted one: give .*0$/,
  );
});

test("JSON as Python writes it is read", async () => {
  const folder = unpackStore("type <f4");
  const path = join(folder, ".zattrs");
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace(/^\{/, '{"stats": {"mean": NaN, "most": Infinity},'),
  );
  const array = join(folder, "0/.zarray");
  writeFileSync(array, readFileSync(array, "utf8").replace(/"fill_value": *0.0/, '"fill_value": -Infinity'));
  expect((await (await openTomogram(await openOmeZarr(folder))).readAll()).data[89]).toBe(89);
});
