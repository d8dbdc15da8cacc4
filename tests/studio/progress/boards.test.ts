import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { leaderboardColumns } from "../../../src/leaderboard/columns.js";
import { readLeaderboard } from "../../../src/leaderboard/leaderboard.js";
import { createPlan } from "../../../src/queue/plan.js";
import { writeBegun, writeEndNow } from "../../../src/queue/states.js";
import { Boards } from "../../../src/studio/progress/boards.js";
import { Plans } from "../../../src/studio/progress/plans.js";
import { Trainings } from "../../../src/studio/progress/trainings.js";
import { writeManySubmissions } from "../../support/manySubmissions.js";
import { workInOwnFolder } from "../../support/ownFolder.js";

describe("leaderboards", () => {
  workInOwnFolder(async () => writeManySubmissions("submissions", { count: 6, dataSets: 2 }));

  test("have all columns and rows of the leaderboard, with points in the chart", async () => {
    const [board] = await new Boards(["submissions"]).all();
    const { groups } = await readLeaderboard("submissions");
    expect(board!.groups.map(({ rows }) => rows.map(({ name }) => name))).toEqual(
      groups.map(({ rows }) => rows.map(({ name }) => name)),
    );
    const columns = leaderboardColumns(groups[0]!.rows);
    expect(board!.groups[0]!.columns.map(({ key }) => key)).toEqual(columns.map(({ key }) => key));
    const [row] = groups[0]!.rows;
    expect(board!.groups[0]!.rows[0]!.cells).toEqual(columns.map(({ text }) => text(row!)));
    expect(board!.groups[0]!.rows[0]).toMatchObject({
      score: row!.score,
      times: [row!.trainMinutes, row!.tomogramSeconds],
    });
  });

  test("are read again where submissions changed, and only there", async () => {
    const boards = new Boards(["submissions"]);
    const [first] = await boards.all();
    expect((await boards.all())[0]).toBe(first);
    rmSync("submissions/experiment-0", { recursive: true });
    const count = (board: typeof first) => board!.groups.flatMap(({ rows }) => rows).length;
    expect(count((await boards.all())[0])).toBe(count(first) - 1);
  });

  test("that cannot be read are told with a sentence, damaged submissions with why", async () => {
    const [none] = await new Boards(["nowhere"]).all();
    expect(none!.why).toMatch(/nowhere/);
    writeFileSync("submissions/experiment-1/record.json", "{");
    const [board] = await new Boards(["submissions"]).all();
    expect(board!.unranked.map(({ name }) => name)).toEqual(["experiment-1"]);
  });
});

describe("queues", () => {
  workInOwnFolder(async () => {
    await createPlan("runs/out.csv.queue", {
      ...{ command: "submit", call: ["submit"], queue: "local", jobs: 1, isOpen: false },
      profile: { sbatch: [] },
      stages: [{ name: "predict", after: [] }],
      tasks: ["TS_1", "TS_2", "TS_3"].map((name) => ({ name, stage: 0, argv: ["submit"], outputs: [] })),
    });
    const begun = { attempt: 1, startedAt: "2026-11-30T10:00:00Z", pid: 1, started: 1, machine: "x" };
    for (const id of [0, 1])
      await writeBegun("runs/out.csv.queue", id, { ...begun, host: "node", job: null, slurmId: null });
    const end = { attempt: 1, startedAt: begun.startedAt, finishedAt: "2026-11-30T10:01:00Z" };
    writeEndNow("runs/out.csv.queue", 0, { ...end, code: 0, message: null });
    writeEndNow("runs/out.csv.queue", 1, { ...end, code: 1, message: "<b>no memory</b>" });
    writeFileSync("runs/out.csv.queue/logs/1.log", "said much\nno memory\n");
  });
  const found = () => new Trainings(["runs"]).plans();

  test("say where their tasks stand", async () => {
    const [plan] = await new Plans().all(await found());
    expect(plan).toMatchObject({ name: "runs/out.csv.queue", command: "submit", tasks: 3, why: null });
    expect(plan!.stages).toEqual([{ name: "predict", counts: { done: 1, failed: 1, open: 1 } }]);
    expect(plan!.told.map(({ name, message }) => [name, message])).toEqual([["TS_2", "<b>no memory</b>"]]);
  });

  test("give the end of what a task said, of tasks that are there alone", async () => {
    const plans = await found();
    const { id } = plans[0]!;
    expect(await new Plans().log(plans, id, 1)).toBe("said much\nno memory\n");
    expect(await new Plans().log(plans, id, 2)).toBe("");
    await expect(new Plans().log(plans, id, 9)).rejects.toThrow(/no task 9/);
    await expect(new Plans().log(plans, "../..", 0)).rejects.toThrow(/no task/);
  });

  test("that are damaged are told with a sentence", async () => {
    mkdirSync("runs/broken.queue");
    writeFileSync("runs/broken.queue/plan.json", "{");
    writeFileSync("runs/broken.queue/tasks.jsonl", "");
    const [broken, whole] = await new Plans().all(await found());
    expect(broken!.why).toMatch(/broken\.queue/);
    expect(whole!.why).toBeNull();
  });
});
