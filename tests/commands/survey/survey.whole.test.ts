/** The command: what it prints and refuses, verdicts, subsets in --runs, and worker threads. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { pickbench } from "../../support/commandLine.js";
import { endlessSql } from "../../support/surveyData.js";

const folder = mkdtempSync(join(tmpdir(), "pickbench-survey-"));
const survey = join(folder, "survey");
const asked = (...args: string[]) => pickbench("survey", ...args, "--survey", survey);
const json = async (...args: string[]) => JSON.parse((await asked(...args, "--json")).stdout);

beforeAll(async () => {
  await pickbench(
    "simulate",
    "--out",
    folder,
    "--count",
    "3",
    "--size",
    "40,64,64",
    "--scene",
    "cell",
    "--seed",
    "3",
    "--quiet",
  );
  const truth = join(folder, "train", "overlay", "ExperimentRuns");
  const lines = ["experiment,particle_type,x,y,z"];
  for (const run of ["TS_S1", "TS_S2", "TS_S3"]) {
    const { points } = JSON.parse(readFileSync(join(truth, run, "Picks", "apo-ferritin.json"), "utf8"));
    for (const { location } of points)
      lines.push([run, "apo-ferritin", location.x, location.y, location.z].join());
    lines.push(`${run},apo-ferritin,5000,5000,5000`);
  }
  mkdirSync(join(folder, "mine"));
  writeFileSync(join(folder, "mine", "submission.csv"), `${lines.join("\n")}\n`);
  const built = await pickbench(
    ...[
      "survey",
      "build",
      "--data",
      folder,
      "--maps",
      join(folder, "train", "overlay"),
      "--submissions",
      join(folder, "mine"),
    ],
    ...["--out", survey, "--threads", "2", "--quiet"],
  );
  expect(built).toMatchObject({ code: 0 });
  vi.stubEnv("PICKBENCH_SURVEY", survey);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe("survey", () => {
  test("judges picks where the truth is known", async () => {
    const { particles } = await json("show", "TS_S1");
    const mine = particles.find(
      (each: { source: string; type: string }) => each.source === "mine" && each.type === "apo-ferritin",
    );
    const truths = mine.verdicts.truths;
    expect(mine).toMatchObject({
      count: truths + 1,
      verdicts: { matched: truths, duplicates: 0, wrong: 1, missed: 0 },
    });
    const missed = particles.find(
      (each: { source: string; type: string }) => each.source === "mine" && each.type === "beta-amylase",
    );
    expect(missed.verdicts.missed).toBe(missed.verdicts.truths);
    const { tomograms } = await json(
      "find",
      "[apo-ferritin.missed] = 0 and [mine.apo-ferritin.wrong] = 1 and run contains 'S'",
    );
    expect(tomograms.map(({ run }: { run: string }) => run)).toEqual(["TS_S1", "TS_S2", "TS_S3"]);
    const known = await json("find", "[truth.virus-like-particle.count] is not missing");
    expect(known.total).toBe(3);
    const first = await json(
      "find",
      "--columns",
      "beta-amylase.count,truth.beta-amylase.count,mine.apo-ferritin.count,apo-ferritin.count",
    );
    for (const row of first.tomograms) {
      expect(row["beta-amylase.count"]).toBe(row["truth.beta-amylase.count"]);
      expect(row["apo-ferritin.count"]).toBe(row["mine.apo-ferritin.count"]);
    }
  });

  test("writes subsets that --runs takes", async () => {
    expect((await asked("subset", "two", "--where", "run != 'TS_S2'")).stdout).toContain("two.txt: 2 runs");
    expect((await asked("subset", "two")).stdout).toBe("TS_S1\nTS_S3\n");
    const out = join(folder, "meshes");
    const meshed = await pickbench(
      "mesh",
      join(folder, "train", "overlay"),
      "--out",
      out,
      "--runs",
      "@two",
      "--json",
      "--threads",
      "1",
    );
    const runs = new Set(JSON.parse(meshed.stdout).meshes.map(({ run }: { run: string }) => run));
    expect([...runs]).toEqual(["TS_S1", "TS_S3"]);
    const file = join(folder, "mine.txt");
    writeFileSync(file, "# good ones\n/data/tomograms/TS_S2.mrc\nTS_S2  # again\n");
    const scored = await pickbench(
      "score",
      join(folder, "mine", "submission.csv"),
      "--truth",
      folder,
      "--runs",
      `@${file}`,
      "--json",
    );
    expect(Object.keys(JSON.parse(scored.stdout).perExperiment)).toEqual(["TS_S2"]);
  });

  test.each([
    [["score", "x.csv", "--truth", folder, "--runs", "@tow"], "no subset", "did you mean @two?"],
    [["score", "x.csv", "--truth", folder, "--runs", "@../two"], "../two cannot be read", ""],
    [["survey", "show", "TS_S4", "--survey", survey], "has no run TS_S4; did you mean TS_S", ""],
    [["survey", "find", "membran.percent > 1", "--survey", survey], "did you mean membrane.percent?", ""],
    [["survey", "find", "--where", "run = 1", "--survey", survey], "find takes the expression itself", ""],
    [["survey", "find", "--survey", join(folder, "nowhere")], "no survey here", ""],
    [["survey", "sql", "DROP TABLE picks", "--survey", survey], "the SQL cannot be answered", ""],
    [["survey", "export", "x.txt", "--survey", survey], "wants a file .star, .csv or .parquet", ""],
    [["survey", "subset", "../x", "--where", "run = 'TS_S1'", "--survey", survey], "it holds a slash", ""],
    [["survey", "subset", "--where", "run = 'TS_S1'", "--survey", survey], "wants a name", ""],
    [["survey", "subset", "x.txt", "--where", "run = 'TS_S1'", "--survey", survey], "would not mean", ""],
    [["survey", "subset", "a,b", "--where", "run = 'TS_S1'", "--survey", survey], "would not mean", ""],
    [["survey", "subset", "none", "--where", "run = 'no'", "--survey", survey], "no tomogram fulfils", ""],
    [["survey", "subset", "two", "--where", "run = 'TS_S1'", "--survey", survey], "exists already", ""],
    [["survey", "build", "--out", join(folder, "new")], "wants --data", ""],
    [["survey", "build", "--maps", "x", "--out", survey], "--maps is given without --data", ""],
    [
      ["survey", "build", "--data", folder, "--picks", "nowhere.csv", "--out", survey],
      "no such file or folder of picks",
      "",
    ],
    [
      ["survey", "build", "--data", folder, "--picks", `truth=${folder}/mine`, "--out", survey],
      "is the name of the data set's own picks",
      "",
    ],
    [
      ["survey", "build", "--data", folder, "--threshold", "2", "--out", survey],
      "wanted a probability below 1",
      "",
    ],
  ])("refuses %j", async (args, message, also) => {
    const { stderr, code } = await pickbench(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain(also);
  });

  test("builds again as it was asked before", async () => {
    const { stdout } = await pickbench("survey", "build", "--out", survey, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ runs: 3, changed: 0, faults: [] });
  });

  test("names faulty tomograms, and ends with 1", async () => {
    const data = join(folder, "faulty");
    mkdirSync(data);
    writeFileSync(join(data, "TS_1.mrc"), "no volume");
    const { stderr, code } = await pickbench(
      "survey",
      "build",
      "--data",
      data,
      "--out",
      join(folder, "other"),
      "--quiet",
    );
    expect(code).toBe(1);
    expect(stderr).toContain("1 tomogram could not be surveyed: TS_1");
  });
});

test("a process that ends breaks off what the database computes", () => {
  const module = new URL("../../../dist/survey/database/duckdb.js", import.meta.url).href;
  const script = `
    const { openDatabase } = await import(${JSON.stringify(module)});
    const { connection } = await openDatabase();
    connection.run(${JSON.stringify(endlessSql)}).catch(() => undefined);
    setTimeout(() => process.exit(7), 500);`;
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    timeout: 600_000,
    killSignal: "SIGKILL",
  });
  expect(ended.status).toBe(7);
});
