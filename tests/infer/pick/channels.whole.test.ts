import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { pickChannels } from "../../../src/infer/pick/channels.js";
import type { PickingSettings } from "../../../src/infer/pick/picking.js";
import { type PickTask, pickChannel } from "../../../src/infer/pick/store.js";
import { spacingOf, volumeFrom } from "../../support/pickingFixtures.js";

const settings: PickingSettings = {
  method: "watershed",
  threshold: 0.5,
  minVolume: 0,
  minSpacing: angstrom(30),
};
let folder: string;
const tasks: PickTask[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "channels-"));
  for (let i = 0; i < 6; i++) {
    const store = join(folder, `TS_${i}.zarr`);
    const writer = await createOmeZarr(store, {
      shape: [16, 16, 16],
      spacing: spacingOf(10),
      channels: ["a"],
    });
    const { data } = volumeFrom([16, 16, 16], (z, y, x) => (Math.hypot(z - 8, y - 8, x - i) < 4 ? 0.9 : 0));
    const depth = writer.chunkShape[0] * 256;
    for (let from = 0; from < data.length; from += depth)
      await writer.writeSlab(from / 256, data.subarray(from, from + depth), 0);
    await writer.close();
    tasks.push({ store, run: `TS_${i}`, type: "a", channel: 0 });
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const work = (out: string, given = tasks) =>
  given.map((task) => ({ task, settings, place: { folder: join(folder, out), session: "1" } }));

it("writes the files that one thread after another writes, and reports in order", async () => {
  const told: string[] = [];
  const picked = await pickChannels(work("pool"), ({ run }) => told.push(run));
  const alone = [];
  for (const { task, settings: asked, place } of work("alone"))
    alone.push(await pickChannel(task, asked, place));
  expect(picked.map(({ path: _, ...rest }) => rest)).toEqual(alone.map(({ path: _, ...rest }) => rest));
  expect(told.toSorted()).toEqual(tasks.map(({ run }) => run));
  for (const [i, { path }] of picked.entries())
    expect(await readFile(path, "utf8")).toBe(await readFile(alone[i]!.path, "utf8"));
});

it("throws the first failure in the work's order, tag and all", async () => {
  const broken = tasks.map((task, i) => (i % 2 === 1 ? { ...task, store: join(folder, `none${i}`) } : task));
  await expect(pickChannels(work("broken", broken), () => undefined)).rejects.toMatchObject({
    tag: "BadDataset",
    message: expect.stringContaining("none1"),
  });
});
