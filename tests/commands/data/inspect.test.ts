import { rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { Inspection } from "../../../src/data/inspect/inspection.js";
import { angstrom } from "../../../src/domain/units.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { serve, treeOf } from "../../support/badServer.js";
import { pickbench } from "../../support/commandLine.js";
import { temporaryFolder, unpackStore, writeTree } from "../../support/storeFixtures.js";

const inspect = (...args: string[]) => pickbench("inspect", ...args);

/** One run with two tomograms of 4 chunks each and two picks, one of them outside (72 Å along x). */
function smallDataset(): string {
  const folder = temporaryFolder();
  const spacing = join(folder, "static/ExperimentRuns/TS_1/VoxelSpacing10.000");
  unpackStore("blosc lz4", join(spacing, "denoised.zarr"));
  unpackStore("v3", join(spacing, "wbp.zarr"));
  const points = [10, 72.5].map((x) => ({ location: { x, y: 20, z: 30 } }));
  return writeTree(folder, { "overlay/ExperimentRuns/TS_1/Picks/ribosome.json": JSON.stringify({ points }) });
}

test("lists tomograms and picks, reads every chunk, notes picks outside", async () => {
  const folder = smallDataset();
  const { code, stdout } = await inspect("--data", folder, "--json");
  const report = JSON.parse(stdout) as Inspection;
  expect(code).toBe(0);
  expect(report).toMatchObject({ chunks: 8, problems: [] });
  expect(report.runs[0]).toMatchObject({
    name: "TS_1",
    tomograms: [
      {
        tomoType: "denoised",
        levels: [{ shape: [3, 5, 6], spacing: [10.5, 11, 12], chunkShape: [2, 5, 4] }],
      },
      { tomoType: "wbp" },
    ],
    picks: [{ type: "ribosome", count: 2, outside: 1 }],
  });
  expect(report.runs[0]!.notes).toEqual([
    expect.stringMatching(/denoised.zarr: its folder says 10 Å a voxel, its own metadata 10.5×11×12 Å/),
    expect.stringMatching(/wbp.zarr: its folder says 10 Å a voxel/),
    expect.stringMatching(/1 of 2 picks lie outside .* 72\.0, 55\.0, 31\.5 Å/),
  ]);
  const text = await inspect("--data", folder, "--quick");
  expect(text.stdout).toContain("denoised: 3×5×6 at 10.500×11.000×12.000 Å; chunks 2×5×4");
  expect(text.stdout).toContain("chunks not read, nothing broken");
});

test("goes on past what is broken, names all of it and exits with 1", async () => {
  const folder = smallDataset();
  const spacing = join(folder, "static/ExperimentRuns/TS_1/VoxelSpacing10.000");
  const missing = join(spacing, "denoised.zarr/0/0/0/1");
  const short = join(spacing, "wbp.zarr/0/c/1/0/0");
  rmSync(missing);
  truncateSync(short, 12);
  writeTree(folder, {
    "overlay/ExperimentRuns/TS_1/Picks/thyroglobulin.json": "{",
    "overlay/ExperimentRuns/TS_1/Picks/thyroglobuline.json": "{}",
    "static/ExperimentRuns/TS_2/VoxelSpacing10.000/denoised.zarr/.zattrs": "{}",
  });
  const { code, stdout, stderr } = await inspect("--data", folder);
  expect(code).toBe(1);
  for (const text of [
    `${short}: chunk cannot be decoded`,
    "thyroglobulin.json: picks are not JSON",
    "thyroglobuline.json is named after none",
    "denoised.zarr/.zattrs: not OME-NGFF multiscales",
    "8 chunks read, 3 broken:",
  ])
    expect(stdout).toContain(text);
  expect(stderr).not.toContain("defect");
  expect(stderr).toContain("TS_1 denoised: 1 of 4 chunks of");
  expect(stderr).toContain("are absent and read as the array's fill value 0");
});

test("nothing there: one sentence, exit code 1", async () => {
  const { code, stdout, stderr } = await inspect("--data", join(temporaryFolder(), "nowhere"));
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr.trim().split("\n")).toEqual([
    expect.stringMatching(/^pickbench: .*nowhere: no such file or folder/),
  ]);
});

test("names what is broken in data on a server by its address", async () => {
  vi.stubEnv("PICKBENCH_CACHE", temporaryFolder());
  const store = join(temporaryFolder(), "TS_1.zarr");
  const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;
  const options = { shape: [4, 4, 4], spacing, chunkShape: [4, 4, 4], levels: 1 } as const;
  const writer = await createOmeZarr(store, options);
  await writer.writeSlab(0, new Float32Array(64).fill(Number.NaN));
  await writer.close();
  const files = new Map([...treeOf(store)].map(([path, body]) => [`d/TS_1.zarr/${path}`, body]));
  const server = await serve(files);
  try {
    for (const flags of [[], ["--json"]]) {
      const { code, stdout } = await inspect("--data", `${server.url}/d/TS_1.zarr`, ...flags);
      expect([code, stdout]).toEqual([1, expect.stringContaining(` is NaN in ${server.url}/d/TS_1.zarr; `)]);
    }
    const { stdout } = await inspect("--data", `${server.url}/d/TS_1.zarr`);
    expect(stdout).not.toContain(process.env.PICKBENCH_CACHE);
  } finally {
    vi.unstubAllEnvs();
  }
});
