/** Work shared out among cards: the CPU stands in for them, on which a card's number is no more than a process. */
import { readFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pickbenchProcess } from "../support/commandLine.js";
import { standInSmi, twoCards } from "../support/engines/smi.js";
import { filesIn } from "../support/filesIn.js";
import { type QueueScene, queueScene, statusOf, well } from "../support/queueScene.js";

let scene: QueueScene;
beforeAll(async () => {
  scene = await queueScene();
});
afterAll(() => rm(scene.folder, { recursive: true }));

const onTwo = ["--devices", "0,1", "--engine", "onnx-cpu", "--quiet"];

/** The card that each task of a plan was given. */
async function cardsOf(plan: string): Promise<unknown[]> {
  const { tasks } = await statusOf(plan);
  return Promise.all(
    tasks.map(
      async (_, id) => JSON.parse(await readFile(join(plan, "states", `${id}.begun.json`), "utf8")).device,
    ),
  );
}

test("submit on two cards: each has its tomograms, and the CSV is that of one process, byte by byte", async () => {
  const runs = ["--runs", "TS_S1,TS_S2,TS_S3,TS_S4,TS_S5,TS_S6", "--threads", "1"];
  const call = scene.submit.slice(0, -2);
  const alone = join(scene.folder, "alone.csv");
  await well(...call, ...runs, "--engine", "onnx-cpu", "--out", alone, "--quiet");
  const shared = join(scene.folder, "shared.csv");
  await well(...call, ...runs, "--out", shared, "--chunk", "2", ...onTwo);
  expect(readFileSync(shared)).toEqual(readFileSync(alone));
  const plan = JSON.parse(await readFile(join(`${shared}.queue`, "plan.json"), "utf8"));
  expect([plan.queue, plan.jobs, plan.devices]).toEqual(["local", 2, [0, 1]]);
  const [first, second, ...more] = await cardsOf(`${shared}.queue`);
  expect([first, second]).toEqual([0, 1]);
  expect(more).toHaveLength(2);
  for (const card of more) expect([0, 1]).toContain(card);
});

test("predict on two cards: each has its tomograms, and the volumes are those of one process, byte by byte", async () => {
  const call = ["predict", ...scene.submit.slice(1, -2), "--runs", "TS_S1,TS_S2,TS_S3", "--threads", "1"];
  const place = (name: string) => ["--out", join(scene.folder, name)];
  const alone = await well(...call, ...place("maps"), "--engine", "onnx-cpu", "--quiet");
  const shared = await well(...call, ...place("shared-maps"), ...onTwo);
  expect(shared.stdout.replaceAll("shared-maps", "maps")).toBe(alone.stdout);
  expect(filesIn(join(scene.folder, "shared-maps"))).toEqual(filesIn(join(scene.folder, "maps")));
  expect((await cardsOf(join(scene.folder, "shared-maps.queue"))).slice(0, 2)).toEqual([0, 1]);
  const again = await pickbenchProcess(...call, ...place("maps"), ...onTwo);
  expect([again.code, again.stderr]).toEqual([
    1,
    expect.stringMatching(/maps.*TS_S1\.zarr and 2 more exist already/),
  ]);
});

test("folds of a run on two cards: the same picks as one after another", async () => {
  const call = ["run", scene.experiment, "--data", scene.data, "--folds", "2", "--threads", "1"];
  const place = (name: string) => [
    ...["--out", join(scene.folder, name)],
    ...["--submissions", join(scene.folder, `${name}-submissions`)],
  ];
  await well(...call, ...place("one"), "--engine", "onnx-cpu", "--quiet");
  await well(...call, ...place("two"), ...onTwo);
  const csv = (name: string) => readFileSync(join(scene.folder, name, "submission.csv"));
  expect(csv("two")).toEqual(csv("one"));
  expect((await cardsOf(join(scene.folder, "two.queue"))).slice(0, 2)).toEqual([0, 1]);
});

test.each([
  [["--devices", "a"], {}, /--devices is "a", wanted numbers of cards/],
  [["--devices", "0,0"], {}, /--devices is "0,0", wanted numbers of cards, each once/],
  [["--devices", "0,1", "--queue", "slurm"], {}, /Slurm hands out its own/],
  [["--devices", "0,1", "--engine", "onnx-webgpu"], {}, /WebGPU takes the card that its driver names first/],
  [["--devices", "0,2"], { cards: twoCards }, /there is no card 2; nvidia-smi lists 0, 1/],
  [["--devices", "0"], { cards: "No devices were found" }, /no card is found \(No devices were found\)/],
])("%j %j is the user's mistake", async (flags, { cards }: { cards?: string }, message) => {
  const PATH = cards === undefined ? process.env.PATH! : await standInSmi(scene.folder, cards);
  const before = process.env.PATH;
  process.env.PATH = PATH;
  try {
    const out = join(scene.folder, "none.csv");
    const { code, stderr } = await pickbenchProcess(...scene.submit, "--out", out, ...flags);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
  } finally {
    process.env.PATH = before;
  }
});
