import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import type { Dataset } from "../../../src/data/model.js";
import type { PredictNetwork } from "../../../src/infer/predict/predictor.js";
import { hashFile } from "../../../src/system/files.js";
import { silentReporter } from "../../../src/system/reporter.js";
import { readCheckpoint, writeCheckpoint } from "../../../src/train/checkpoint/checkpoint.js";
import { type EnsembleRequest, makeEnsemble } from "../../../src/train/ensemble/makeEnsemble.js";
import { trainOnly } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { openDetector } from "../../../src/train/submit/detector.js";
import { pickbench } from "../../support/commandLine.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { allowTiny, evaluatedTwice, tinyCode, tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

let folder: string;
let data: string;
let dataset: Dataset;
const at = (...parts: string[]) => join(folder, ...parts);
const first = () => at("run", "snapshots", "all-0000006.safetensors");
const second = () => at("run", "snapshots", "all-0000012.safetensors");
/** One type alone, on other networks. */
const third = () => at("other", "best.safetensors");

async function train(name: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
  const experiment = await tinyExperiment(at(`${name}.yaml`), changes);
  const options = { experiment, data, seed: 0, resume: false, threads: 1 };
  await trainOnly(runFolder(at(name)), options);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ensemble-"));
  data = await tinyDataset(folder);
  dataset = await openDataset(data);
  await Promise.all([
    train("run", { evaluate: evaluatedTwice, checkpoint: { keep: true } }),
    train("other", { types: ["ribosome"], budget: "8 steps" }),
  ]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** TS_S3 is the tune run of all members, TS_S4 that of the ensemble. */
const make = (name: string, paths: readonly string[], changes: Partial<EnsembleRequest> = {}) =>
  makeEnsemble({
    paths,
    dataset,
    tune: ["TS_S4"],
    out: at(name),
    average: "probabilities",
    choice: "all",
    testTime: undefined,
    engine: "onnx-cpu",
    threads: 1,
    reporter: silentReporter,
    allowCode: [tinyCode(folder)],
    ...changes,
  });

const members = new Map<string, Promise<Map<string, Float32Array>>>();

/** What a member sees, which stays as it is while ensembles are made of it. */
function seenBy(member: string): Promise<Map<string, Float32Array>> {
  const found = members.get(member) ?? seen([member]);
  members.set(member, found);
  return found;
}

/** The probabilities that a detector sees in the last run, by type. */
async function seen(paths: readonly string[]): Promise<Map<string, Float32Array>> {
  const detector = await openDetector(paths, {
    engine: "onnx-cpu",
    threads: 1,
    allowCode: [tinyCode(folder)],
  });
  try {
    const values = new Map<string, Float32Array>();
    const plane = 64 * 64;
    await detector.predictor.predict(await detector.read(dataset, "TS_S4"), ({ zStart, values: slab }) => {
      for (const [type, from] of slab) {
        const whole = values.get(type) ?? new Float32Array(40 * plane);
        whole.set(from, zStart * plane);
        values.set(type, whole);
      }
    });
    return values;
  } finally {
    await detector.close();
  }
}

const read = (path: string) => readCheckpoint(path, { allowCode: [tinyCode(folder)] });

const apart = (a: Float32Array, b: (i: number) => number): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b(i))), 0);

describe("an ensemble", () => {
  it.each(["probabilities", "logits", "weights"] as const)(
    "of one member, given twice too, is that member in every bit: %s",
    async (average) => {
      const made = await make("one.safetensors", [first(), first()], { average, tune: ["TS_S3"] });
      const [one, member] = await Promise.all([read(at("one.safetensors")), read(first())]);
      expect(one.networks).toEqual(member.networks);
      expect(one.picking).toEqual(member.picking);
      expect(one.tuneScore).toBe(member.tuneScore);
      expect(made.members).toEqual([
        {
          sha256: await hashFile(first()),
          experiment: "tiny",
          weight: 1,
          score: member.tuneScore,
          trainedOn: ["TS_S1", "TS_S2"],
        },
      ]);
      if (average === "logits") expect(await seen([at("one.safetensors")])).toEqual(await seenBy(first()));
      expect(existsSync(at("one.safetensors.parts"))).toBe(false);
    },
  );

  it("of probabilities is what the same checkpoints are together, with thresholds of its own", async () => {
    const made = await make("mean.safetensors", [first(), second(), third()]);
    expect(made.members.map(({ weight }) => weight)).toEqual([1 / 3, 1 / 3, 1 / 3]);
    expect(made.warnings).toEqual([]);
    const [joined, given] = [await seen([at("mean.safetensors")]), await seen([first(), second(), third()])];
    for (const [type, values] of joined)
      expect(
        apart(values, (i) => given.get(type)![i]!),
        type,
      ).toBeLessThan(1.01 / 65535);
  });

  it("of logits is the normalised geometric mean; a type that one member predicts is that member's", async () => {
    await make("logits.safetensors", [first(), second()], { average: "logits" });
    const [a, b, joined] = [
      await seenBy(first()),
      await seenBy(second()),
      await seen([at("logits.safetensors")]),
    ];
    const types = ["apo-ferritin", "ribosome"];
    const none = (maps: typeof a, i: number) => 1 - types.reduce((sum, type) => sum + maps.get(type)![i]!, 0);
    const root = (of: (maps: typeof a) => number) => Math.sqrt(of(a) * of(b));
    for (const type of types) {
      const wanted = (i: number) => {
        const roots = [
          ...types.map((each) => root((maps) => maps.get(each)![i]!)),
          root((maps) => none(maps, i)),
        ];
        return roots[types.indexOf(type)]! / roots.reduce((x, y) => x + y);
      };
      // Within what rounding the members to 1/65535 leaves of the smallest probabilities.
      expect(apart(joined.get(type)!, wanted), type).toBeLessThan(2e-4);
      expect(apart(a.get(type)!, (i) => b.get(type)![i]!)).toBeGreaterThan(0.01);
    }
  });

  it("of weights is one network, the mean of each tensor", async () => {
    await make("soup.safetensors", [first(), second()], { average: "weights" });
    const [soup, a, b] = await Promise.all(
      [at("soup.safetensors"), first(), second()].map((each) => read(each)),
    );
    expect(soup!.networks).toHaveLength(1);
    const weights = [soup, a, b].map((each) => (each!.networks[0] as PredictNetwork).weights);
    for (const [name, mean] of weights[0]!) {
      const [x, y] = [weights[1]!.get(name)!, weights[2]!.get(name)!];
      expect(mean, name).toEqual(Float32Array.from(x, (value, i) => (value + y[i]!) / 2));
    }
  });

  it.each(["logits", "weights"] as const)(
    "that was chosen greedily is no worse than its best member on the tune runs: %s",
    async (average) => {
      const out = `greedy-${average}.safetensors`;
      const made = await make(out, [first(), second()], { average, choice: "greedy" });
      expect(made.score).toBeGreaterThanOrEqual(Math.max(...made.members.map(({ score }) => score)));
      expect((await read(at(out))).tuneScore).toBe(made.score);
    },
  );

  it("that was fitted has weights that add up to 1, and predicts with them", async () => {
    const made = await make("fit.safetensors", [first(), third()], { choice: "fit" });
    const [x, y] = made.members.map(({ weight }) => weight) as [number, number];
    expect(x + y).toBeCloseTo(1, 12);
    const [a, b, joined] = [
      await seenBy(first()),
      await seenBy(third()),
      await seen([at("fit.safetensors")]),
    ];
    const ribosome = (maps: typeof a, i: number) => maps.get("ribosome")![i]!;
    const mean = (i: number) => x * ribosome(a, i) + y * ribosome(b, i);
    expect(apart(joined.get("ribosome")!, mean)).toBeLessThan(2 / 65535);
    expect(joined.get("apo-ferritin")).toEqual(a.get("apo-ferritin"));
  });

  it("stopped goes on where it was, and ends in the same bytes", async () => {
    const members = [first(), second()];
    await make("whole.safetensors", members, { choice: "greedy" });
    let heard = 0;
    const reporter = hearingReporter((stop) => ++heard === members.length && stop());
    const stopped = make("stopped.safetensors", members, { choice: "greedy", reporter });
    await expect(stopped).rejects.toMatchObject({ tag: "Stopped" });
    expect(reporter.updates.at(-1)).toBe("scoring members 2/2 members");
    expect(existsSync(at("stopped.safetensors"))).toBe(false);
    expect(existsSync(at("stopped.safetensors.parts"))).toBe(true);
    await make("stopped.safetensors", members, { choice: "greedy" });
    const [whole, resumed] = await Promise.all(
      ["whole", "stopped"].map((name) => readFile(at(`${name}.safetensors`))),
    );
    expect(resumed!.equals(whole!)).toBe(true);
    expect(existsSync(at("stopped.safetensors.parts"))).toBe(false);
  });

  it("refuses what has no mean", async () => {
    await expect(make("bad", [first(), third()], { average: "weights" })).rejects.toThrow(
      /best\.safetensors: its networks \(two-layers .*\) are not those of .*; average probabilities instead$/,
    );
    const coarse = await read(first());
    await writeCheckpoint(at("coarse.safetensors"), ["all"], { ...coarse, spacing: 20 });
    await expect(make("bad", [first(), at("coarse.safetensors")])).rejects.toThrow(/of one spacing$/);
    const data = { ...coarse.experiment.data, tomogram: "wbp" };
    await writeCheckpoint(at("wbp.safetensors"), ["all"], {
      ...coarse,
      experiment: { ...coarse.experiment, data },
    });
    await expect(make("bad", [first(), at("wbp.safetensors")])).rejects.toThrow(/data\.tomogram is "wbp"/);
    await expect(make("bad", [at("logits.safetensors"), first()])).rejects.toThrow(/give --average logits/);
    await expect(
      openDetector([at("logits.safetensors"), first()], {
        engine: "onnx-cpu",
        threads: 1,
        allowCode: [tinyCode(folder)],
      }),
    ).rejects.toThrow(/averages its networks' logits/);
  });

  it("says which members have seen a tune run, and which may have", async () => {
    await cp(second(), at("alone.safetensors"));
    const { warnings } = await make("warned.safetensors", [first(), at("alone.safetensors")], {
      tune: ["TS_S1"],
    });
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/all-0000006\.safetensors: was trained on TS_S1/);
    expect(warnings[1]).toMatch(/alone\.safetensors: which runs it was trained on is not known/);
    const nested = await make("nested.safetensors", [at("mean.safetensors")], { tune: ["TS_S2"] });
    expect(nested.warnings[0]).toMatch(/was trained on TS_S2/);
  });
});

describe("pickbench ensemble", () => {
  it("prints members, weights and tune scores, and writes what every other command takes", async () => {
    const out = at("told.safetensors");
    const common = ["--data", data, "--threads", "1", ...allowTiny(folder)];
    const flags = ["--tune", "TS_S4", "--tta", "halfTurn", "--out", out];
    const told = await pickbench("ensemble", first(), second(), ...common, ...flags);
    expect(told.code, told.stderr).toBe(0);
    expect(told.stdout).toMatch(/member +experiment +weight +F4\n/);
    expect(told.stdout).toMatch(/all-0000006\.safetensors +tiny +0\.500 +\d\.\d{4}\n/);
    expect(told.stdout).toMatch(/F4 on TS_S4, where weights and thresholds were chosen: no measure/);
    const { experiment, ensemble } = await read(out);
    expect(experiment.predict).toMatchObject({ halfTurn: true, flips: false, rotations: false });
    expect(ensemble).toMatchObject({ average: "probabilities", choice: "all", tune: ["TS_S4"] });
    const submitted = await pickbench("submit", out, ...common, "--runs", "TS_S3", "--out", at("told.csv"));
    expect(submitted.code, submitted.stderr).toBe(0);
    const exported = await pickbench("export", out, at("told.onnx"), "--json", ...allowTiny(folder));
    expect(exported.code, exported.stderr).toBe(0);
    expect(existsSync(at("told-1.onnx")) && existsSync(at("told-2.onnx"))).toBe(true);
  });

  it("refuses an unknown tune run, and fitted soups, in one sentence", async () => {
    const flags = ["--data", data, "--out", at("no.safetensors"), ...allowTiny(folder)];
    const unknown = await pickbench("ensemble", first(), ...flags, "--tune", "TS_S9");
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      `pickbench: --tune: ${data} has no run "TS_S9"; it has TS_S1, TS_S2, TS_S3, TS_S4\n`,
    ]);
    const soup = ["--average", "weights", "--members", "fit"];
    const fitted = await pickbench("ensemble", first(), ...flags, "--tune", "TS_S4", ...soup);
    expect([fitted.code, fitted.stderr.split("\n").length]).toEqual([1, 2]);
  });
});
