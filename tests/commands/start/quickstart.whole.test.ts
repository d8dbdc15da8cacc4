import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hashFile } from "../../../src/system/files.js";
import { type Ended, pickbench } from "../../support/commandLine.js";

const bin = fileURLToPath(new URL("../../../bin/pickbench.js", import.meta.url));
let folder: string;
let first: Ended;
const at = (...names: string[]) => join(folder, ...names);
const budget = ["--budget", "4 steps", "--threads", "1"];
const quickstart = (out: string, ...flags: string[]) =>
  pickbench("quickstart", "--out", at(out), ...budget, ...flags);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "quickstart-"));
  first = await quickstart("whole");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("it says what it does, how long that will take, and what to type next", () => {
  expect([first.code, first.code === 0 ? "" : first.stderr]).toEqual([0, ""]);
  const told = first.stderr;
  const places = [1, 2, 3, 4, 5].map((part) => told.indexOf(`${part} of 5: `));
  expect(places.every((place) => place >= 0)).toBe(true);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(told).toMatch(/trained on other simulated tomograms .* has seen none of these five/);
  const expected = told.search(
    /a training step takes \d+ ms here: about .* of training \(4 steps\), .* in all/,
  );
  expect(expected).toBeGreaterThan(0);
  expect(expected).toBeLessThan(told.indexOf("training: "));
  expect(first.stdout).toMatch(
    /time: simulate \d+ s, prepare \d+ s, measure \d+ s, train \d+ s, predict \d+ s, score \d+ s, report \d+ s;/,
  );
  expect(first.stdout).toContain("next, with your own tomograms");
  expect(told).not.toContain("the same name");
});

test("it leaves a report, and another can be made of its run without a word of where the data are", async () => {
  expect(readFileSync(at("whole", "report.html"), "utf8")).toContain("TS_Q5");
  const { code, stderr } = await pickbench("report", at("whole", "run"), "--quiet");
  expect([code, stderr]).toEqual([0, ""]);
  expect(existsSync(at("whole", "run", "report.html"))).toBe(true);
});

test("the steps that are measured change no byte of what is trained", async () => {
  const { code } = await pickbench(
    ...["train", "experiments/quickstart.yaml", "--data", at("whole", "phantoms"), "--out", at("plain")],
    ...[...budget, "--quiet"],
  );
  expect(code).toBe(0);
  expect(await hashFile(at("plain", "best.safetensors"))).toBe(
    await hashFile(at("whole", "run", "best.safetensors")),
  );
});

test("a second one says what stands there and changes nothing", async () => {
  const before = await hashFile(at("whole", "run", "record.json"));
  const { code, stderr } = await quickstart("whole");
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^pickbench: .*whole already holds a finished quickstart of seed 0 with score \d\.\d\d; pickbench report .*run shows it; give --overwrite to begin anew, or another --out\n$/,
  );
  expect(await hashFile(at("whole", "run", "record.json"))).toBe(before);
});

test("the same command goes on after Ctrl-C, to the same bytes; another seed is refused", async () => {
  const child = spawn(process.execPath, [bin, "quickstart", "--out", at("stopped"), ...budget]);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  while (child.exitCode === null && !existsSync(at("stopped", "run", "last.safetensors"))) await wait(20);
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  const other = await quickstart("stopped", "--seed", "1");
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('--seed 0 --budget "4 steps"')]);
  const again = await quickstart("stopped", "--json");
  expect([again.code, again.code === 0 ? "" : again.stderr]).toEqual([0, ""]);
  expect(again.stderr).toContain("are there already");
  const { durations, page } = JSON.parse(again.stdout) as { durations: object; page: string };
  expect(Object.keys(durations)).toEqual([
    ...["simulate", "prepare", "measure", "train", "predict", "score", "report"],
  ]);
  expect(existsSync(page)).toBe(true);
  for (const file of ["best.safetensors", "submission.csv"])
    expect(await hashFile(at("stopped", "run", file))).toBe(await hashFile(at("whole", "run", file)));
});
