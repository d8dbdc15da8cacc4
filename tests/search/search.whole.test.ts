import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRecord } from "../../src/domain/record.js";
import { search } from "../../src/search/search.js";
import type { SearchReport } from "../../src/search/searchReport.js";
import type { SearchOptions } from "../../src/search/settings.js";
import type { Trial } from "../../src/search/trial.js";
import { silentReporter } from "../../src/system/reporter.js";
import { trainOnly } from "../../src/train/run/runExperiment.js";
import { runFolder } from "../../src/train/run/runFolder.js";
import { tinyDataset, tinyExperiment, tinyRuns } from "../support/tinyRun.js";

const bin = fileURLToPath(new URL("../../bin/pickbench.js", import.meta.url));
const trials = 5;
let folder: string;
let data: string;
let experiment: string;
const at = (...parts: string[]) => join(folder, ...parts);
const tiny = {
  budget: "4 steps",
  checkpoint: { everySeconds: 0 },
  picking: { method: "peaks", thresholds: [0.05, 0.2], minSpacing: 0.2 },
  search: {
    "optimiser.rate": { log: [1e-3, 1e-1] },
    "loss.0.backgroundWeight": { choice: [0.05, 0.2] },
    "target.fraction": { range: [0.4, 0.9] },
  },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "search-"));
  data = await tinyDataset(folder);
  experiment = await tinyExperiment(at("tiny.yaml"), tiny);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const optionsOf = (out: string, changes: Partial<SearchOptions> = {}): SearchOptions => ({
  experiment,
  data,
  trials,
  budget: undefined,
  trialBudget: undefined,
  out: at(out),
  seed: 0,
  method: "tpe",
  eta: 2,
  resume: false,
  engine: undefined,
  threads: 1,
  tellsBest: false,
  reporter: silentReporter,
  ...changes,
});

function started(out: string, ...flags: string[]): ChildProcess {
  const args = ["search", experiment, "--data", data, "--out", at(out), "--trials", String(trials)];
  return spawn(process.execPath, [bin, ...args, "--eta", "2", "--threads", "1", ...flags], {
    stdio: ["ignore", "ignore", "pipe"],
  });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = "";
  child.stderr!.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stderr })));
}

const untimed = ({ seconds: _, ...trial }: Trial) => trial;
const untimedReport = ({ trials: all, ...report }: SearchReport) => ({ ...report, trials: all.map(untimed) });
const reportAt = async (out: string): Promise<SearchReport> =>
  JSON.parse(await readFile(at(out, "search.json"), "utf8")) as SearchReport;

describe("a search", () => {
  let whole: SearchReport;
  beforeAll(async () => {
    whole = await search(optionsOf("whole"));
  });

  it("leaves a run a trial, says what became of each, and chooses the highest of the completed", async () => {
    expect(whole.trials.map(({ trial }) => trial)).toEqual(Array.from({ length: trials }, (_, i) => i));
    const states = new Set(whole.trials.map(({ state }) => state));
    expect(states).toEqual(new Set(["completed", "stopped"]));
    for (const { trial, state, rungs, score, steps } of whole.trials) {
      const run = runFolder(at("whole", "trials", String(trial).padStart(3, "0")));
      const { result, name } = await readRecord(run.record);
      expect(name).toBe(`tiny-trial-00${trial}`);
      const stoppedAt = state === "stopped" ? [1, 2][rungs.length - 1]! : undefined;
      expect(steps).toBe(stoppedAt ?? 4);
      expect(result!.metrics.endedAtStep).toBe(stoppedAt);
      expect(existsSync(run.best)).toBe(state === "completed");
      expect(score).toBe(state === "completed" ? result!.metrics.tuneScore : rungs.at(-1));
    }
    const scores = whole.trials.filter(({ state }) => state === "completed").map(({ score }) => score!);
    expect(whole.best!.score).toBe(Math.max(...scores));
    const plots = await readdir(at("whole", "plots"));
    expect(plots.toSorted()).toEqual(
      Object.keys(tiny.search)
        .sort()
        .map((path) => `${path}.svg`),
    );
    expect(await readFile(at("whole", "plots", "optimiser.rate.svg"), "utf8")).toMatch(/^<svg.*<\/svg>$/s);
  });

  it("scores the held-out run for the chosen trial alone", async () => {
    expect(whole.holdout).toMatchObject({ trial: whole.best!.trial, score: expect.any(Number) });
    expect(whole.heldOutSeen).toEqual([whole.best!.trial]);
    for (const { trial } of whole.trials)
      expect(existsSync(at("whole", "trials", `00${trial}`, "report.json"))).toBe(
        trial === whole.best!.trial,
      );
  });

  it("leaves an experiment that, run alone, learns the same", async () => {
    const options = { experiment: at("whole", "best.yaml"), data, threads: 1, resume: false };
    expect((await trainOnly(runFolder(at("best")), options)).tuneScore).toBe(whole.best!.score);
  });

  it("is the same after kill -9 at two moments, and without its search.json", async () => {
    for (const [i, trial] of [1, 3].entries()) {
      const child = started("killed");
      const end = ended(child);
      const log = at("killed", "trials", `00${trial}`, "log.jsonl");
      while (child.exitCode === null && !(existsSync(log) && (await readFile(log, "utf8")) !== ""))
        await wait(5);
      child.kill("SIGSTOP");
      if (i === 0) expect(await ended(started("killed", "--resume"))).toMatchObject({ code: 1 });
      child.kill("SIGKILL");
      expect((await end).code).toBeNull();
    }
    await rm(at("killed", "search.json"));
    expect((await ended(started("killed"))).code).toBe(0);
    expect(untimedReport(await reportAt("killed"))).toEqual(untimedReport(await reportAt("whole")));
    for (const { trial, state } of whole.trials)
      for (const file of state === "completed"
        ? ["best.safetensors", "last.safetensors"]
        : ["last.safetensors"]) {
        const [got, wanted] = await Promise.all(
          ["killed", "whole"].map((out) => readFile(at(out, "trials", `00${trial}`, file))),
        );
        expect(got!.equals(wanted!), `trial ${trial}, ${file}`).toBe(true);
      }
  });

  it("sees nothing of the held-out truth before it has chosen", async () => {
    const poisoned = at("poisoned");
    await cp(data, poisoned, { recursive: true });
    const picks = join(poisoned, "overlay", "ExperimentRuns", tinyRuns[3]!, "Picks");
    await cp(join(picks, "apo-ferritin.json"), at("kept.json"));
    const swapped = JSON.parse(await readFile(at("kept.json"), "utf8")) as {
      points: { location: { x: number } }[];
    };
    for (const { location } of swapped.points) location.x = 640 - location.x;
    await writeFile(join(picks, "apo-ferritin.json"), JSON.stringify(swapped));
    const seen = await search(optionsOf("blind", { data: poisoned, trials: 2 }));
    const same = ({ values, rungs, state, score }: Trial) => ({ values, rungs, state, score });
    expect(seen.trials.map(same)).toEqual(whole.trials.slice(0, 2).map(same));
    expect(seen.settings.dataHash).not.toBe(whole.settings.dataHash);
  });

  it("begins no trial after its budget, and goes on without one", async () => {
    const short = await search(optionsOf("short", { budget: "1 step" }));
    const steps = short.trials.map((trial) => trial.steps);
    expect(steps).toEqual([4]);
    const more = await search(optionsOf("short", { trials: 2 }));
    expect(more.trials.map(untimed)).toEqual(whole.trials.slice(0, 2).map(untimed));
  });

  it("is not begun over another, nor carried on with other settings", async () => {
    await expect(search(optionsOf("whole"))).rejects.toThrow(
      /already holds a finished search; give --overwrite/,
    );
    for (const change of [{ seed: 1 }, { method: "random" }, { eta: 3 }, { trialBudget: "5 steps" }] as const)
      await expect(search(optionsOf("whole", change))).rejects.toThrow(/other settings/);
  });
});

it("a trial whose loss is not finite has failed, and the search goes on", async () => {
  const wild = await tinyExperiment(at("wild.yaml"), {
    ...tiny,
    search: { "optimiser.rate": { choice: [1e30, 1e-2] } },
  });
  const { trials: tried, best } = await search(
    optionsOf("wild", { experiment: wild, trials: 2, seed: 3, method: "random" }),
  );
  for (const { values, state, why } of tried)
    if (values["optimiser.rate"] === 1e30) {
      expect(state).toBe("failed");
      expect(why).toMatch(/is NaN|loss became/);
    }
  expect(new Set(tried.map(({ values }) => values["optimiser.rate"])).size).toBe(2);
  expect(best!.values["optimiser.rate"]).toBe(1e-2);
});

it("an experiment is refused before anything is written, where it names no search or no run to tune on", async () => {
  const plain = await tinyExperiment(at("plain.yaml"), { budget: "4 steps" });
  await expect(search(optionsOf("none", { experiment: plain }))).rejects.toThrow(/search: got nothing/);
  const blind = await tinyExperiment(at("untuned.yaml"), { ...tiny, splits: { train: 3, holdout: 1 } });
  await expect(search(optionsOf("none", { experiment: blind }))).rejects.toThrow(/splits\.tune/);
  expect(existsSync(at("none"))).toBe(false);
});
