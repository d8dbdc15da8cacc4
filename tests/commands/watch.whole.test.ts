import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { groupRuns } from "../../src/system/processGroup.js";
import { readDone } from "../../src/watch/task.js";
import { mrcBytes } from "../support/arrivingTomograms.js";
import { temporaryFolder } from "../support/storeFixtures.js";

const bin = fileURLToPath(new URL("../../bin/pickbench.js", import.meta.url));

const workflow = `
fields:
  run: { type: string }
  tomogram: { type: path }
  out: { type: path }
  spacing: { type: number, default: 10 }
steps:
  store:
    run: volume
    with: { from: "\${tomogram}", to: "\${out}/\${run}.zarr", spacing: "\${spacing}" }
  look:
    run: inspect
    with: { data: "\${steps.store.to}", json: true }
    prints: "\${out}/inspect.json"
`;

function scene() {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "in"));
  writeFileSync(join(folder, "mine.yaml"), workflow);
  const begin = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [bin, "watch", "in", "--out", "out", ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
  return {
    ...{ folder, out: join(folder, "out"), begin },
    arrive: (name: string, bytes: Uint8Array = mrcBytes([16, 16, 16])) =>
      writeFileSync(join(folder, "in", name), bytes),
    async watch(...args: string[]) {
      return over(begin(...args));
    },
  };
}

async function over(child: ChildProcess) {
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream]!.on("data", (text: Buffer) => {
      said[stream] += text;
    });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, ...said };
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await wait(20);
}

const looking = ["--do", "mine.yaml", "--every", "0.3s"];
const soon = [...looking, "--idle", "2s"];

test("a workflow is done on each tomogram, whatever its name, and what fails is set aside with what its step said", async () => {
  const { out, arrive, watch } = scene();
  arrive("TS_1.mrc");
  arrive(`it's "TS" 2.mrc`);
  const bad = mrcBytes([16, 16, 16]);
  bad.writeFloatLE(Number.NaN, 2000);
  arrive("TS_3.mrc", bad);
  const end = await watch(...soon, "--tries", "1");
  expect(end.stderr).toMatch(/TS_3: failed, set aside after 1 attempt: .*step store failed.*NaN/);
  expect(end.code).toBe(1);
  for (const run of ["TS_1", `it's "TS" 2`])
    expect(await readDone(join(out, run))).toMatchObject({ run, done: ["store", "look"] });
  expect(readFileSync(join(out, "watch.html"), "utf8")).toContain("<dt>set aside</dt><dd>1</dd>");

  const status = await watch("--status", "--json");
  expect(JSON.parse(status.stdout)).toMatchObject({
    ...{ watching: null, counts: { done: 2, aside: 1, arriving: 0, waiting: 0, running: 0, failed: 0 } },
    failed: [
      { run: "TS_3", state: "aside", failures: 1, nextTry: null, reason: expect.stringContaining("NaN") },
    ],
  });
  expect((await watch("--status")).stdout).toContain("2 done");

  expect((await watch("--retry", "TS_9")).stderr).toContain(
    "no such run failed or was set aside; there is TS_3",
  );
  expect((await watch("--retry", "failed")).stdout).toContain("tried again at the watcher's next look: TS_3");
  const take = await watch("--take", "TS_3");
  expect([take.code, take.stderr]).toEqual([1, expect.stringContaining("NaN")]);
  const again = await watch(...soon, "--tries", "1");
  expect(again.stderr).toMatch(/TS_3: failed, set aside/);
  expect(again.stderr).not.toMatch(/TS_1: done/);
});

test("killed with all its processes between two steps, it goes on with the second", async () => {
  const { out, arrive, begin, watch } = scene();
  arrive("TS_1.mrc");
  const child = begin(...soon);
  await until(() => existsSync(join(out, "TS_1", "begun.json")));
  const task = JSON.parse(readFileSync(join(out, "TS_1", "begun.json"), "utf8"));
  await until(() => existsSync(join(out, "TS_1", "TS_1.zarr.made.json")));
  process.kill(-task.pid, "SIGKILL");
  child.kill("SIGKILL");
  await until(() => !groupRuns(task));
  expect(existsSync(join(out, "TS_1", "done.json"))).toBe(false);
  expect((await watch(...soon)).code).toBe(0);
  expect(await readDone(join(out, "TS_1"))).toMatchObject({ attempt: 2, skipped: ["store"], done: ["look"] });
});

test("two watchers of one ledger are refused, and Ctrl-C stops the one that runs", async () => {
  const { out, begin, watch, arrive } = scene();
  const first = begin(...looking, "--idle=never");
  const end = over(first);
  await until(() => existsSync(join(out, "watch.html")));
  expect(await watch(...soon)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("is running there"),
  });
  arrive("TS_1.mrc");
  await until(() => existsSync(join(out, "TS_1", "begun.json")));
  first.kill("SIGINT");
  const { code, stderr } = await end;
  expect([code, stderr]).toEqual([130, expect.stringContaining("the same command goes on")]);
  const { counts } = JSON.parse((await watch("--status", "--json")).stdout);
  expect(counts).toMatchObject({ running: 0, failed: 0, aside: 0 });
  expect((await watch(...soon)).code).toBe(0);
  expect(existsSync(join(out, "TS_1", "done.json"))).toBe(true);
});

test("a workflow that follows is done once all is done, in its own folder", async () => {
  const { folder, out, arrive, watch } = scene();
  arrive("TS_1.mrc");
  const then = `
fields:
  data: { type: path }
  out: { type: path }
steps:
  look:
    run: inspect
    with: { data: "\${data}", quick: true, json: true }
    prints: "\${out}/all.json"
`;
  writeFileSync(join(folder, "then.yaml"), then);
  expect((await watch(...soon, "--then", "then.yaml", "--set", "spacing=8")).code).toBe(0);
  expect(JSON.parse(readFileSync(join(out, "then", "all.json"), "utf8")).runs).toHaveLength(1);
});

test("--dry-run says what would be done and writes nothing", async () => {
  const { out, arrive, watch } = scene();
  arrive("TS_1.mrc");
  arrive("TS_2.mrc", mrcBytes([16, 16, 16]).subarray(0, 2000));
  const { code, stdout } = await watch(...soon, "--dry-run");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^TS_1: would be taken\nTS_2: .*the file has 2000/);
  expect(existsSync(out)).toBe(false);
});

test.each<[string, readonly string[], string]>([
  ["no workflow", [], "needs --do"],
  ["a time that is none", [...looking, "--idle=soon"], '--idle is "soon"'],
  ["a field that the watcher gives", [...soon, "--set", "run=a"], "--set run"],
  ["a field that there is not", [...soon, "--set", "spacin=3"], "did you mean spacing"],
])("%s is refused in one sentence", async (_, args, words) => {
  const { watch } = scene();
  const { code, stderr } = await watch(...args);
  expect([code, stderr.split("\n").length]).toEqual([1, 2]);
  expect(stderr).toContain(words);
});

test("a workflow whose outputs would lie in one place is refused", async () => {
  const { folder, watch } = scene();
  writeFileSync(join(folder, "mine.yaml"), workflow.replace("out: { type: path }", "out: { type: string }"));
  expect((await watch(...soon)).stderr).toContain("has no field out of type path");
  renameSync(join(folder, "mine.yaml"), join(folder, "in", "mine.yaml"));
  symlinkSync(join(folder, "in"), join(folder, "out"));
  expect((await watch("--do", "in/mine.yaml")).stderr).toContain("lie in one another");
  rmSync(join(folder, "in"), { recursive: true });
  expect((await watch(...soon)).stderr).toContain("cannot be watched (it does not exist)");
});
