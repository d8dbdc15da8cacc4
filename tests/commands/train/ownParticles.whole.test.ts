import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { pickbench } from "../../support/commandLine.js";
import { allowTiny, tinyDataset, tinyExperiment, tinyRuns } from "../../support/tinyRun.js";

/** Three particles that the challenge has not, at the places of three that it has. */
const own = [
  { from: "apo-ferritin", name: "encapsulin", radius: 62, weight: 2 },
  { from: "ribosome", name: "mitoribosome", radius: 148, weight: 1 },
  { from: "virus-like-particle", name: "capsid", radius: 140, weight: 0.5 },
] as const;

let folder: string;
let config: string;
const at = (...parts: string[]) => join(folder, ...parts);
const json = async (...parts: string[]) => JSON.parse(await readFile(at(...parts), "utf8"));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "own-"));
  const data = await tinyDataset(folder);
  for (const run of tinyRuns) {
    const picks = join(data, "overlay", "ExperimentRuns", run, "Picks");
    for (const { from, name } of own) {
      const text = await readFile(join(picks, `${from}.json`), "utf8");
      await writeFile(join(picks, `${name}.json`), text.replaceAll(from, name));
    }
    for (const file of await readdir(picks))
      if (!own.some(({ name }) => file === `${name}.json`)) await rm(join(picks, file));
  }
  config = at("copick.json");
  const objects = own.map(({ name, radius, weight }, index) => ({
    name,
    is_particle: true,
    label: index + 1,
    color: [10 * index, 100, 200, 255],
    radius,
    metadata: { score_weight: weight },
  }));
  await writeFile(
    config,
    JSON.stringify({
      config_type: "filesystem",
      name: "own",
      pickable_objects: objects,
      overlay_root: "local://data/overlay",
      static_root: "local://data/static",
    }),
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a copick project with three particles of its own", () => {
  it("is trained on, picked, submitted and scored with its radii and weights", async () => {
    const experiment = await tinyExperiment(at("own.yaml"), {
      name: "own",
      types: undefined,
      ignore: [],
      picking: { thresholds: [0.05, 0.1, 0.2], minVolumes: [0.01] },
    });
    const run = await pickbench(
      ...["run", experiment, "--data", config, "--out", at("run"), "--submissions", at("subs"), "--json"],
    );
    expect(run).toMatchObject({ code: 0 });
    const { perType, score } = (await json("run", "report.json")).holdout;
    expect(Object.fromEntries(Object.keys(perType).map((name) => [name, perType[name].weight]))).toEqual(
      Object.fromEntries(own.map(({ name, weight }) => [name, weight])),
    );
    const byHand = own.reduce((sum, { name, weight }) => sum + weight * perType[name].fbeta, 0) / 3.5;
    expect(score).toBeCloseTo(byHand, 12);

    const csv = at("again.csv");
    const last = tinyRuns.at(-1)!;
    const submitted = await pickbench(
      ...["submit", at("run", "best.safetensors"), "--data", config, "--runs", last, "--out", csv],
      ...allowTiny(folder),
    );
    expect(submitted).toMatchObject({ code: 0 });
    expect(await readFile(csv, "utf8")).toBe(await readFile(at("run", "submission.csv"), "utf8"));
    const scored = await pickbench("score", csv, "--truth", config, "--json");
    expect(scored).toMatchObject({ code: 0 });
    expect(Object.keys(JSON.parse(scored.stdout).perType).sort()).toEqual(own.map(({ name }) => name).sort());
  });

  it("is written as copick reads it, and reads back the same", async () => {
    const out = at("written.json");
    expect(await pickbench("copick", "--data", config, "--out", out)).toMatchObject({ code: 0 });
    const [given, written] = await Promise.all([openDataset(config), openDataset(out)]);
    expect(written.particles).toEqual(given.particles);
    expect(written.runs).toEqual(given.runs);
    expect(await json("written.json")).toMatchObject({
      config_type: "filesystem",
      user_id: "pickbench",
      overlay_root: `local://${at("data", "overlay")}`,
      static_root: `local://${at("data", "static")}`,
      pickable_objects: own.map(({ name, radius }, index) => ({ name, radius, label: index + 1 })),
    });
  });

  it("gives particles without a label one of their own, and refuses a session that copick could not read", async () => {
    const out = at("challenge.json");
    await pickbench("copick", "--data", at("data"), "--out", out);
    const { pickable_objects: objects } = await json("challenge.json");
    expect(objects.map(({ label }: { label: number }) => label)).toEqual([1, 2, 3]);
    const refused = await pickbench("copick", "--data", at("data"), "--out", out, "--session", "a_b");
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/--session is "a_b"/) });
  });
});
