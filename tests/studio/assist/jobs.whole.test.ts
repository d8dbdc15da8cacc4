// Jobs of a studio: calls of the command line that are stopped, fail, or are left by a studio that was killed.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type JobPlan, Jobs } from "../../../src/studio/assist/jobs.js";
import { isRunning, type Owner } from "../../../src/system/owner.js";
import { annotationScene } from "../../support/annotationScene.js";

const plan = (folder: string, ...args: string[]): JobPlan => ({
  kind: "train",
  title: "a job",
  folder,
  calls: [{ sentence: "works", args }],
  done: async () => "it is done",
});
const stateOf = (jobs: Jobs): string => jobs.list().at(-1)!.state;
const noteIn = (folder: string): string => join(folder, "processes.json");
const noted = async (folder: string): Promise<Owner[]> =>
  JSON.parse(await readFile(noteIn(folder), "utf8").catch(() => "[]"));

describe("jobs", () => {
  test("end well or badly with a sentence, one at a time, and leave no process noted", async () => {
    const folder = await mkdtemp(join(tmpdir(), "jobs-"));
    const jobs = new Jobs(noteIn(folder));
    jobs.start(plan(folder, "models"));
    expect(() => jobs.start(plan(folder, "models"))).toThrow("a job is going on");
    await expect.poll(() => stateOf(jobs)).toBe("done");
    expect(jobs.list()[0]).toMatchObject({ title: "a job", sentence: "it is done" });
    jobs.start(plan(folder, "inspect", "--data", join(folder, "nowhere")));
    await expect.poll(() => stateOf(jobs)).toBe("failed");
    expect(jobs.list()[1]!.sentence).toContain("nowhere");
    expect(await noted(folder)).toEqual([]);
    expect(() => jobs.plan("j9")).toThrow("there is no job j9");
  });

  test("that are stopped, and those of a studio that was killed, have ended with their processes", async () => {
    const folder = await annotationScene(await mkdtemp(join(tmpdir(), "jobs-")));
    const out = join(folder, "watched");
    const waiting = (): JobPlan => plan(folder, "studio", folder, "--no-open", "--quiet", "--out", out);
    const jobs = new Jobs(noteIn(folder));
    const { id } = jobs.start(waiting());
    await expect.poll(async () => (await noted(folder)).length).toBe(1);
    const [first] = await noted(folder);
    await jobs.stop(id);
    expect(stateOf(jobs)).toBe("stopped");
    expect(isRunning(first!)).toBe(false);

    jobs.start(waiting());
    await expect.poll(async () => (await noted(folder)).length).toBe(1);
    const [second] = await noted(folder);
    const text = JSON.stringify([second]);
    const next = new Jobs(noteIn(folder));
    await writeFile(noteIn(folder), text, { mode: 0o600 });
    await next.endLeft();
    expect(isRunning(second!)).toBe(false);
    await expect.poll(() => stateOf(jobs)).not.toBe("running");
    await jobs.close();
  });
});
