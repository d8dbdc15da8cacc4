/** `pickbench fetch czii`: what is said of the challenge's data, and both ways to them, from servers on this machine. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { treeOf } from "../../support/badServer.js";
import { pickbench, pickbenchProcess } from "../../support/commandLine.js";
import { goodToken, startKaggle } from "../../support/kaggleServer.js";
import { startPortal } from "../../support/portalServer.js";
import { temporaryFolder } from "../../support/storeFixtures.js";
import { tinyDataset, tinyRuns } from "../../support/tinyRun.js";

afterEach(() => vi.unstubAllEnvs());

test("without --from both ways are told, with sizes, terms and the commands that follow", async () => {
  const { code, stdout, stderr } = await pickbench("fetch", "czii");
  expect([code, stderr]).toEqual([0, ""]);
  for (const part of [
    "--from kaggle",
    "--from portal",
    "GB",
    "rules",
    "CC0",
    "10440",
    "experiment new",
    "mirror",
  ])
    expect(stdout).toContain(part);
  const { ways } = JSON.parse((await pickbench("fetch", "czii", "--json")).stdout) as {
    ways: { from: string }[];
  };
  expect(ways.map(({ from }) => from)).toEqual(["kaggle", "portal"]);
});

test("what to fetch without from where is asked back", async () => {
  const { code, stderr } = await pickbench("fetch", "czii", "--out", "anywhere");
  expect(code).toBe(1);
  expect(stderr).toContain("--out says what to fetch, and nothing says from where; add --from kaggle");
});

test("flags that do not go together are refused in one sentence", async () => {
  for (const [args, message] of [
    [["czii", "--from", "kaggle"], /wants --out/],
    [["s3://bucket", "--from", "kaggle", "--out", "x"], /--from belongs to fetch czii/],
    [["s3://bucket"], /fetch wants --out/],
    [["czii", "--from", "portal", "--part", "test", "--out", "x"], /portal get 10445 or 10446/],
  ] as const) {
    const { code, stderr } = await pickbench("fetch", ...args);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(stderr).toMatch(/^pickbench: [^\n]+\n$/);
  }
});

describe("from Kaggle", () => {
  async function challenge() {
    const folder = temporaryFolder();
    const data = await tinyDataset(folder);
    const files = new Map([...treeOf(data)].map(([name, content]) => [`train/${name}`, content]));
    files.set("sample_submission.csv", Buffer.from("id,experiment,particle_type,x,y,z\n"));
    const server = await startKaggle(files, { perPage: 7 });
    onTestFinished(server.close);
    vi.stubEnv("PICKBENCH_TEST_KAGGLE", server.url);
    vi.stubEnv("KAGGLE_API_TOKEN", goodToken);
    return { files, server, out: join(folder, "czii") };
  }

  test("the wanted runs come to their places, whole, and are read as they lie", async () => {
    const { files, out } = await challenge();
    const [first, second] = tinyRuns;
    const args = ["fetch", "czii", "--from", "kaggle", "--part", "train", "--out", out, "--quiet"];
    const fetched = await pickbench(...args, "--runs", `${first},${second}`);
    expect(fetched.code, fetched.stderr).toBe(0);
    expect(fetched.stdout).toContain(`pickbench experiment new my.yaml --data ${out}`);
    expect(fetched.stdout + fetched.stderr).not.toContain(goodToken);
    const wanted = [...files].filter(([name]) => name.includes(`/${first}/`) || name.includes(`/${second}/`));
    for (const [name, content] of wanted) expect(readFileSync(join(out, name))).toEqual(content);
    expect(existsSync(join(out, "sample_submission.csv"))).toBe(false);
    const again = await pickbench(...args, "--runs", `${first},${second}`, "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ files: 0, kept: wanted.length });
    const inspected = await pickbench("inspect", "--data", out, "--quiet");
    expect([inspected.code, inspected.stdout]).toEqual([0, expect.stringContaining(second!)]);
  });

  test("a wrong token, and none, are said in one sentence by the whole program", async () => {
    const { out } = await challenge();
    vi.stubEnv("HOME", temporaryFolder());
    for (const [token, message] of [
      ["KGAT_wrong", /Kaggle does not know the token \(401\)/],
      ["", /no token of Kaggle's API is here/],
    ] as const) {
      vi.stubEnv("KAGGLE_API_TOKEN", token);
      const { code, stdout, stderr } = await pickbenchProcess(
        ...["fetch", "czii", "--from", "kaggle", "--out", out],
      );
      expect([code, stdout, stderr]).toEqual([1, "", expect.stringMatching(message)]);
      expect(stderr).toMatch(/^pickbench: [^\n]+\n$/);
      expect(existsSync(out)).toBe(false);
    }
  });
});

test("from the portal the runs come in its own layout, which is read", async () => {
  const folder = temporaryFolder();
  const data = await tinyDataset(folder);
  const store = join(data, "static", "ExperimentRuns", tinyRuns[0]!, "VoxelSpacing10.000", "denoised.zarr");
  const portal = await startPortal(store);
  onTestFinished(portal.close);
  vi.stubEnv("PICKBENCH_TEST_PORTAL", portal.api);
  const out = join(folder, "portal");
  const args = ["fetch", "czii", "--from", "portal", "--tomograms", "denoised", "--out", out, "--quiet"];
  const fetched = await pickbench(...args);
  expect([fetched.code, fetched.stdout], fetched.stderr).toEqual([
    0,
    expect.stringContaining(`--data ${out}`),
  ]);
  expect((await pickbench(...args, "--json")).stdout).toContain('"files":0');
  const { code, stdout } = await pickbench("inspect", "--data", out, "--quiet");
  expect([code, stdout]).toEqual([0, expect.stringContaining("TS_1")]);
});
