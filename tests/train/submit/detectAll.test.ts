import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../../src/data/model.js";
import { randomFor } from "../../../src/domain/random.js";
import type { ProbabilityMaps } from "../../../src/infer/predict/probabilityMaps.js";
import { PickbenchError } from "../../../src/system/errors.js";
import { type DetectHooks, detectAll } from "../../../src/train/submit/detectAll.js";
import type { Detector } from "../../../src/train/submit/detector.js";
import { volumeFrom } from "../../support/pickingFixtures.js";

const dataset = {} as Dataset;
const runs = Array.from({ length: 7 }, (_, i) => `run${i}`);
const bad = (what: string) => new PickbenchError("BadDataset", what);

/** A detector whose stages last random times; `events` tells when each began and ended. */
function fakeDetector(failing: Readonly<Record<string, "read" | "predict" | "pick">> = {}) {
  const events: string[] = [];
  const random = randomFor(3, "tests/detectAll", 0);
  const stage = async (name: "read" | "predict" | "pick", run: string) => {
    events.push(`${name} ${run}`);
    await wait(random.uniform() * 15);
    events.push(`${name} ${run} done`);
    if (failing[run] === name) throw bad(`${run} cannot be ${name}`);
  };
  const nameOf = new Map<unknown, string>();
  const detector: Pick<Detector, "read" | "predict" | "pick"> = {
    async read(_dataset, run) {
      await stage("read", run);
      const volume = volumeFrom([1, 1, 1], () => 0);
      nameOf.set(volume, run);
      return [volume];
    },
    async predict(views, onProgress) {
      const run = nameOf.get(views[0])!;
      onProgress?.(1, 2);
      await stage("predict", run);
      const maps = { types: [run] } as unknown as ProbabilityMaps;
      nameOf.set(maps, run);
      return maps;
    },
    async pick(maps) {
      await stage("pick", nameOf.get(maps)!);
      return [];
    },
  };
  return { detector: detector as Detector, events };
}

/** The most stages of one name that were under way at once, from its first event's begin to another's end. */
function mostAtOnce(events: readonly string[], from: string, to: string): number {
  let now = 0;
  let most = 0;
  for (const event of events) {
    const [stage, , done] = event.split(" ");
    if (stage === from && !done) now++;
    most = Math.max(most, now);
    if (stage === to && done) now--;
  }
  return most;
}

const hooks = (detected: string[], more: Partial<DetectHooks> = {}): DetectHooks => ({
  onProgress: () => undefined,
  async onDetected({ run }) {
    await wait(5);
    detected.push(run);
  },
  signal: new AbortController().signal,
  ...more,
});

describe("many runs", () => {
  it("are read one ahead, predicted one at a time and picked one at a time, in order", async () => {
    const { detector, events } = fakeDetector();
    const detected: string[] = [];
    await detectAll(detector, dataset, runs, hooks(detected));
    expect(detected).toEqual(runs);
    expect(mostAtOnce(events, "predict", "predict")).toBe(1);
    expect(mostAtOnce(events, "pick", "pick")).toBe(1);
    expect(mostAtOnce(events, "read", "predict")).toBe(2);
    for (const [i, run] of runs.slice(1).entries())
      expect(events.indexOf(`read ${run}`)).toBeLessThan(events.indexOf(`predict ${runs[i]} done`));
  });

  it("end at the first failure, what is in front of it picked", async () => {
    for (const stage of ["read", "predict", "pick"] as const) {
      const { detector, events } = fakeDetector({ run3: stage });
      const detected: string[] = [];
      const all = detectAll(detector, dataset, runs, hooks(detected));
      await expect(all).rejects.toThrow(`run3 cannot be ${stage}`);
      expect(detected).toEqual(["run0", "run1", "run2"]);
      expect(events).not.toContain("predict run5");
    }
  });

  it("go on where failures are heard, unless they are ours", async () => {
    const { detector } = fakeDetector({ run0: "read", run2: "predict", run3: "pick", run6: "read" });
    const detected: string[] = [];
    const failed: string[] = [];
    const onFailed = (run: string) => failed.push(run);
    await detectAll(detector, dataset, runs, hooks(detected, { onFailed }));
    expect([detected, failed.sort()]).toEqual([
      ["run1", "run4", "run5"],
      ["run0", "run2", "run3", "run6"],
    ]);
    const defect = { ...detector, pick: () => Promise.reject(new TypeError("a defect")) };
    await expect(detectAll(defect, dataset, runs, hooks([], { onFailed }))).rejects.toThrow("a defect");
  });

  it("stop at once when that is wished, what is picked finished first", async () => {
    const { detector, events } = fakeDetector();
    const stop = new AbortController();
    const never = { ...detector, predict: () => new Promise<never>(() => undefined) };
    const reason = new Error("enough");
    let predicted = 0;
    const predict: Detector["predict"] = (...given) => {
      if (predicted++ < 2) return detector.predict(...given);
      stop.abort(reason);
      return never.predict();
    };
    const detected: string[] = [];
    const all = detectAll({ ...detector, predict }, dataset, runs, hooks(detected, { signal: stop.signal }));
    await expect(all).rejects.toBe(reason);
    expect(detected).toEqual(["run0", "run1"]);
    expect(events.at(-1)).not.toMatch(/^pick \S+$/);
  });
});
