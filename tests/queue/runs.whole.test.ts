/** Commands whose tasks are runs or networks, in processes of this machine and in a real Slurm: the same bytes as the command alone. */
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { angstrom } from "../../src/domain/units.js";
import { createMrc } from "../../src/formats/mrc/writer.js";
import { blobs } from "../support/matchingScene.js";
import { type QueueScene, queueScene, statusOf, well } from "../support/queueScene.js";
import { noSlurm, type Slurm, startSlurm } from "../support/slurm.js";
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

test("segment", async () => {
  const set = join(scene.folder, "features.yaml");
  const [, model] = scene.submit;
  const feature = (name: string) =>
    `  - { name: ${name}, model: ${JSON.stringify(model)}, output: ${name} }\n`;
  await writeFile(set, `features:\n${feature("apo-ferritin")}${feature("ribosome")}`);
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

test("compare", async () => {
  const recipe = await tinyExperiment(join(scene.folder, "tiny.yaml"), { budget: "1 step" });
  const data = await tinyDataset(scene.folder);
  const call = ["compare", "eman2", "plain", "--experiment", recipe, "--data", data, "--threads", "1"];
  const into = (name: string): string[] => {
    const out = join(scene.folder, name);
    return ["--out", out, "--submissions", `${out}-submissions`, "--quiet"];
  };
  const told = (name: string) => {
    const { rows } = JSON.parse(readFileSync(join(scene.folder, name, "comparison.json"), "utf8"));
    return rows.map(({ architecture, score, standardError, againstFirst }: Record<string, unknown>) => ({
      ...{ architecture, score, standardError, againstFirst },
    }));
  };
  await well(...call, ...into("compared"));
  for (const [queue, flags] of queues.slice(-1)) {
    const name = `compared-${queue}`;
    await well(...call, ...into(name), ...flags.filter((flag) => flag !== "--quiet"));
    expect(told(name)).toEqual(told("compared"));
    for (const run of ["tiny-eman2", "tiny-plain"])
      for (const file of ["best.safetensors", "submission.csv"])
        expect(readFileSync(join(scene.folder, name, run, file))).toEqual(
          readFileSync(join(scene.folder, "compared", run, file)),
        );
    await expectDoneBy(queue, join(scene.folder, name));
  }
});
