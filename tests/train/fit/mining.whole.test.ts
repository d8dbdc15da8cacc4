import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { numbersByType } from "../../../src/data/patches/hardPlaces.js";
import { readProgress } from "../../../src/train/fit/progressFile.js";
import { trainOnly } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { readLog } from "../../../src/train/watch/readLog.js";
import { type HearingReporter, hearingReporter } from "../../support/hearingReporter.js";
import { tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

let folder: string;
let data: string;
let experiment: string;
const at = (...parts: string[]) => join(folder, ...parts);
const bytesOf = (out: string) => readFile(at(out, "best.safetensors"), "base64");

const train = (out: string, options: object = {}, reporter: HearingReporter = hearingReporter()) =>
  trainOnly(runFolder(at(out)), { experiment, data, resume: false, threads: 1, reporter, ...options });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mining-"));
  data = await tinyDataset(folder);
  experiment = await tinyExperiment(at("tiny.yaml"), {
    patch: { shape: [16, 32, 32], batch: 2, hardShare: 0.5, mineAt: [0.3, 0.45, 0.7] },
    checkpoint: { everySeconds: 0 },
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("false picks are found at their shares of the budget, logged, said, and drawn: the network is another", async () => {
  const reporter = hearingReporter();
  await train("whole", {}, reporter);
  const { minings, steps } = await readLog(at("whole", "log.jsonl"));
  expect(minings.map(({ step }) => step + 1)).toEqual([4, 6, 9]);
  expect(steps).toHaveLength(12);
  const { current } = (await readProgress(at("whole", "last.safetensors")))!;
  expect(current).toBeNull();
  for (const { mined, minedMs, step } of minings) {
    expect(Object.keys(mined).every((type) => ["apo-ferritin", "ribosome"].includes(type))).toBe(true);
    expect(minedMs).toBeGreaterThan(0);
    const said = reporter.notes.find((note) => note.startsWith(`after step ${step + 1}: false picks`));
    for (const [type, count] of Object.entries(mined)) expect(said).toContain(`${count} of ${type}`);
  }
  expect(minings.some(({ mined }) => Object.values(mined).some((count) => count > 0))).toBe(true);
  await train("without", { set: ["patch={shape: [16, 32, 32], batch: 2}"] });
  expect(await bytesOf("without")).not.toBe(await bytesOf("whole"));
  await train("again");
  expect(await bytesOf("again")).toBe(await bytesOf("whole"));
});

test("a training that was stopped at any point goes on to the same bytes", async () => {
  const minedWhereStopped: (number | undefined)[] = [];
  for (let stops = 0; ; stops++) {
    // Updates are steps, and runs that are searched; a stop in the first of these ends the search without a result.
    let updates = 0;
    const reporter: HearingReporter = hearingReporter((stop) => {
      if (reporter.updates.at(-1)!.startsWith("training") && ++updates > stops % 3) stop();
    });
    const options = { resume: stops > 0 };
    try {
      await train("stopped", options, reporter);
      break;
    } catch (error) {
      expect(error).toMatchObject({ tag: "Stopped" });
      const { current } = (await readProgress(at("stopped", "last.safetensors")))!;
      minedWhereStopped.push(current?.mined?.times);
      if (current?.mined)
        expect([...numbersByType(current.mined.places).keys()].every(Number.isInteger)).toBe(true);
    }
  }
  expect(minedWhereStopped.length).toBeGreaterThan(4);
  expect(new Set(minedWhereStopped).size).toBeGreaterThan(2);
  expect(await bytesOf("stopped")).toBe(await bytesOf("whole"));
});
