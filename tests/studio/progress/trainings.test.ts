import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { recordRows, traceDrawing, traceText } from "../../../src/studio/progress/made.js";
import { Trainings } from "../../../src/studio/progress/trainings.js";
import { withLock } from "../../../src/system/lock.js";
import { finishedRun, row } from "../../support/finishedRun.js";
import { workInOwnFolder } from "../../support/ownFolder.js";

const truth = new Map([["TS_1", row("ribosome", 100, 2000)]]);
const picks = new Map([["TS_1", row("ribosome", 100)]]);

const step = (number: number): string =>
  `${JSON.stringify({ network: "all", step: number, loss: 0.5, rate: 0.001, ms: 5, waitedMs: 1 })}\n`;

describe("trainings below opened folders", () => {
  workInOwnFolder(async () => {
    await finishedRun("runs", "done", { truth, picks });
    await finishedRun("runs", "begun", { truth, picks, finished: false });
    writeFileSync("runs/begun/log.jsonl", step(0) + step(1));
  });
  const list = async () => (await new Trainings(["runs"]).list()).trainings;
  const named = async (name: string) => (await list()).find((each) => each.name === name)!;

  test("are listed with where they stand", async () => {
    expect((await list()).map(({ name, state }) => [name, state])).toEqual([
      ["runs/begun", "begun"],
      ["runs/done", "finished"],
    ]);
    const done = await named("runs/done");
    expect(done).toMatchObject({ kind: "run", experiment: "done", network: "plain", seed: 0, why: null });
    expect(done.score).toBeGreaterThan(0);
    expect(await named("runs/begun")).toMatchObject({ steps: 2, loss: 0.5, score: null, hasLog: true });
  });

  test("run where a process holds their lock, here or where the log grows", async () => {
    await withLock("runs/begun/run.lock", "runs/begun", async () => {
      expect((await named("runs/begun")).state).toBe("running");
    });
    expect((await named("runs/begun")).state).toBe("begun");
    const elsewhere = { pid: 5, started: 1, machine: "00000000", host: hostname(), id: "ab" };
    writeFileSync("runs/begun/run.lock", JSON.stringify(elsewhere));
    expect((await named("runs/begun")).state).toBe("running");
    writeFileSync("runs/begun/run.lock", JSON.stringify({ ...elsewhere, machine: undefined, pid: 2 ** 30 }));
    expect((await named("runs/begun")).state).toBe("begun");
  });

  test("stand below their folds and searches", async () => {
    for (const fold of [0, 1]) await finishedRun("runs/folds", `fold-${fold}`, { truth, picks });
    mkdirSync("runs/search/trials/000", { recursive: true });
    const trial = {
      ...{ trialVersion: 1, settingsHash: "a", trial: 0, experimentHash: null, state: "stopped" },
      ...{ values: { "optimiser.rate": 0.01 }, rungs: [0.2], score: 0.2, steps: 7, seconds: 1, why: null },
    };
    writeFileSync("runs/search/trials/000/trial.json", JSON.stringify(trial));
    const [folds, search] = [await named("runs/folds"), await named("runs/search")];
    expect([folds.kind, search.kind]).toEqual(["folds", "search"]);
    expect((await list()).filter(({ parent }) => parent === folds.id).map(({ name }) => name)).toEqual([
      "runs/folds/fold-0",
      "runs/folds/fold-1",
    ]);
    expect(await named("runs/search/trials/000")).toMatchObject({
      ...{ parent: search.id, state: "stopped early", tuneScore: 0.2, steps: 7 },
      values: "optimiser.rate 0.01",
    });
  });

  test("that are damaged are told with a sentence, and the others stay", async () => {
    writeFileSync("runs/done/record.json", '{"recordVersion":1,');
    mkdirSync("runs/<b>odd<b>");
    writeFileSync("runs/<b>odd<b>/record.json", "\0");
    mkdirSync("runs/pipe");
    mkdirSync("runs/pipe/record.json");
    mkdirSync("runs/search/trials/000", { recursive: true });
    writeFileSync("runs/search/trials/000/trial.json", "[]");
    const all = await list();
    expect((await named("runs/done")).state).toBe("damaged");
    expect((await named("runs/done")).why).toMatch(/record\.json is no record/);
    expect((await named("runs/<b>odd<b>")).state).toBe("damaged");
    expect((await named("runs/search/trials/000")).why).toMatch(/trial\.json/);
    expect(all.find(({ name }) => name === "runs/begun")!.state).toBe("begun");
  });

  test("are found by no link, and by no other name than was listed", async () => {
    await finishedRun("elsewhere", "secret", { truth, picks });
    symlinkSync("../elsewhere/secret", "runs/link");
    expect((await list()).map(({ name }) => name)).toEqual(["runs/begun", "runs/done"]);
    const trainings = new Trainings(["runs"]);
    await expect(trainings.curves("../elsewhere/secret")).rejects.toThrow(/no training/);
    await expect(trainings.report("0".repeat(16))).rejects.toThrow(/no training/);
  });

  test("have the report that was written into their folder, not one that a link leads to", async () => {
    const { id } = await named("runs/done");
    const trainings = new Trainings(["runs"]);
    expect(await trainings.report(id)).toBeUndefined();
    writeFileSync("runs/done/report.html", "<p>report</p>");
    expect(String(await trainings.report(id))).toContain("report");
    expect((await named("runs/done")).hasReport).toBe(true);
    rmSync("runs/done/report.html");
    writeFileSync("secret", "secret");
    symlinkSync(join("..", "..", "secret"), "runs/done/report.html");
    expect(await trainings.report(id)).toBeUndefined();
    expect((await named("runs/done")).hasReport).toBe(false);
  });

  test("have curves that grow", async () => {
    const { id } = await named("runs/begun");
    const trainings = new Trainings(["runs"]);
    const first = await trainings.curves(id);
    expect(first.lines).toBe(2);
    appendFileSync("runs/begun/log.jsonl", step(2));
    const { curves, isWhole } = await trainings.curves(id, first.lines, first.version);
    expect(isWhole).toBe(false);
    expect(curves.find(({ figure }) => figure === "train/loss")!.steps).toEqual([2]);
  });

  test("are told from their records, and traced", async () => {
    const rows = new Map(await recordRows("runs/done"));
    expect(rows.get("experiment")).toMatch(/^done, [0-9a-f]{12}$/);
    expect(rows.get("held out")).toBe("TS_1");
    expect(rows.get("score")).toBeDefined();
    expect(new Map(await recordRows("runs/begun")).get("finished")).toBe("not yet");
    await expect(recordRows("runs/none")).rejects.toThrow(/record\.json/);
    expect(await traceText("runs/done")).toContain("done");
    expect(await traceDrawing("runs/done")).toMatch(/^<svg /);
  });
});
