import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  angstrom,
  isPickbenchError,
  type PicksByExperiment,
  picksFromPositions,
  positionFormats,
  positionsFromPicks,
  readPositions,
  writePositions,
} from "../../src/index.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pickbench-positions-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const picks: PicksByExperiment = new Map([
  ["TS_1", [{ type: "ribosome", x: angstrom(105), y: angstrom(205), z: angstrom(305), score: 0.5 }]],
  ["TS_2", [{ type: "apo-ferritin", x: angstrom(15), y: angstrom(25), z: angstrom(35), score: 0.25 }]],
]);

test("picks go through a table and come back as they were", async () => {
  const path = join(folder, "picks.csv");
  const { paths, frame, notes } = await writePositions(path, positionsFromPicks(picks), { format: "csv" });
  expect({ paths, frame, notes }).toEqual({ paths: [path], frame: "angstrom", notes: [] });
  const { sets } = await readPositions(path, { format: "csv" });
  expect(picksFromPositions(sets)).toEqual(picks);
});

test("a folder takes a file a run and type, in voxels where the format counts so", async () => {
  const out = join(folder, "dynamo");
  const { paths, frame } = await writePositions(out, positionsFromPicks(picks), {
    format: "coords",
    spacing: 10,
  });
  expect(paths.map((path) => path.slice(folder.length + 1)).sort()).toEqual([
    "dynamo/TS_1_ribosome.coords",
    "dynamo/TS_2_apo-ferritin.coords",
  ]);
  expect(frame).toBe("voxel");
  expect((await readFile(paths[0]!, "utf8")).trim().split(/\s+/).map(Number)).toEqual([10.5, 20.5, 30.5]);
  const read = await readPositions(paths[0]!, { spacing: 10, run: "TS_1", type: "ribosome" });
  expect(picksFromPositions(read.sets).get("TS_1")).toMatchObject([{ x: 105, y: 205, z: 305 }]);
});

test("says what is missing", async () => {
  const path = join(folder, "plain.coords");
  await writeFile(path, "1 2 3\n");
  await expect(readPositions(path)).rejects.toThrow(/--spacing/);
  const { sets } = await readPositions(path, { spacing: 10 });
  expect(() => picksFromPositions(sets)).toThrow(/option run$/);
  const named = await readPositions(path, { spacing: 10, run: "TS_1" });
  expect(() => picksFromPositions(named.sets)).toThrow(/option type$/);
  const again = writePositions(path, positionsFromPicks(picks), { format: "csv" });
  await expect(again).rejects.toSatisfy((error) => isPickbenchError(error, "BadUsage"));
  await expect(readPositions(path, { format: "none" })).rejects.toThrow(positionFormats.join(", "));
});

test("a name with a slash behind is a folder, whatever its dots", async () => {
  const { paths } = await writePositions(`${join(folder, "out.d")}/`, positionsFromPicks(picks), {
    format: "coords",
    spacing: 10,
  });
  expect(paths.map((path) => path.slice(folder.length + 1)).sort()).toEqual([
    "out.d/TS_1_ribosome.coords",
    "out.d/TS_2_apo-ferritin.coords",
  ]);
});

test.each([
  [{ spacing: 0 }, "--spacing is 0, wanted a number above 0"],
  [{ spacing: Number.NaN }, "--spacing is NaN, wanted a number above 0"],
  [{ size: [10, 10, 2.5] as const }, "--size is 2.5, wanted a whole number"],
])("%j is refused when reading and when writing", async (options, message) => {
  const path = join(folder, "refused.coords");
  await writeFile(path, "1 2 3\n");
  await expect(readPositions(path, options)).rejects.toThrow(message);
  const write = writePositions(path, positionsFromPicks(picks), {
    format: "coords",
    overwrite: true,
    ...options,
  });
  await expect(write).rejects.toThrow(message);
});
