/** `pickbench experiment`: the starter holds every key, and what is shown is what is run. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { allKeys } from "../../../src/system/schema/keys.js";
import { checkExperiment } from "../../../src/train/experiment/experiment.js";
import { experimentSchema } from "../../../src/train/experiment/schema.js";
import { pickbench, pickbenchProcess } from "../../support/commandLine.js";
import { tinyDataset, tinyRuns } from "../../support/tinyRun.js";

const folder = mkdtempSync(join(tmpdir(), "starter-"));
const file = join(folder, "my.yaml");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("new writes a starter that holds every key, and replaces none", async () => {
  expect(await pickbench("experiment", "new", file)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`next: pickbench run ${file} --data DIR`),
  });
  const text = readFileSync(file, "utf8");
  const missing = allKeys(experimentSchema).filter((path) => !text.includes(`${String(path.at(-1))}:`));
  expect(missing).toEqual([]);
  const again = await pickbench("experiment", "new", file);
  expect([again.code, again.stderr]).toEqual([
    1,
    `pickbench: ${file} exists already; give --overwrite to replace it, or another name\n`,
  ]);
  expect((await pickbench("experiment", "new", file, "--overwrite")).code).toBe(0);
});

test("the starter's values are the defaults, save for what an experiment must say and what is better in new ones", () => {
  const content = parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  const { name, network, splits, loss, budget } = content;
  const better = {
    predict: { statistics: "tomogram" },
    picking: { choice: "smooth", density: "annotated" },
  };
  expect(checkExperiment(content, file)).toEqual(
    checkExperiment({ name, network, splits, loss, budget, ...better }, file),
  );
});

test("show prints all defaults, with what is set, as YAML and as JSON", async () => {
  const set = ["--set", "optimiser.rate=5e-4", "--set", "patch.batch=2"];
  const yaml = await pickbench("experiment", "show", file, ...set);
  expect(yaml.stdout).toContain("# changed; default 0.001\n  rate: 0.0005");
  const plain = await pickbench("experiment", "show", file, "--plain", ...set);
  expect(plain.stdout).not.toContain("#");
  expect(parse(plain.stdout)).toEqual(parse(yaml.stdout));
  const json = await pickbench("experiment", "show", file, ...set, "--json");
  expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
  expect(JSON.parse(json.stdout)).toMatchObject({
    optimiser: { rate: 5e-4, warmupSteps: "auto" },
    patch: { batch: 2 },
  });
  const misspelt = await pickbench("experiment", "show", file, "--set", "optimiser.rats=1");
  expect(misspelt).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("did you mean optimiser.rate?"),
  });
});

describe("an experiment that fits a data set", () => {
  const mine = join(folder, "mine.yaml");
  const out = join(folder, "run");

  test("runs as it was written, and its record, checkpoint and folder say the same", async () => {
    const data = await tinyDataset(folder);
    const made = await pickbench("experiment", "new", mine, "--data", data, "--network", "plain");
    expect([made.code, made.stderr]).toEqual([0, ""]);
    expect(made.stdout).toContain(`next: pickbench run ${mine} --data ${data}`);
    expect(parse(readFileSync(mine, "utf8"))).toMatchObject({
      name: "mine",
      network: "plain",
      splits: { train: "rest", tune: 1, holdout: 1 },
      patch: { shape: [40, 64, 64] },
    });
    const flags = [
      "--data",
      data,
      "--out",
      out,
      "--submissions",
      join(folder, "submissions"),
      "--threads",
      "1",
    ];
    const ran = await pickbench("run", mine, ...flags, "--budget", "2 steps", "--quiet");
    expect(ran.code, ran.stderr).toBe(0);
    for (const path of [out, join(out, "record.json"), join(out, "best.safetensors")]) {
      const { code, stdout } = await pickbench("experiment", "diff", mine, path, "--json");
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        ...{ a: mine, b: path, same: false },
        differences: [{ key: "budget", a: "4000 steps", b: "2 steps" }],
      });
    }
    const table = await pickbench("experiment", "diff", mine, out);
    expect(table.stdout).toMatch(/^key {5}.*\nbudget {2}"4000 steps" .* "2 steps"$/m);
    expect((await pickbench("experiment", "diff", out, out)).stdout).toMatch(/ say the same\n$/);
  });

  test("of one run trains on it, and of two tunes on the second", async () => {
    mkdirSync(join(folder, "few"));
    const data = await tinyDataset(join(folder, "few"));
    const remove = (run: string) => {
      for (const part of ["static", "overlay"])
        rmSync(join(data, part, "ExperimentRuns", run), { recursive: true, force: true });
    };
    for (const [left, splits] of [
      [2, { train: "rest", tune: 1, holdout: 0 }],
      [1, { train: "rest", tune: 0, holdout: 0 }],
    ] as const) {
      for (const run of tinyRuns.slice(left)) remove(run);
      const path = join(folder, `${left}.yaml`);
      const made = await pickbench("experiment", "new", path, "--data", data, "--network", "plain");
      expect(made.code, made.stderr).toBe(0);
      expect(parse(readFileSync(path, "utf8"))).toMatchObject({ splits });
      const ran = await pickbench(
        ...[
          "run",
          path,
          "--data",
          data,
          "--out",
          join(folder, `run-${left}`),
          "--budget",
          "1 step",
          "--quiet",
        ],
        ...["--submissions", join(folder, "submissions"), "--threads", "1"],
      );
      expect(ran.code, ran.stderr).toBe(0);
    }
  });

  test("asks nobody in a pipe, and says what it needs", async () => {
    const piped = join(folder, "piped.yaml");
    expect(await pickbenchProcess("experiment", "new", piped)).toMatchObject({ code: 0, stderr: "" });
    for (const [args, message] of [
      [["show"], /show: needs a FILE/],
      [["diff", mine], /diff: needs two/],
      [["show", mine, out], /takes one FILE/],
      [["new", piped, "--set", "seed=1"], /--set belongs to experiment show/],
      [["diff", mine, folder], /no run is in this folder/],
      [["new", join(folder, "x.yaml"), "--data", join(folder, "none")], /no such file or folder/],
    ] as const) {
      const { code, stderr } = await pickbench("experiment", ...args);
      expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
      expect(stderr).toMatch(/^pickbench: [^\n]+\n$/);
    }
  });
});
