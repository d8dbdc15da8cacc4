/** The bench of cards on machines without any: with the CPU alone, with a stand-in for nvidia-smi, and on a software device. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { measureApart } from "../../../src/bench/card/scene.js";
import type { BenchRow } from "../../../src/bench/measured.js";
import { processFacts } from "../../../src/system/owner.js";
import { pickbenchProcess } from "../../support/commandLine.js";
import { standInSmi, twoCards } from "../../support/engines/smi.js";
import { vulkanDriver } from "../../support/engines/softwareVulkan.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pickbench-card-"));
});
afterAll(() => rm(folder, { recursive: true }));

const small = ["--size", "8", "--net", "plain", "--volume", "40,64,64", "--threads", "1", "--steps", "1"];
const noVulkan = { VK_ICD_FILENAMES: "/nonexistent.json", VK_DRIVER_FILES: "/nonexistent.json" };
const child = (args: readonly string[], env: NodeJS.ProcessEnv) =>
  spawn(process.execPath, ["bin/pickbench.js", "bench", "card", ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });

/** Runs the bench; `until`, seen on standard error, has it asked to stop. */
async function bench(args: readonly string[], env: NodeJS.ProcessEnv, until?: RegExp) {
  const started = child(args, env);
  let [stdout, stderr, isAsked] = ["", "", false];
  started.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  started.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (!isAsked && until?.test(stderr)) {
      isAsked = true;
      started.kill("SIGINT");
    }
  });
  const code = await new Promise((resolve) => started.once("close", resolve));
  return { code, stdout, stderr };
}

test("steps, a tomogram and a run on the engine that starts; a sentence on each other; the card by nvidia-smi", async () => {
  const PATH = await standInSmi(folder, twoCards);
  const history = join(folder, "history.jsonl");
  const { code, stdout, stderr } = await bench(
    [...small, "--limit", "20m", "--no-peers", "--json", "--history", history],
    { ...noVulkan, PATH },
  );
  expect(stderr).toMatch(
    /^card: onnx-webgpu is left out: [^\n]*VK_DRIVER_FILES names the driver \/nonexistent\.json/m,
  );
  expect(stderr).toMatch(/^card: onnx-cuda is left out: /m);
  expect(stderr).toMatch(/^card: \d+\/1200 s, .* left, onnx-cpu, /m);
  expect(code).toBe(0);
  const { rows } = JSON.parse(stdout) as { rows: BenchRow[] };
  expect(rows.map(({ part, what, engine, failed }) => [part, what, engine, failed])).toEqual([
    ["card", "network", "onnx-cpu", null],
    ["card", "submit", "onnx-cpu", null],
    ["card", "run", "onnx-cpu", null],
  ]);
  const [network, submit, run] = rows;
  expect(Number(network!.train_ms)).toBeGreaterThan(0);
  expect(Number(network!.infer_ms)).toBeGreaterThan(0);
  expect(submit).toMatchObject({ net: "baseline", tomogram: expect.stringMatching(/^\d+×\d+×\d+$/) });
  expect(run).toMatchObject({ steps: 40, net: "plain", size: 8 });
  expect(Number(run!.run_train_s)).toBeGreaterThan(0);
  const kept = (await readFile(history, "utf8")).trim().split("\n");
  expect(kept.map((line) => (JSON.parse(line) as { rows: unknown[] }).rows.length)).toEqual([3]);
});

test("Ctrl-C ends what is under way and keeps what was measured", async () => {
  const history = join(folder, "stopped.jsonl");
  const { code, stderr } = await bench(
    [...small, "--limit", "20m", "--no-peers", "--history", history],
    noVulkan,
    /onnx-cpu, submit|onnx-cpu, run/,
  );
  expect(code).toBe(130);
  expect(stderr).toMatch(/stopped; the \d rows measured so far are kept/);
  const [entry] = (await readFile(history, "utf8")).trim().split("\n");
  const { rows } = JSON.parse(entry!) as { rows: BenchRow[] };
  expect(rows[0]).toMatchObject({ what: "network", engine: "onnx-cpu", failed: null });
  expect(rows.find(({ what }) => what === "run")).toBeUndefined();
});

test.skipIf(!vulkanDriver())("on a software device the card's engine is measured first", async () => {
  const { code, stdout, stderr } = await bench(
    [...small, "--limit", "20m", "--no-peers", "--no-history", "--json"],
    {},
    /onnx-webgpu, submit/,
  );
  expect(code, stderr).toBe(130);
  const { rows } = JSON.parse(stdout) as { rows: BenchRow[] };
  expect(rows[0]).toMatchObject({ what: "network", engine: "onnx-webgpu" });
  expect(Number(rows[0]!.infer_ms)).toBeGreaterThan(0);
});

test("the bench of everything leaves it out; a limit that is none is the user's mistake", async () => {
  const { code, stderr } = await pickbenchProcess("bench", "card", "--limit", "soon");
  expect(code).toBe(1);
  expect(stderr).toMatch(/--limit is "soon", wanted at least 10 s/);
  const { parts } = await import("../../../src/bench/parts.js");
  expect(Object.keys(parts).filter((name) => parts[name]!.isNamed)).toEqual(["growth", "card"]);
});

test("a measurement apart fails with the engine's own sentence, and ends at once where it is told to", async () => {
  const job = {
    ...({ engine: "onnx-cpu", net: "plain", outputs: 2, size: 8, threads: 1, work: "train" } as const),
    ...{ runs: 1, enoughMs: 10 },
  };
  await expect(measureApart({ ...job, net: "plane" }, new AbortController().signal)).rejects.toThrow(/plane/);
  const over = new AbortController();
  const measuring = measureApart({ ...job, size: 96, runs: 1000, enoughMs: 1e9 }, over.signal);
  setTimeout(() => over.abort(new Error("its time is over")), 1500);
  await expect(measuring).rejects.toThrow("its time is over");
  await expect(measureApart({ ...job, size: 96, runs: 1000, enoughMs: 1e9 }, over.signal)).rejects.toThrow(
    "its time is over",
  );
});

const built = (path: string): string => JSON.stringify(pathToFileURL(resolve("dist", path)).href);

test.skipIf(process.platform !== "linux").each([
  [
    "a measurement apart",
    () => `
      import { measureApart } from ${built("bench/card/scene.js")};
      const job = { engine: "onnx-cpu", net: "plain", outputs: 2, size: 96, threads: 1, work: "train" };
      measureApart({ ...job, runs: 1000, enoughMs: 1e9 }, new AbortController().signal);`,
  ],
  [
    "a command that is measured",
    () => `
      import { runMeasured } from ${built("bench/submitProcess.js")};
      import { silentReporter } from ${built("system/reporter.js")};
      const out = ${JSON.stringify(join(folder, "phantoms"))};
      runMeasured("simulate", ["--out", out, "--count", "1000", "--quiet"], silentReporter);`,
  ],
])("%s ends where its parent is killed", async (_, code) => {
  const script = join(folder, "parent.mjs");
  await writeFile(script, code());
  const parent = spawn(process.execPath, [script], { stdio: "inherit" });
  const file = `/proc/${parent.pid}/task/${parent.pid}/children`;
  const child = await vi.waitFor(async () => childIn(await readFile(file, "utf8")), { timeout: 120_000 });
  const isAlive = () => processFacts(child)?.isAlive === true;
  await pause(2000);
  expect(isAlive()).toBe(true);
  parent.kill("SIGKILL");
  await vi.waitFor(() => expect(isAlive()).toBe(false), { timeout: 120_000, interval: 100 });
});

function childIn(text: string): number {
  if (text === "") throw new Error("there is no child yet");
  return Number(text.trim().split(" ")[0]);
}
