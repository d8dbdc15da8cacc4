/** The template `features`, really done: from ready maps of two tomograms to a survey that is asked. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOmeZarr } from "../../src/formats/zarr/writer.js";
import { cubic } from "../infer/rules/condition.js";
import { pickbenchProcess } from "../support/commandLine.js";
import { whiteNoise, writeMrc } from "../support/surveyData.js";

const home = process.cwd();
let folder: string;

/** z, y, x; and voxels of 10 Å, as of all volumes of `writeMrc`. */
const shape = [16, 40, 48] as const;
const spacing = 10;
const plane = shape[1] * shape[2];

/** Centres of balls of 60 Å, z, y, x in voxels; a ribosome of the challenge is no smaller. */
const ribosomes = {
  TS_1: [[9, 12, 12]],
  TS_2: [
    [9, 12, 12],
    [9, 27, 36],
  ],
} as const;
/** Planes of membrane, from the first. */
const planes = { TS_1: 2, TS_2: 3 } as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "features-"));
  process.chdir(folder);
  for (const [at, run] of (["TS_1", "TS_2"] as const).entries()) {
    await writeMrc(join("tomograms", `${run}.mrc`), shape, whiteNoise(shape, at));
    const membrane = Float32Array.from({ length: shape[0] * plane }, (_, i) =>
      i < planes[run] * plane ? 0.9 : 0,
    );
    const ribosome = Float32Array.from({ length: shape[0] * plane }, (_, i) => {
      const [z, y, x] = [Math.floor(i / plane), Math.floor(i / shape[2]) % shape[1], i % shape[2]];
      return ribosomes[run].some(([cz, cy, cx]) => Math.hypot(z - cz, y - cy, x - cx) <= 6) ? 0.8 : 0;
    });
    const writer = await createOmeZarr(join("maps", `${run}.zarr`), {
      shape,
      spacing: cubic(spacing),
      channels: ["membrane", "ribosome"],
    });
    await writer.writeSlab(0, membrane, 0);
    await writer.writeSlab(0, ribosome, 1);
    await writer.close();
  }
  await writeFile(
    "set.yaml",
    `features:
  - { name: membrane, maps: maps, emit: true }
  - { name: ribosome, maps: maps, picking: { minSpacing: 60, minVolume: 1000 } }
`,
  );
});
afterAll(async () => {
  process.chdir(home);
  await rm(folder, { recursive: true, force: true });
});

test("segments, picks, meshes, measures, and surveys what it made", async () => {
  const written = await pickbenchProcess("workflow", "new", "features", "--out", "mine.yaml");
  expect(written).toMatchObject({ code: 0 });
  const given = ["--set", "data=tomograms", "--set", "features=set.yaml", "--json"];
  const { code, stdout, stderr } = await pickbenchProcess("workflow", "run", "mine.yaml", ...given);
  expect([code, stderr]).toEqual([0, ""]);
  const { done } = JSON.parse(stdout);
  expect(done.map(({ name }: { name: string }) => name).sort()).toEqual([
    ...["context", "mesh", "pick", "segment", "survey"],
  ]);
  const columns = ["membrane.volume", "ribosome.count", "ribosome.components"];
  const asked = await pickbenchProcess(
    ...["survey", "find", "ribosome.count > 0", "--survey", join("features", "survey")],
    ...["--columns", columns.join(","), "--json"],
  );
  expect([asked.code, asked.stderr]).toEqual([0, ""]);
  const volumeOf = (run: keyof typeof planes) => planes[run] * plane * spacing ** 3;
  expect(JSON.parse(asked.stdout)).toEqual({
    total: 2,
    tomograms: (["TS_1", "TS_2"] as const).map((run) => ({
      run,
      "membrane.volume": volumeOf(run),
      "ribosome.count": ribosomes[run].length,
      "ribosome.components": ribosomes[run].length,
    })),
  });
  const rows = (await readFile(join("features", "context.csv"), "utf8")).trimEnd().split("\n").slice(1);
  const apart = Math.hypot(24 * spacing, 15 * spacing);
  expect(rows.map((row) => row.split(",").slice(6).map(Number))).toEqual([
    [80, 0],
    [70, expect.closeTo(apart, 3)],
    [70, expect.closeTo(apart, 3)],
  ]);
  const again = await pickbenchProcess("workflow", "run", "mine.yaml", ...given);
  expect(JSON.parse(again.stdout)).toMatchObject({ done: [], failed: [] });
});
