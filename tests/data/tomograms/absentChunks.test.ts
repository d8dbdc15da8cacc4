import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openOmeZarr, openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { unpackStore, writeTree } from "../../support/storeFixtures.js";

const counting = Float32Array.from({ length: 90 }, (_, i) => i);
/** Voxels of the chunk 1,0,1 of chunks of 2×5×4: z of 2, x of 4 and 5. */
const isRemoved = (i: number) => i >= 60 && i % 6 >= 4;

function withFill(name: string, fill: string): string {
  const folder = unpackStore(name);
  const path = join(folder, name.startsWith("v3") ? "0/zarr.json" : "0/.zarray");
  writeFileSync(path, readFileSync(path, "utf8").replace(/"fill_value": *0.0/, `"fill_value": ${fill}`));
  return folder;
}

async function read(folder: string) {
  const reporter = hearingReporter();
  const access = { reporter, compared: new Map<string, number>() };
  const { data } = await (await openTomogram(await openOmeZarr(folder), 0, access)).readAll();
  return { data, notes: reporter.notes };
}

test.each([
  ["type <f4", "0/1/0/1"],
  ["blosc lz4", "0/1/0/1"],
  ["gzip", "0/1/0/1"],
  ["dots", "0/1.0.1"],
  ["order F", "0/1/0/1"],
  ["v3", "0/c/1/0/1"],
])("%s: an absent chunk is the fill value, and is counted aloud", async (name, chunk) => {
  const folder = withFill(name, "-2.5");
  rmSync(join(folder, chunk));
  const { data, notes } = await read(folder);
  expect(data).toEqual(counting.map((value, i) => (isRemoved(i) ? -2.5 : value)));
  expect(notes).toEqual([
    `denoised: 1 of 4 chunks of ${join(folder, "0")} are absent and read as the array's fill value -2.5`,
  ]);
});

test("an absent shard is the fill value", async () => {
  const folder = withFill("v3 sharded", "3");
  rmSync(join(folder, "0/c/0/0/0"));
  const { data, notes } = await read(folder);
  expect(data).toEqual(counting.map(() => 3));
  expect(notes[0]).toContain("the only chunk of");
});

test("a fill value that is not a number is a voxel that is not a number", async () => {
  for (const fill of ["NaN", '"NaN"', '"0x7fc00000"']) {
    const folder = withFill("v3", fill);
    expect((await read(folder)).data).toEqual(counting);
    rmSync(join(folder, "0/c/1/0/1"));
    await expect(read(folder), fill).rejects.toMatchObject({ name: "NotFinite" });
  }
});

test("a chunk that was there when it was fetched is lost", async () => {
  const folder = unpackStore("blosc lz4");
  const chunk = join(folder, "0/1/0/1");
  const ledger = (...lines: unknown[]) =>
    writeTree(join(folder, ".."), {
      ".pickbench-fetched.jsonl": lines.map((line) => JSON.stringify(line)).join("\n"),
    });
  rmSync(chunk);
  ledger({ path: "denoised.zarr/0/1/0/1", absent: 404 });
  expect((await read(folder)).notes).toHaveLength(1);
  ledger(
    { path: "denoised.zarr/0/1/0/1", absent: 404 },
    { path: "denoised.zarr/0/1/0/1", size: 9, sha256: "" },
  );
  await expect(read(folder)).rejects.toThrow(`${chunk}: chunk is missing; copy the tomogram again`);
});

test.each([
  ["dots", ".", "/", "0/0/0/0"],
  ["type <f4", "/", ".", "0/0.0.0"],
])("%s: chunks that lie under the other separator are no absent ones", async (name, own, other, missing) => {
  const folder = unpackStore(name);
  const path = join(folder, "0/.zarray");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(`"dimension_separator": "${own}"`, `"dimension_separator": "${other}"`));
  await expect(read(folder)).rejects.toThrow(
    new RegExp(`${join(folder, missing)}: chunk is missing, but \\S+ is there: .* correct the separator`),
  );
});
