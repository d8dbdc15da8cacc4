/** A step is done again where what its inputs name has changed, not only the inputs themselves. */
import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { namedInside, subsetFiles } from "../../../src/commands/shared/making/namedInside.js";
import { pickbenchProcess } from "../../support/commandLine.js";

let folder: string;
const home = process.cwd();
const rows = (...lines: string[]) => ["id,experiment,particle_type,x,y,z", ...lines, ""].join("\n");
const first = rows("0,TS_1,ribosome,500,600,700", "1,TS_2,ribosome,500,600,700");
const picksFile = "root/ExperimentRuns/TS_1/Picks/ribosome.json";

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

const picks = (x: number) =>
  JSON.stringify({
    pickable_object_name: "ribosome",
    user_id: "data",
    session_id: "0",
    run_name: "TS_1",
    unit: "angstrom",
    points: [{ location: { x, y: 600, z: 700 } }],
  });

const project = { config_type: "filesystem", overlay_root: "local://root" };
const objects = [{ name: "ribosome", is_particle: true, radius: 150 }];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hidden-"));
  process.chdir(folder);
  for (const name of ["a.csv", "b.csv", "c.csv"]) await put(name, first);
  await put("few.txt", "TS_1\n");
  await put(picksFile, picks(500));
  await put("project.json", JSON.stringify({ ...project, pickable_objects: objects }));
  const workflow = {
    few: { run: "score", with: { submission: "a.csv", truth: "b.csv", runs: "@./few.txt" } },
    configured: { run: "score", with: { submission: "a.csv", truth: "project.json", runs: "TS_1" } },
    seeds: { run: "score", with: { submission: "a.csv", truth: "b.csv", seeds: ["c.csv"] } },
  };
  await put("w.yaml", JSON.stringify({ steps: workflow }));
});

afterAll(async () => {
  process.chdir(home);
  await rm(folder, { recursive: true });
});

async function doneAgain(): Promise<Record<string, string>> {
  const { stdout, stderr } = await pickbenchProcess("workflow", "run", "w.yaml", "--json");
  expect(stderr).toBe("");
  const { done } = JSON.parse(stdout) as { done: { name: string; why: string }[] };
  return Object.fromEntries(done.map(({ name, why }) => [name, why]));
}

test("a step sees what its inputs name change, and content behind times that were set back", async () => {
  expect(Object.keys(await doneAgain())).toHaveLength(3);
  expect(await doneAgain()).toEqual({});
  await put("few.txt", "TS_2\n");
  expect(await doneAgain()).toEqual({ few: "./few.txt has changed" });
  await put(picksFile, picks(900));
  expect(await doneAgain()).toEqual({ configured: "root has changed" });
  const { atime, mtime } = await stat("c.csv");
  await put("c.csv", first.replace("500", "900"));
  await utimes("c.csv", atime, mtime);
  expect(await doneAgain()).toEqual({ seeds: "c.csv has changed" });
  expect(await doneAgain()).toEqual({});
});

test("an experiment names its network's file, its weights, its further data sets and its masks", async () => {
  const common = `network: { file: own.ts }
splits: { train: [TS_1], tune: [TS_2], holdout: [TS_3] }
loss: [{ kind: tversky }]
budget: 100 steps
`;
  await put(
    "recipes/fine.yaml",
    `name: fine\nfrom: old.safetensors\ndata: { also: [{ data: more, share: 0.2 }] }\n${common}`,
  );
  const masks = '[{ name: membrane, masks: "masks/{run}/a.mrc" }, { name: actin, masks: "all/{run}.mrc" }]';
  await put("recipes/features.yaml", `name: features\nfeatures: ${masks}\n${common}`);
  const input = { option: "experiment", path: "recipes/fine.yaml" };
  expect(await namedInside(input)).toEqual([
    { option: "network", path: "recipes/own.ts" },
    { option: "from", path: "recipes/old.safetensors" },
    { option: "data", path: "recipes/more" },
  ]);
  expect(await namedInside({ option: "experiment", path: "recipes/features.yaml" })).toEqual([
    { option: "network", path: "recipes/own.ts" },
    { option: "masks", path: "recipes/masks" },
    { option: "masks", path: "recipes/all" },
  ]);
  const [, , data] = await namedInside(input, ["data.also.0.data=other"]);
  expect(data).toEqual({ option: "data", path: "recipes/other" });
  expect(await namedInside({ option: "experiment", path: "gone.yaml" })).toEqual([]);
});

test("a list of runs names the files of its subsets", async () => {
  expect(await subsetFiles("TS_1, @./few.txt,@full")).toEqual(["./few.txt", "survey/subsets/full.txt"]);
  expect(await subsetFiles("TS_1")).toEqual([]);
});
