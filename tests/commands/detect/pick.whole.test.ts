import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPicksFile } from "../../../src/data/picks.js";
import type { Volume } from "../../../src/domain/volume.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { pickbench } from "../../support/commandLine.js";
import { spacingOf, volumeFrom } from "../../support/pickingFixtures.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pick-"));
  const ball = (centre: number, radius: number) =>
    volumeFrom([24, 24, 24], (z, y, x) => (Math.hypot(z - 12, y - 12, x - centre) <= radius ? 0.9 : 0.05));
  const channels = new Map([
    ["background", ball(0, 0)],
    ["apo-ferritin", ball(8, 3)],
    ["ribosome", ball(14, 7)],
  ]);
  await write(join(folder, "probabilities", "TS_1.zarr"), channels);
  await write(join(folder, "probabilities", "TS_2.zarr"), channels);
  await write(join(folder, "odd.zarr"), new Map([["mystery", ball(8, 3)]]));
  await mkdir(join(folder, "empty"));
  const broken = ball(8, 3);
  broken.data[100] = Number.NaN;
  await write(join(folder, "broken.zarr"), new Map([["ribosome", broken]]));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(path: string, channels: Map<string, Volume>): Promise<void> {
  const writer = await createOmeZarr(path, {
    shape: [24, 24, 24],
    spacing: spacingOf(10),
    channels: [...channels.keys()],
  });
  const { chunkShape } = writer;
  for (const [channel, { data }] of [...channels.values()].entries())
    for (let z = 0; z < 24; z += chunkShape[0])
      await writer.writeSlab(z, data.subarray(z * 576, (z + chunkShape[0]) * 576), channel);
  await writer.close();
}

describe("pickbench pick", () => {
  it("writes copick picks with scores for every run and particle, and says what each step left", async () => {
    const out = join(folder, "all");
    const { stdout, stderr, code } = await pickbench("pick", join(folder, "probabilities"), "--out", out);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("pickbench:")]);
    expect(stdout.split("\n")[0]).toMatch(
      /^TS_1 apo-ferritin: 123 voxels above 0\.5, 1 group, 1 of at least 37699 Å³, 1 at least 60 Å apart, in .*pickbench_pick_apo-ferritin\.json$/,
    );
    for (const run of ["TS_1", "TS_2"]) {
      const picksFolder = join(out, "ExperimentRuns", run, "Picks");
      expect((await readdir(picksFolder)).sort()).toEqual([
        "pickbench_pick_apo-ferritin.json",
        "pickbench_pick_ribosome.json",
      ]);
      const [pick] = await readPicksFile(join(picksFolder, "pickbench_pick_ribosome.json"), "ribosome");
      expect(pick).toEqual({
        type: "ribosome",
        x: expect.closeTo(145, 6),
        y: expect.closeTo(125, 6),
        z: expect.closeTo(125, 6),
        score: expect.closeTo(0.9, 5),
      });
    }
  });

  it("reports JSON, and takes flags over the particle's defaults", async () => {
    const { stdout, code } = await pickbench(
      ...["pick", join(folder, "probabilities", "TS_1.zarr"), "--out", join(folder, "json"), "--json"],
      ...["--type", "ribosome", "--min-volume", "1e7", "--session", "strict"],
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      picked: [
        {
          run: "TS_1",
          type: "ribosome",
          settings: { method: "watershed", threshold: 0.5, minVolume: 1e7, minSpacing: 150 },
          steps: { aboveThreshold: expect.any(Number), groups: 1, afterVolume: 0, afterSpacing: 0 },
          threshold: 0.5,
          path: expect.stringContaining("pickbench_strict_ribosome.json"),
        },
      ],
    });
  });

  it.each([
    ["a missing folder", ["nowhere"], "it does not exist; wanted an OME-Zarr folder of probabilities"],
    ["a folder without probabilities", ["empty"], "neither an OME-Zarr folder nor"],
    [
      "a particle that is not there",
      ["probabilities", "--type", "virus-like-particle"],
      "no channel virus-like-particle; there is",
    ],
    ["a particle of unknown radius", ["odd.zarr"], "mystery has no known radius"],
    ["text for a number", ["odd.zarr", "--threshold", "half"], "--threshold is not a number"],
    ["a negative length", ["odd.zarr", "--min-spacing=-3"], "--min-spacing is not 0 or a positive number"],
    ["one run twice", ["probabilities", "probabilities/TS_1.zarr"], "both of run TS_1"],
    ["NaN", ["broken.zarr"], "voxel z,y,x = 0,4,4 "],
  ])("refuses %s with one sentence and writes nothing", async (_name, [path, ...flags], sentence) => {
    const out = join(folder, "refused");
    const paths = [path!, ...flags].map((part) =>
      /zarr|prob|nowhere|empty/.test(part) ? join(folder, part) : part,
    );
    const { stderr, stdout, code } = await pickbench("pick", ...paths, "--out", out);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split("\n").length).toBe(1);
    await expect(readFile(out)).rejects.toThrow("ENOENT");
  });
});
