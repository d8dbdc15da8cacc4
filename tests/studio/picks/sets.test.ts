import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { picksText } from "../../../src/formats/copickPicks.js";
import { routed } from "../../../src/serve/routes.js";
import { decodeAllRuns } from "../../../src/studio/picks/answer.js";
import { pickAt } from "../../../src/studio/picks/columns.js";
import { picksAnswer } from "../../../src/studio/picks/picksAnswer.js";
import { picksRoutes } from "../../../src/studio/picks/routes.js";
import { PickSets } from "../../../src/studio/picks/sets.js";
import { silentReporter } from "../../../src/system/reporter.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sets-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
});

const write = (path: string, text: string): string => {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
  return join(root, path);
};

/** A copick file of picks at these x, with scores. */
const copick = (
  under: string,
  run: string,
  name: string,
  type: string,
  at: readonly (readonly [number, number?])[],
) =>
  write(
    `${under}/ExperimentRuns/${run}/Picks/${name}.json`,
    picksText(
      { type, run, author: {} },
      at.map(([x, score]) => ({
        location: { x, y: 1, z: 2 },
        ...(score === undefined
          ? {}
          : { score, metadata: { membrane_distance: 10 * x, lies_in: "cytosol" } }),
      })),
    ),
  );

async function setsOf(paths: { picks?: string[]; submissions?: string[]; data?: string }) {
  const dataset = paths.data === undefined ? undefined : await openDataset(paths.data);
  const { picks = [], submissions = [] } = paths;
  return new PickSets({ dataset, picks, submissions, reporter: silentReporter });
}

const placesOf = async (sets: PickSets, id: string, run = "TS_1") => {
  const picks = await sets.read(id, run);
  return Array.from({ length: picks.count }, (_, at) => {
    const { type, x, score } = pickAt(picks, at);
    return [type, x, score];
  });
};

describe("sets of picks in a data set", () => {
  test("are its truth and every user's session, but for what the truth is alone", async () => {
    copick("data/overlay", "TS_1", "ribosome", "ribosome", [[1], [2]]);
    copick("data/overlay", "TS_1", "mia_1_apo-ferritin", "apo-ferritin", [[3]]);
    copick("data/overlay", "TS_1", "pickbench_0_ribosome", "ribosome", [[4, 0.5]]);
    copick("data/overlay", "TS_2", "ribosome", "ribosome", []);
    const sets = await setsOf({ data: join(root, "data") });
    expect(await sets.list("TS_1")).toEqual([
      { id: "truth", name: "truth of the data set", isTruth: true },
      { id: "data~mia_1", name: "data set, mia_1", isTruth: false },
      { id: "data~pickbench_0", name: "data set, pickbench_0", isTruth: false },
    ]);
    expect(await placesOf(sets, "truth")).toEqual([
      ["apo-ferritin", 3, undefined],
      ["ribosome", 1, undefined],
      ["ribosome", 2, undefined],
    ]);
    expect(await placesOf(sets, "data~pickbench_0")).toEqual([["ribosome", 4, 0.5]]);
    expect(await sets.runs("truth")).toEqual(["TS_1", "TS_2"]);
    expect(await sets.runs("data~pickbench_0")).toEqual(["TS_1"]);
    expect(await placesOf(sets, "data~nobody_0")).toEqual([]);
  });

  test("several sessions without a plain file are no truth, and said to be none", async () => {
    copick("data/overlay", "TS_1", "mia_1_ribosome", "ribosome", [[1]]);
    copick("data/overlay", "TS_1", "tom_1_ribosome", "ribosome", [[2]]);
    const sets = await setsOf({ data: join(root, "data") });
    await expect(sets.read("truth", "TS_1")).rejects.toThrow("several sessions");
    expect((await sets.list("TS_1"))[0]?.trouble).toContain("several sessions (mia_1, tom_1)");
    expect(await placesOf(sets, "data~tom_1")).toEqual([["ribosome", 2, undefined]]);
  });

  test("a run or an id that is none leads nowhere", async () => {
    copick("data/overlay", "TS_1", "ribosome", "ribosome", [[1]]);
    copick("secret", "TS_9", "mia_1_ribosome", "ribosome", [[1]]);
    const sets = await setsOf({ data: join(root, "data") });
    const out = "../../../secret/ExperimentRuns/TS_9";
    expect(await sets.list(out)).toEqual([]);
    expect(await placesOf(sets, "data~mia_1", out)).toEqual([]);
    await expect(sets.read("../secret", "TS_1")).rejects.toThrow("no set of picks has the id");
  });
});

describe("sets of picks in files", () => {
  const header = "id,experiment,particle_type,x,y,z,score,membrane_distance,lies_in,qx,qy,qz,qw";
  const csv = [
    header,
    "0,TS_1,ribosome,10,20,30,0.5,12.5,cytosol,0,0,0,1",
    "1,TS_1,apo-ferritin,11,21,31,,,,,,,",
    "2,TS_2,ribosome,12,22,32,0.25,7,ER,,,,",
  ].join("\n");

  test("a submission's scores, orientations and further columns are read, of the run alone", async () => {
    const sets = await setsOf({ picks: [write("a/submission.csv", csv)] });
    expect(await sets.list("TS_1")).toEqual([{ id: "p0", name: "submission.csv", isTruth: false }]);
    expect(picksAnswer(await sets.nameOf("p0"), await sets.read("p0", "TS_1"))).toEqual({
      id: "p0",
      name: "submission.csv",
      isTruth: false,
      columns: ["membrane_distance", "lies_in"],
      picks: [
        {
          type: "ribosome",
          x: 10,
          y: 20,
          z: 30,
          score: 0.5,
          rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1],
          further: [12.5, "cytosol"],
        },
        { type: "apo-ferritin", x: 11, y: 21, z: 31, further: [null, ""] },
      ],
    });
    expect(await sets.runs("p0")).toEqual(["TS_1", "TS_2"]);
    expect(await sets.list("TS_3")).toEqual([]);
  });

  test("a broken row is named where it is asked for, and hides no other set", async () => {
    const broken = write("broken.csv", `${header}\n0,TS_1,ribosome,10,20,30,high,1,a,,,,`);
    const sets = await setsOf({ picks: [broken, write("good.csv", csv)] });
    const [bad, good] = await sets.list("TS_1");
    expect(bad).toMatchObject({ id: "p0", name: "broken.csv" });
    expect(bad?.trouble).toContain("row 2 of ");
    expect(good).toEqual({ id: "p1", name: "good.csv", isTruth: false });
  });

  test("a file that has changed is read again, another is not", async () => {
    const path = write("a.csv", csv);
    const sets = await setsOf({ picks: [path, write("b.csv", csv)] });
    await sets.list("TS_1");
    expect(await placesOf(sets, "p0")).toHaveLength(2);
    expect(sets.reads).toBe(2);
    writeFileSync(path, `${csv}\n3,TS_1,ribosome,1,2,3,0.9,1,a,,,,`);
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    expect(await placesOf(sets, "p0")).toHaveLength(3);
    expect(await placesOf(sets, "p1")).toHaveLength(2);
    expect(sets.reads).toBe(3);
  });

  test("a folder that pick wrote, a run, a folder of runs and a watcher's outputs, each by session", async () => {
    copick("picked", "TS_1", "pickbench_0_ribosome", "ribosome", [[1, 0.5]]);
    copick("run/picks", "TS_1", "pickbench_0_ribosome", "ribosome", [[2, 0.5]]);
    write("run/record.json", "{}");
    write("runs/one/record.json", "{}");
    write("runs/one/submission.csv", csv);
    write("runs/two/record.json", "{}");
    write("runs/two/submission.csv", csv);
    copick("watched/TS_1/picks", "TS_1", "pickbench_0_ribosome", "ribosome", [[3, 0.5]]);
    copick("watched/TS_2/picks", "TS_2", "pickbench_0_ribosome", "ribosome", [[4, 0.5]]);
    write("watched/ledger.json", "{}");
    write("watched/TS_1/maps.zarr/0/x.json", "{}");
    const names = ["picked", "run", "watched"].map((name) => join(root, name));
    const sets = await setsOf({ picks: names, submissions: [join(root, "runs")] });
    expect((await sets.list("TS_1")).map(({ id, name }) => [id, name])).toEqual([
      ["p0~pickbench_0", "picked, pickbench_0"],
      ["p1~pickbench_0", "run, pickbench_0"],
      ["p2", "watched"],
      ["p3", "one"],
      ["p4", "two"],
    ]);
    expect(await placesOf(sets, "p0~pickbench_0")).toEqual([["ribosome", 1, 0.5]]);
    expect(await placesOf(sets, "p1~pickbench_0")).toEqual([["ribosome", 2, 0.5]]);
    expect(await placesOf(sets, "p2")).toEqual([["ribosome", 3, 0.5]]);
    expect(await sets.runs("p2")).toEqual(["TS_1", "TS_2"]);
  });
});

describe("what the page is answered", () => {
  const ask = async (sets: PickSets, ...names: string[]) => {
    const reply = await routed(picksRoutes(sets, []))({
      method: "GET",
      names,
      query: new URLSearchParams(),
      headers: {},
      body: async () => Buffer.alloc(0),
      signal: new AbortController().signal,
    });
    return reply.body as string | Uint8Array;
  };

  test("counts over all runs survive the way, those without scores too", async () => {
    copick("data/overlay", "TS_1", "ribosome", "ribosome", [[0], [1000]]);
    copick("data/overlay", "TS_2", "ribosome", "ribosome", [[0]]);
    const rows = [
      "TS_1,ribosome,5,1,2,0.9",
      "TS_2,ribosome,7,1,2,",
      "TS_2,carbon,7,1,2,1",
      "TS_3,ribosome,0,0,0,1",
    ];
    const csv = write("a.csv", ["experiment,particle_type,x,y,z,score", ...rows].join("\n"));
    const sets = await setsOf({ data: join(root, "data"), picks: [csv] });
    const body = (await ask(sets, "api", "verdicts", "truth", "p0")) as Uint8Array;
    const { runs, unknown, steps } = decodeAllRuns(body.slice().buffer as ArrayBuffer);
    expect([runs, unknown, [...steps.keys()]]).toEqual([2, ["carbon"], ["ribosome"]]);
    expect(steps.get("ribosome")).toEqual({
      truths: 3,
      picks: Float64Array.of(Number.POSITIVE_INFINITY, 0.9),
      found: Float64Array.of(Number.POSITIVE_INFINITY, 0.9),
      paired: Float64Array.of(Number.POSITIVE_INFINITY, 0.9),
    });
    expect(JSON.parse((await ask(sets, "api", "runs", "TS_1", "picks")) as string)).toHaveLength(2);
    expect(JSON.parse((await ask(sets, "api", "runs", "TS_1", "picks", "p0")) as string).picks).toHaveLength(
      1,
    );
  });
});
