/** Commands whose tasks are runs or networks, in processes of this machine and in a real Slurm: the same bytes as the command alone. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { angstrom } from "../../src/domain/units.js";
import { createMrc } from "../../src/formats/mrc/writer.js";
import { readPlan } from "../../src/queue/plan.js";
import { pickbenchProcess } from "../support/commandLine.js";
import { blobs } from "../support/matchingScene.js";
import { type QueueScene, queueScene, statusOf, well } from "../support/queueScene.js";
import { noSlurm, type Slurm, startSlurm, until } from "../support/slurm.js";
import { tinyDataset, tinyExperiment } from "../support/tinyRun.js";

if (noSlurm !== undefined) console.log(`the tests of Slurm are skipped: ${noSlurm}`);

let scene: QueueScene;
let slurm: Slurm | undefined;
beforeAll(async () => {
  scene = await queueScene();
  if (noSlurm === undefined) slurm = await startSlurm(await mkdtemp(join(tmpdir(), "pickbench-slurm-")));
});
afterAll(async () => {
  await slurm?.stop();
  await rm(scene.folder, { recursive: true });
});

const here = ["--queue", "local", "--jobs", "2", "--quiet"];
const inSlurm = ["--queue", "slurm", "--memory", "1G", "--quiet"];
const queues: readonly (readonly [string, readonly string[]])[] = [
  ["local", here],
  ...(noSlurm === undefined ? [["slurm", inSlurm] as const] : []),
];

/** Whether tasks were done where they were to be. */
async function expectDoneBy(queue: string, out: string): Promise<void> {
  const { tasks } = await statusOf(`${out}.queue`);
  expect(tasks.length).toBeGreaterThan(2);
  for (const { status, job } of tasks)
    expect([status, job]).toEqual(["done", queue === "slurm" ? expect.stringMatching(/^\d+_\d+$/) : null]);
}
const runs = () => ["--data", scene.data, "--runs", "TS_S1,TS_S2,TS_S3", "--threads", "1"];

/** The files of a folder by path, but for a record of the whole call, which holds times. */
function filesIn(folder: string, apart?: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(
    paths
      .map((path) => [relative(folder, path), readFileSync(path, "base64")] as const)
      .filter(([path]) => path !== apart),
  );
}

/** Writes a feature set of the scene's network. */
async function featureSet(): Promise<string> {
  const set = join(scene.folder, "features.yaml");
  const [, model] = scene.submit;
  const feature = (name: string) =>
    `  - { name: ${name}, model: ${JSON.stringify(model)}, output: ${name} }\n`;
  await writeFile(set, `features:\n${feature("apo-ferritin")}${feature("ribosome")}`);
  return set;
}

test("segment", async () => {
  const set = await featureSet();
  const call = ["segment", set, ...runs(), "--allow-code", scene.submit[3]!];
  const alone = join(scene.folder, "segmented");
  const first = await well(...call, "--out", alone, "--labels", "--quiet");
  expect(Object.keys(filesIn(alone)).length).toBeGreaterThan(10);
  for (const [queue, flags] of queues) {
    const queued = join(scene.folder, `segmented-${queue}`);
    const ended = await well(...call, "--out", queued, "--labels", ...flags);
    expect(ended.stdout.replaceAll(queued, alone)).toBe(first.stdout);
    expect(filesIn(queued)).toEqual(filesIn(alone));
    await expectDoneBy(queue, queued);
  }
  const queued = join(scene.folder, "segmented-local");
  const again = await well(...call, "--out", queued, "--labels", "--overwrite", ...here);
  expect(again.stdout.replaceAll(queued, alone)).toBe(first.stdout);
});

test("predict, of checkpoints and of a feature set", async () => {
  const set = await featureSet();
  for (const [what, format] of [
    [scene.submit[1]!, "mrc"],
    [set, "zarr"],
  ] as const) {
    const call = ["predict", what, ...runs(), "--allow-code", scene.submit[3]!, "--format", format];
    const alone = join(scene.folder, `${format}-maps`);
    const first = await well(...call, "--out", alone, "--quiet");
    for (const [queue, flags] of queues) {
      const queued = join(scene.folder, `${format}-${queue}`);
      const ended = await well(...call, "--out", queued, ...flags);
      expect(ended.stdout.replaceAll(queued, alone)).toBe(first.stdout);
      expect(filesIn(queued)).toEqual(filesIn(alone));
      await expectDoneBy(queue, queued);
      const anew = await well(...call, "--out", queued, ...flags, "--overwrite");
      expect(anew.stdout).toBe(ended.stdout);
      expect(existsSync(`${queued}.parts`)).toBe(false);
    }
  }
});

test("parts of a prediction, by a scheduler of one's own, which are joined by the call without them", async () => {
  const out = join(scene.folder, "parts");
  const [, model, , code] = scene.submit;
  const call = (names: string, ...more: string[]) => [
    ...["predict", model!, "--data", scene.data, "--runs", names, "--threads", "1"],
    ...["--allow-code", code!, "--out", out, "--quiet", ...more],
  ];
  await well(...call("TS_S1", "--part"));
  await well(...call("TS_S2", "--part"));
  const written = statSync(join(out, "TS_S1.zarr")).mtimeMs;
  await well(...call("TS_S1", "--part"));
  const refused = await pickbenchProcess(...call("TS_S1", "--part", "--overlap", "4"));
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/TS_S1\.zarr exists already/)]);
  await well(...call("TS_S1,TS_S2,TS_S3"));
  expect(statSync(join(out, "TS_S1.zarr")).mtimeMs).toBe(written);
  expect(readdirSync(out).sort()).toEqual(["TS_S1.zarr", "TS_S2.zarr", "TS_S3.zarr"]);
  expect(existsSync(`${out}.parts`)).toBe(false);
});

test("match", async () => {
  const template = join(scene.folder, "blobs.mrc");
  const { data, shape } = blobs(1, 9, 3);
  const writer = await createMrc(template, { shape, spacing: [angstrom(10), angstrom(10), angstrom(10)] });
  await writer.writeSlab(0, data);
  await writer.close();
  const call = ["match", template, ...runs(), "--angles", "90"];
  const alone = join(scene.folder, "matched");
  await well(...call, "--out", alone, "--quiet");
  expect(Object.keys(filesIn(alone)).length).toBeGreaterThan(10);
  for (const [queue, flags] of queues) {
    const queued = join(scene.folder, `matched-${queue}`);
    await well(...call, "--out", queued, "--chunk", "2", ...flags);
    expect(filesIn(queued, "match.json")).toEqual(filesIn(alone, "match.json"));
    await expectDoneBy(queue, queued);
  }
});

test.skipIf(noSlurm !== undefined)("the trainings of compare", async () => {
  const recipe = await tinyExperiment(join(scene.folder, "tiny.yaml"), { budget: "1 step" });
  const out = join(scene.folder, "compared");
  const data = await tinyDataset(scene.folder);
  const call = ["compare", "densevnet", "baseline", "--experiment", recipe, "--data", data, "--threads", "1"];
  await well(...call, "--out", out, "--submissions", `${out}-submissions`, ...inSlurm, "--detach");
  const trainings = async () => (await statusOf(`${out}.queue`)).tasks.slice(0, -1);
  await until(async () => (await trainings()).every(({ status }) => status === "done"));
  await well("queue", "cancel", `${out}.queue`);
  for (const { argv } of (await readPlan(`${out}.queue`)).tasks.slice(0, -1)) {
    const folder = argv.find((arg) => arg.startsWith("--out="))!.slice("--out=".length);
    const alone = argv.filter((arg) => !/^--(?:out|submissions)=|^--resume$/.test(arg));
    await well(...alone, `--out=${folder}-alone`, `--submissions=${out}-alone-submissions`, "--quiet");
    for (const file of ["best.safetensors", "submission.csv", "report.json"]) {
      const isSame = readFileSync(join(folder, file)).equals(readFileSync(join(`${folder}-alone`, file)));
      expect([file, isSame]).toEqual([file, true]);
    }
  }
});
