/** Workflows by the command line, with steps in processes of their own. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { pickbenchProcess } from "../../support/commandLine.js";
import { bin } from "../../support/writingCommands.js";

let folder: string;
const home = process.cwd();

const picks = (...rows: string[]) => ["id,experiment,particle_type,x,y,z", ...rows, ""].join("\n");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "workflow-"));
  process.chdir(folder);
  await writeFile("a.csv", picks("0,TS_1,ribosome,500,600,700", "1,TS_1,ribosome,1500,1600,700"));
  await writeFile("b.csv", picks("0,TS_1,ribosome,510,600,700"));
  await writeFile("w.yaml", workflow(""));
});

afterAll(async () => {
  process.chdir(home);
  await rm(folder, { recursive: true });
});

/** Two lists, each brought to another format, and their consensus, which is exported. */
const workflow = (change: string) => `
description: two lists become one
fields:
  first: { type: path }
  votes: { type: number, default: 1 }
steps:
  left:
    run: convert
    with: { from: "\${first}", to: left.star, to-format: relion4, spacing: 10${change} }
  right:
    run: convert
    with: { from: b.csv, to: right.star, to-format: relion4, spacing: 10 }
  fuse:
    run: fuse
    with: { picks: ["\${first}", b.csv], votes: "\${votes}", out: fused.csv }
  export:
    run: convert
    with: { from: "\${steps.fuse.out}", to: fused.star, to-format: relion4, spacing: 10 }
  score:
    run: score
    with: { submission: "\${steps.fuse.out}", truth: a.csv, json: true }
`;

const run = async (...args: string[]) => {
  const { stdout, stderr, code } = await pickbenchProcess("workflow", "run", "w.yaml", ...args);
  return { code, stderr, result: stdout.startsWith("{") ? JSON.parse(stdout) : undefined };
};
const names = (steps: readonly { readonly name: string }[]) => steps.map(({ name }) => name).sort();

describe("pickbench workflow", () => {
  test("does all steps, and then none", async () => {
    const first = await run("--set", "first=a.csv", "--json");
    expect(first.stderr).toBe("");
    expect(names(first.result.done)).toEqual(["export", "fuse", "left", "right", "score"]);
    expect(JSON.parse(await readFile("workflow-logs/w/score.out", "utf8"))).toHaveProperty("score");
    for (const output of ["left.star", "fused.csv", "fused.star", "workflow-logs/w/score.out"])
      expect(existsSync(`${output}.made.json`)).toBe(true);
    const again = await run("--set", "first=a.csv", "--json");
    expect(again.result).toMatchObject({ done: [], failed: [] });
    expect(again.result.skipped).toHaveLength(5);
  });

  test("changed in one step, does that and what depends on it", async () => {
    await writeFile("w.yaml", workflow(", box: 30"));
    const left = await run("--set", "first=a.csv", "--json");
    expect(names(left.result.done)).toEqual(["left"]);
    const votes = await run("--set", "first=a.csv", "--set", "votes=2", "--json");
    expect(names(votes.result.done)).toEqual(["export", "fuse", "score"]);
    expect(votes.result.skipped).toEqual(["left", "right"]);
  });

  test("shows what it would do, as text and as a drawing", async () => {
    const { stdout } = await pickbenchProcess(
      "workflow",
      "show",
      "w.yaml",
      "--set",
      "first=a.csv",
      "--svg",
      "w.svg",
    );
    expect(stdout).toContain("○ fuse");
    expect(stdout).toContain("--votes 1 was 2");
    expect(stdout).toMatch(/· export .*after fuse/);
    expect(await readFile("w.svg", "utf8")).toContain(">export</text>");
    const dry = await pickbenchProcess("workflow", "run", "w.yaml", "--set", "first=a.csv", "--dry-run");
    expect(dry.stdout).toContain("left: up to date\n");
    expect(dry.stdout).toContain("export: perhaps to be done, after fuse");
    const missing = await pickbenchProcess("workflow", "show", "w.yaml");
    expect(missing.stdout).toContain("fields without a value: first");
    const refused = await run();
    expect([refused.code, refused.stderr]).toEqual([
      1,
      "pickbench: w.yaml: the field first has no value (path); give --set first=…; docs/workflows.md explains every key\n",
    ]);
  });

  test("names the step that failed, what it said and its log, and goes on", async () => {
    await writeFile("broken.csv", "id,experiment\n0,TS_1\n");
    const failed = await run("--set", "first=broken.csv", "--quiet");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/the step \w+ failed.*broken\.csv.*its log is workflow-logs\/w\/\w+\.log/s);
    const mended = await run("--set", "first=a.csv", "--json");
    expect(mended.code).toBe(0);
  });

  test("is stopped by Ctrl-C where its steps can go on, and goes on", async () => {
    await writeFile(
      "long.yaml",
      `steps:
  one: { run: simulate, with: { out: phantoms, count: 40, size: "40,64,64", seed: 1 } }
  two: { run: inspect, with: { data: "\${steps.one.out}" } }
`,
    );
    const child = spawn(process.execPath, [bin, "workflow", "run", "long.yaml"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (text: Buffer) => {
      said += text;
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    await vi.waitFor(() => expect(said).toMatch(/one: begins/), { timeout: 600_000 });
    await wait(1500);
    child.kill("SIGINT");
    const code = await ended;
    expect(said).toMatch(/stopped with 0 of 2 steps done; the same command goes on from there/);
    expect(code).toBe(130);
    expect(existsSync("phantoms.made.json")).toBe(false);
    const text = (await readFile("long.yaml", "utf8")).replace("count: 40", "count: 1");
    await writeFile("long.yaml", text);
    const { stdout, stderr } = await pickbenchProcess("workflow", "run", "long.yaml", "--json");
    expect(stderr).toBe("");
    expect(names(JSON.parse(stdout).done)).toEqual(["one", "two"]);
  });

  test("writes templates, and lists them", async () => {
    const { stdout } = await pickbenchProcess("workflow", "new", "--json");
    expect(JSON.parse(stdout).templates.map(({ name }: { name: string }) => name)).toContain("challenge");
    await pickbenchProcess("workflow", "new", "matching", "--out", "mine.yaml");
    const twice = await pickbenchProcess("workflow", "new", "matching", "--out", "mine.yaml");
    expect(twice.stderr).toContain("mine.yaml exists already; give --overwrite");
    const stray = await pickbenchProcess("workflow", "new", "matching", "--set", "a=b");
    expect(stray.stderr).toContain("--set belongs to workflow run and show; leave it out");
  });
});
