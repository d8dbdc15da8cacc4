import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { readMask } from "../../../src/data/masks/read.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import type { Box6, Change, Edit, PaintChange } from "../../../src/studio/annotations/edits.js";
import { Annotations } from "../../../src/studio/annotations/session.js";
import { annotationScene, sceneShape, withinSession } from "../../support/annotationScene.js";
import { cubic, segmentation, writeLabels } from "../../support/masks.js";

const anna = { userId: "anna", sessionId: "1" };
let folder: string;

beforeEach(async () => {
  folder = await annotationScene(await mkdtemp(join(tmpdir(), "masks-")));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const session = async <T>(work: (annotations: Annotations) => Promise<T>): Promise<T> =>
  withinSession(await openDataset(folder), anna, work);
const edit = (number: number, ...changes: Change[]): Edit => ({ client: "page", number, changes });
const made: Change = { do: "mask", mask: "membrane", shape: [...sceneShape], spacing: [10, 10, 10] };
const paint = (axis: 0 | 1 | 2, index: number, ...runs: number[]): PaintChange => ({
  do: "paint",
  mask: "membrane",
  axis,
  index,
  runs,
});
const box = (...at: number[]): Change => ({ do: "box", mask: "membrane", box: at as Box6 });
const store = () => segmentation(folder, "TS_1", "10.000_anna_1_membrane");
const journal = () => join(folder, "overlay", ".pickbench-studio", "anna_1", "TS_1.jsonl");

/** The mask as `run` reads it, on its tomogram's grid: 0 no, 1 yes, 2 unknown. */
async function asRun(boxes = join(dirname(journal()), "membrane.boxes.json")) {
  const data = await openDataset(folder);
  const tomogram = await openTomogram(data.runs[0]!.tomograms[0]!);
  const feature = { name: "membrane", user: "anna", session: "1", annotated: { boxes } };
  return (await readMask(data, "TS_1", feature, tomogram))!.voxels;
}

const [depth, height, width] = sceneShape;
/** The voxel z, y, x in a flat volume. */
const at = (z: number, y: number, x: number): number => (z * height + y) * width + x;

describe("masks that are painted", () => {
  test("are copick segmentations that `run` takes, known in their boxes alone", async () => {
    await session(async (all) => {
      await all.submit("TS_1", [
        edit(1, made, paint(0, 3, 0, 2, 1, 2 * width - 1, 3, 1), box(3, 0, 0, 4, height, width)),
        edit(
          2,
          paint(1, 7, 4 * width + 9, 2, 1),
          paint(2, 11, 5 * height + 8, 2, 1),
          box(0, 7, 0, depth, 9, 20),
        ),
        edit(3, paint(0, 3, 1, 1, 0)),
      ]);
      const run = await all.run("TS_1");
      const slice = await run.maskSlice("membrane", 0, 3);
      expect([...slice.keys()].filter((voxel) => slice[voxel] === 1)).toEqual([
        0,
        2 * width - 1,
        2 * width,
        2 * width + 1,
      ]);
      expect(await all.features()).toEqual([
        {
          name: "membrane",
          user: "anna",
          session: "1",
          annotated: { boxes: expect.stringContaining("membrane.boxes.json") },
        },
      ]);
      await expect(run.maskSlice("membrane", 0, depth)).rejects.toThrow("no such slice");
    });
    const expected = new Uint8Array(depth * height * width).fill(2);
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) expected[at(3, y, x)] = 0;
    for (let z = 0; z < depth; z++)
      for (let y = 7; y < 9; y++) for (let x = 0; x < 20; x++) expected[at(z, y, x)] = 0;
    for (const voxel of [at(3, 0, 0), at(3, 1, width - 1), at(3, 2, 0), at(3, 2, 1)]) expected[voxel] = 1;
    for (const voxel of [at(4, 7, 9), at(4, 7, 10), at(5, 8, 11)]) expected[voxel] = 1;
    expect(await asRun()).toEqual(expected);
  });

  test("slices across every axis are what was painted, over chunks' borders", async () => {
    const large: [number, number, number] = [40, 140, 150];
    await writeLabels(
      join(folder, "static", "ExperimentRuns", "TS_1", "VoxelSpacing10.000", "denoised.zarr"),
      large,
      cubic(10),
      () => 1,
    );
    const truth = new Uint8Array(40 * 140 * 150);
    const shapes = [
      [140, 150],
      [40, 150],
      [40, 140],
    ] as const;
    const changes: Change[] = [];
    let seed = 7;
    const draw = (below: number): number => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    for (let stroke = 0; stroke < 60; stroke++) {
      const axis = (stroke % 3) as 0 | 1 | 2;
      const [rows, columns] = shapes[axis];
      const index = draw(large[axis]);
      const start = draw(rows * columns - 400);
      const length = 1 + draw(400);
      const value = stroke % 5 === 4 ? 0 : 1;
      changes.push(paint(axis, index, start, length, value));
      for (let voxel = start; voxel < start + length; voxel++) {
        const [row, column] = [Math.floor(voxel / columns), voxel % columns];
        const [z, y, x] =
          axis === 0 ? [index, row, column] : axis === 1 ? [row, index, column] : [row, column, index];
        truth[(z * 140 + y) * 150 + x] = value;
      }
    }
    await session(async (all) => {
      await all.submit("TS_1", [
        edit(1, { ...made, shape: large } as Change, ...changes, box(0, 0, 0, 40, 140, 150)),
      ]);
      const run = await all.run("TS_1");
      for (const index of [0, 17, 127, 128, 149]) {
        const slice = await run.maskSlice("membrane", 2, index);
        expect(slice).toEqual(
          Uint8Array.from({ length: 40 * 140 }, (_, voxel) => truth[voxel * 150 + index]!),
        );
      }
    });
    expect(await asRun()).toEqual(truth);
  });

  test("strokes, erasures and boxes that were acknowledged are there after a kill", async () => {
    const data = await openDataset(folder);
    const unheld = new Annotations(data, { ...anna, overlayRoot: data.overlayRoot });
    await unheld.submit("TS_1", [edit(1, made, paint(0, 3, 0, 5, 1), box(3, 0, 0, 4, height, width))]);
    await unheld.fold();
    await unheld.submit("TS_1", [
      edit(2, paint(0, 3, 0, 2, 0), paint(0, 4, 0, 5, 1), box(4, 0, 0, 5, height, width)),
    ]);
    const text = await readFile(journal(), "utf8");
    await session((all) => all.run("TS_1"));
    const voxels = await asRun();
    expect([0, 1, 2, 4, 5].map((x) => voxels[at(3, 0, x)])).toEqual([0, 0, 1, 1, 0]);
    expect([0, 4, 5].map((x) => voxels[at(4, 0, x)])).toEqual([1, 1, 0]);
    expect(voxels[at(5, 0, 0)]).toBe(2);
    await writeFile(journal(), text);
    await session((all) => all.run("TS_1"));
    expect(await asRun()).toEqual(voxels);
  });

  test("waiting strokes are kept in the journal while their tomogram cannot be read", async () => {
    const data = await openDataset(folder);
    const unheld = new Annotations(data, { ...anna, overlayRoot: data.overlayRoot });
    await unheld.submit("TS_1", [edit(1, made, paint(0, 3, 0, 5, 1), box(3, 0, 0, 4, height, width))]);
    const text = await readFile(journal(), "utf8");
    const { path } = data.runs[0]!.tomograms[0]!;
    const description = join(path, "0", ".zarray");
    await rename(description, `${description}.away`);
    const failed = session((all) => all.run("TS_1"));
    await expect(failed).rejects.toThrow(
      `${journal()}: an edit that waits in it does not fit the data set any more: the run has no tomogram of 20×40×50 voxels`,
    );
    expect(await readFile(journal(), "utf8")).toBe(text);
    await rename(`${description}.away`, description);
    await session((all) => all.run("TS_1"));
    const voxels = await asRun();
    expect([0, 4, 5].map((x) => voxels[at(3, 0, x)])).toEqual([1, 1, 0]);
  });

  test("boxes of runs that are opened or saved at once are all in the file", async () => {
    const data = await openDataset(folder);
    const runs = ["TS_1", "TS_2"];
    const state = { ...anna, overlayRoot: data.overlayRoot };
    const boxed = edit(1, made, box(3, 0, 0, 4, height, width));
    const kept = async () =>
      Object.keys(JSON.parse(await readFile(join(dirname(journal()), "membrane.boxes.json"), "utf8"))).sort();
    const killed = new Annotations(data, state);
    for (const run of runs) await killed.submit(run, [boxed]);
    const next = new Annotations(data, state);
    expect((await next.begun()).map(({ name }) => name)).toEqual(runs);
    expect(await kept()).toEqual(runs);
    await rm(join(dirname(journal()), "membrane.boxes.json"));
    const opened = await Promise.all(runs.map((run) => next.run(run)));
    for (const run of runs) await next.submit(run, [edit(2, box(4, 0, 0, 5, height, width))]);
    await Promise.all(opened.map((run) => run.fold()));
    expect(await kept()).toEqual(runs);
  });

  test("a mask that was removed by hand stays away with its boxes", async () => {
    const data = await openDataset(folder);
    const unheld = new Annotations(data, { ...anna, overlayRoot: data.overlayRoot });
    await unheld.submit("TS_1", [edit(1, made, paint(0, 3, 0, 5, 1), box(3, 0, 0, 4, height, width))]);
    await unheld.fold();
    await rm(store(), { recursive: true });
    await session(async (all) => {
      expect((await all.run("TS_1")).state().masks).toEqual([]);
      expect(await all.features()).toEqual([]);
    });
    const boxes = JSON.parse(await readFile(join(dirname(journal()), "membrane.boxes.json"), "utf8"));
    expect(boxes).toEqual({ TS_1: [] });
  });

  test("a box is taken back by its equal, and strokes, boxes and masks that do not fit are refused", async () => {
    await session(async (all) => {
      const answer = await all.submit("TS_1", [
        edit(1, { ...made, spacing: [8, 8, 8] } as Change),
        edit(2, { ...made, mask: "../x" } as Change),
        edit(3, { ...made, mask: "a_b" } as Change),
        edit(4, made, box(0, 0, 0, 1, 1, 1), box(1, 0, 0, 2, 2, 2)),
        edit(5, made),
        edit(6, paint(0, depth, 0, 1, 1)),
        edit(7, paint(0, 0, height * width - 1, 2, 1)),
        edit(8, paint(0, 0, 0, 1, 2)),
        edit(9, paint(0, 0, 0, 1)),
        edit(10, box(0, 0, 0, depth + 1, 1, 1)),
        edit(11, { ...paint(0, 0, 0, 1, 1), mask: "other" }),
        edit(12, { ...box(0, 0, 0, 1, 1, 1), do: "unbox" } as Change),
      ]);
      expect(answer.refused.map(({ number }) => number)).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10, 11]);
      expect((await all.run("TS_1")).state().masks).toEqual([
        { name: "membrane", shape: [...sceneShape], spacing: [10, 10, 10], boxes: [[1, 0, 0, 2, 2, 2]] },
      ]);
    });
    await session(async (all) => {
      expect((await all.run("TS_1")).state().masks[0]!.boxes).toEqual([[1, 0, 0, 2, 2, 2]]);
    });
  });

  test("the mask of another program is left as it is, and a chunk that it changes meanwhile is not overwritten", async () => {
    await writeLabels(store(), sceneShape, cubic(10), () => 1);
    await session(async (all) => {
      expect((await all.run("TS_1")).state().masks).toEqual([]);
      const { refused } = await all.submit("TS_1", [edit(1, made)]);
      expect(refused[0]!.why).toContain("another program has written the mask membrane");
    });
    await rm(store(), { recursive: true });
    const chunk = join(store(), "0", "0", "0", "0");
    await session(async (all) => {
      await all.submit("TS_1", [edit(2, made, paint(0, 3, 0, 5, 1))]);
      await all.fold();
      const theirs = Buffer.concat([await readFile(chunk), Buffer.from("x")]);
      await writeFile(chunk, theirs);
      await all.submit("TS_1", [edit(3, paint(0, 3, 9, 1, 1))]);
      await expect(all.fold()).rejects.toThrow("another program has changed the mask");
      expect(await readFile(chunk)).toEqual(theirs);
    }).catch((error: Error) => expect(error.message).toContain("another program has changed the mask"));
  });
});
