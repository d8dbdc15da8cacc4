import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFeatureMap } from "../../../src/infer/maps/featureMaps.js";
import { pickbench } from "../../support/commandLine.js";
import { cubic, writeLabels } from "../../support/masks.js";

let folder: string;
let maps: string;
let picks: string;

/** A membrane at x = 20 to 23 of 48 and a particle's map with two balls, one beside the membrane. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "surroundings-"));
  maps = join(folder, "maps");
  picks = join(folder, "picks.csv");
  const shape = [24, 32, 48] as const;
  await writeLabels(join(maps, "TS_1__membrane.mrc"), shape, cubic(10), (_, __, x) =>
    x >= 20 && x <= 23 ? 1 : 0,
  );
  const ball = (z: number, y: number, x: number, at: number) => Math.hypot(z - 12, y - 16, x - at) <= 4;
  await writeLabels(join(maps, "TS_1__ribosome.mrc"), shape, cubic(10), (z, y, x) =>
    ball(z, y, x, 28) || ball(z, y, x, 42) ? 1 : 0,
  );
  await writeFile(
    picks,
    "experiment,particle_type,x,y,z\nTS_1,ribosome,285,165,125\nTS_1,ribosome,425,165,125\n",
  );
});
afterAll(() => rm(folder, { recursive: true }));

const said = async (...args: string[]) => {
  const { stdout, stderr, code } = await pickbench(...args);
  return code === 0 ? (args.includes("--json") ? JSON.parse(stdout) : stdout) : stderr;
};

describe("pickbench context", () => {
  it("writes columns to CSV, STAR and copick, and selects", async () => {
    const asked = ["--maps", maps, "--distance", "membrane:0.5", "--nearest", "any"];
    const csv = join(folder, "all.csv");
    expect(await said("context", picks, ...asked, "--out", csv, "--json")).toMatchObject({
      to: "csv",
      positions: 2,
      selected: 2,
      columns: [
        { name: "distance.membrane", values: 2 },
        { name: "nearest.any" },
        { name: "nearest.any.type" },
      ],
    });
    expect((await readFile(csv, "utf8")).split("\n")[1]).toBe("TS_1,ribosome,285,165,125,50,140,ribosome");
    expect(await said("context", picks, ...asked, "--out", csv)).toContain("give --overwrite");
    const star = join(folder, "near.star");
    const where = ["--where", "distance.membrane < 100"];
    expect(await said("context", csv, "--maps", maps, "--faces", ...where, "--out", star)).toMatch(
      /^1 of 2 positions: .*\(relion5\)\nfaces: 2 values/,
    );
    expect(await readFile(star, "utf8")).toMatch(
      /_distance\.membrane #\d+[\s\S]*ribosome 50 140 ribosome 115\n/,
    );
    const out = join(folder, "copick");
    await said(
      "context",
      star,
      "--where",
      "[distance.membrane] is not missing",
      "--maps",
      maps,
      "--faces",
      "--out",
      out,
      "--quiet",
    );
    const written = JSON.parse(
      await readFile(join(out, "ExperimentRuns", "TS_1", "Picks", "pickbench_0_ribosome.json"), "utf8"),
    );
    expect(written.points[0].metadata).toEqual({
      "distance.membrane": 50,
      "nearest.any": 140,
      "nearest.any.type": "ribosome",
      faces: 115,
    });
  });

  it("refuses what cannot be measured", async () => {
    const out = ["--out", join(folder, "never.csv")];
    expect(await said("context", picks, ...out)).toContain("nothing is asked of the picks' surroundings");
    expect(await said("context", picks, ...out, "--sample", "membrane:50")).toContain(
      "--maps does not say where maps are",
    );
    expect(await said("context", picks, ...out, "--slab", "contrast")).toContain(
      "name the data set by --data",
    );
    expect(await said("context", picks, ...out, "--maps", maps, "--sample", "gold:50")).toContain(
      "no map of gold; there is membrane, ribosome",
    );
    expect(await said("context", picks, ...out, "--maps", maps, "--sample", "membrane:50:10")).toContain(
      "no position has an orientation",
    );
    expect(await said("context", picks, ...out, "--where", "score >")).toContain(
      "at character 8 of the expression\n  score >\n         ^",
    );
    expect(await said("context", picks, ...out, "--faces", "--runs", "TS_9", "--maps", maps)).toContain(
      "--runs names TS_9",
    );
  });
});

describe("pickbench pick", () => {
  it("measures and selects as it picks, by the maps that it picks from", async () => {
    const out = join(folder, "picked");
    const asked = [
      "--type",
      "ribosome",
      "--min-volume",
      "0",
      "--min-spacing",
      "50",
      "--distance",
      "membrane:0.5",
    ];
    const found = await said(
      "pick",
      maps,
      "--out",
      out,
      ...asked,
      "--where",
      "distance.membrane < 100",
      "--json",
    );
    expect(found.context).toMatchObject({
      positions: 2,
      selected: 1,
      columns: [{ name: "distance.membrane", values: 2 }],
    });
    const file = join(out, "ExperimentRuns", "TS_1", "Picks", "pickbench_pick_ribosome.json");
    const { points, ...head } = JSON.parse(await readFile(file, "utf8"));
    expect(points.map(({ metadata }: { metadata: unknown }) => metadata)).toEqual([
      { "distance.membrane": 50 },
    ]);
    const misspelt = ["--where", "distance.membran < 10", "--out", join(folder, "misspelt")];
    expect(await said("pick", maps, ...asked, ...misspelt)).toContain("did you mean distance.membrane?");
    await expect(access(join(folder, "misspelt"))).rejects.toThrow("ENOENT");
    await said("pick", maps, "--out", out, ...asked, "--where", "distance.membrane < 10", "--overwrite");
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ ...head, points: [] });
  });
});

describe("pickbench mask", () => {
  const voxels = async (store: string, type = "area") => {
    const { data } = await (await openFeatureMap({ store, run: "TS_1", type, channel: 0 })).readAll();
    return [...data.slice(0, 48).keys()].filter((x) => data[x]! > 0).map((x) => [x, data[x]]);
  };

  it.each([
    ["mrc", "TS_1__area.mrc", 127],
    ["zarr", "TS_1.zarr", 1],
    ["copick", "ExperimentRuns/TS_1/Segmentations/10.000_pickbench_area_area.zarr", 1],
  ])("writes %s", async (format, name, value) => {
    const out = join(folder, format);
    const asked = ["membrane:0.5:20", "--format", format, "--value", String(value), "--out", out];
    expect(await said("mask", maps, ...asked)).toBe(`TS_1: 16.67 % of the volume, in ${join(out, name)}\n`);
    expect(await voxels(join(out, name))).toEqual([18, 19, 20, 21, 22, 23, 24, 25].map((x) => [x, value]));
    expect(await said("mask", maps, ...asked)).toContain("--resume");
    expect(await said("mask", maps, ...asked, "--resume")).toContain("left as they are: masks of 1 run");
  });

  it("says aloud that a mask is empty, and refuses what is no area", async () => {
    const out = ["--out", join(folder, "empty")];
    const said1 = await said("mask", maps, "membrane:1", ...out);
    expect(said1).toMatch(/^TS_1: EMPTY, in .*\nan empty mask lets nothing be searched/);
    expect(await said("mask", maps, ...out)).toContain("nothing says what the area is");
    expect(await said("mask", maps, "membrane:0.5", "--grow", "5", "--shell", "5", ...out)).toContain(
      "leave one",
    );
    expect(await said("mask", maps, "membran:0.5", ...out)).toContain("did you mean membrane?");
    expect(await said("mask", maps, "--slab", "picks", ...out)).toContain("name them by --picks");
    expect(await said("mask", maps, "membrane:0.5", "--value", "255", ...out)).toContain("from 1 to 127");
  });
});
