import { appendFileSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { stampOf } from "../../src/watch/completeness.js";
import { type Completeness, Judge } from "../../src/watch/judge.js";
import { mrcBytes, packedMrc, storeFiles } from "../support/arrivingTomograms.js";
import { temporaryFolder } from "../support/storeFixtures.js";

/** A judge whose looks are 10 s apart. */
function judging(path: string, rules: Partial<Completeness> = {}) {
  let now = 0;
  const judge = new Judge({ settle: 60_000, ...rules }, () => now);
  return async () => {
    const verdict = await judge.judge(path);
    now += 10_000;
    return verdict;
  };
}

/** Looks until it is complete, so many times at most; returns the count of looks. */
async function looksUntilComplete(look: ReturnType<typeof judging>, most = 20): Promise<number> {
  for (let count = 1; count <= most; count++) if ((await look()).isComplete) return count;
  return Number.POSITIVE_INFINITY;
}

test.each([[0], [512]])(
  "an MRC file that grows, with %i bytes of extended header, is complete at its last byte, two looks later",
  async (extended) => {
    const path = join(temporaryFolder(), "TS_1.mrc");
    const bytes = mrcBytes([4, 4, 4], extended);
    const look = judging(path);
    writeFileSync(path, "");
    for (let at = 0; at < bytes.length; at += 100) {
      expect(await look()).toMatchObject({ isComplete: false });
      appendFileSync(path, bytes.subarray(at, at + 100));
    }
    expect(await look()).toMatchObject({ isComplete: false, isChanging: true });
    expect(await look()).toMatchObject({ isComplete: true, stamp: await stampOf(path), note: undefined });
  },
);

test("a file that lacks bytes is never complete, however long it stays so, and says what it lacks", async () => {
  const path = join(temporaryFolder(), "TS_1.mrc");
  writeFileSync(path, mrcBytes().subarray(0, -1));
  const look = judging(path);
  expect(await looksUntilComplete(look, 30)).toBe(Number.POSITIVE_INFINITY);
  expect(await look()).toMatchObject({ isStalled: true, missing: expect.stringContaining("1279") });
});

test("a file of the right size that is still written to waits until it is left alone", async () => {
  const path = join(temporaryFolder(), "TS_1.mrc");
  const look = judging(path);
  for (let i = 0; i < 5; i++) {
    writeFileSync(path, mrcBytes());
    utimesSync(path, i, i);
    expect(await look()).toMatchObject({ isComplete: false, isChanging: true });
  }
  expect((await look()).isComplete).toBe(true);
});

test("a file that is longer than its header says is taken once it settled, with a word", async () => {
  const path = join(temporaryFolder(), "TS_1.mrc");
  writeFileSync(path, Buffer.concat([mrcBytes(), Buffer.alloc(5)]));
  const look = judging(path);
  expect(await looksUntilComplete(look)).toBe(7);
});

test("a gzipped file is complete by the size that its end states", async () => {
  const path = join(temporaryFolder(), "TS_1.mrc.gz");
  const bytes = packedMrc([4, 4, 200]);
  const look = judging(path);
  writeFileSync(path, bytes.subarray(0, -2));
  for (let i = 0; i < 3; i++) expect((await look()).isComplete).toBe(false);
  writeFileSync(path, bytes);
  expect(await looksUntilComplete(look)).toBe(2);
});

test("a store is complete with its last chunk, two looks later", async () => {
  const path = join(temporaryFolder(), "TS_1.zarr");
  const look = judging(path);
  for (const [name, content] of storeFiles(null)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), "");
    expect((await look()).isComplete).toBe(false);
    expect((await look()).isComplete).toBe(false);
    writeFileSync(join(path, name), content);
    if (name !== "0/1/0/1") expect((await look()).isComplete).toBe(false);
  }
  expect(await look()).toMatchObject({ isComplete: false, isChanging: true });
  expect(await look()).toMatchObject({ isComplete: true, note: undefined });
});

test.each([
  [0, 7],
  [null, Number.POSITIVE_INFINITY],
])("a store without a chunk whose fill value is %s is complete after %d looks", async (fill, looks) => {
  const path = writeStore(fill);
  rmSync(join(path, "0/1/0/0"));
  const look = judging(path);
  expect(await looksUntilComplete(look)).toBe(looks);
});

test("a store without any chunk is never complete", async () => {
  const path = writeStore(0);
  for (const z of ["0/0", "0/1"]) rmSync(join(path, z), { recursive: true });
  expect(await looksUntilComplete(judging(path))).toBe(Number.POSITIVE_INFINITY);
});

test.each(["TS_1.mrc.done", "TS_1.done"])(
  "with --done-suffix the marker %s alone decides, at once",
  async (marker) => {
    const folder = temporaryFolder();
    const path = join(folder, "TS_1.mrc");
    const look = judging(path, { doneSuffix: ".done" });
    writeFileSync(path, mrcBytes());
    expect(await looksUntilComplete(look)).toBe(Number.POSITIVE_INFINITY);
    writeFileSync(join(folder, marker), "");
    expect((await look()).isComplete).toBe(true);
  },
);

test("a marker beside a file that is cut off is not believed", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "TS_1.mrc");
  writeFileSync(path, mrcBytes().subarray(0, 1100));
  writeFileSync(`${path}.done`, "");
  const look = judging(path, { doneSuffix: ".done" });
  expect(await look()).toMatchObject({ isComplete: false, missing: expect.stringContaining("marked") });
});

test("a stamp stays where a file is moved, and differs where it is written again", async () => {
  const folder = temporaryFolder();
  const [a, b] = [join(folder, "a.mrc"), join(folder, "b.mrc")];
  writeFileSync(a, mrcBytes());
  const stamp = await stampOf(a);
  renameSync(a, b);
  expect(await stampOf(b)).toBe(stamp);
  expect(await stampOf(a)).toBeUndefined();
  utimesSync(b, 5, 5);
  expect(await stampOf(b)).not.toBe(stamp);
  const store = writeStore(0);
  const first = await stampOf(store);
  expect(await stampOf(store)).toBe(first);
  utimesSync(join(store, "0/.zarray"), 5, 5);
  expect(await stampOf(store)).not.toBe(first);
});

function writeStore(fill: number | null): string {
  const path = join(temporaryFolder(), "TS_1.zarr");
  for (const [name, content] of storeFiles(fill)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}
