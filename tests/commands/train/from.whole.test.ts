/** Training that begins with a checkpoint: what is taken, recorded and repeated, and which runs are refused. */
import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRecord } from "../../../src/domain/record.js";
import { readTensors } from "../../../src/formats/safetensors.js";
import { hashFile } from "../../../src/system/files.js";
import { readSettings } from "../../../src/train/checkpoint/checkpoint.js";
import { trainOnly } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { pickbench } from "../../support/commandLine.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { allowTiny, tinyCode, tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);
const best = (name: string) => at(name, "best.safetensors");

/** Runs a command on an experiment of a few steps. */
async function call(command: string, name: string, changes: object, ...flags: string[]) {
  const experiment = await tinyExperiment(at(`${name}.yaml`), {
    name,
    budget: "4 steps",
    patch: { shape: [16, 16, 16] },
    ...changes,
  });
  const where = ["--data", data, "--out", at(name), "--threads", "1", ...flags];
  const published = command === "run" ? ["--submissions", at("submissions")] : [];
  return pickbench(command, experiment, ...where, ...published);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "from-"));
  data = await tinyDataset(folder);
  const parent = await call("train", "parent", { splits: { train: ["TS_S1"], tune: ["TS_S2"] } });
  expect(parent.code, parent.stderr).toBe(0);
  const changes = {
    splits: { train: ["TS_S3"], holdout: ["TS_S4"] },
    types: ["thyroglobulin", "ribosome"],
    from: { checkpoint: "parent/best.safetensors", rate: 0.1, freeze: 2 },
  };
  const child = await call("run", "child", changes);
  expect(child.code, child.stderr).toBe(0);
  expect(child.stderr).toMatch(
    /from \S*best\.safetensors \(parent\): \d+ of \d+ weights taken \(9\d\.\d %\); outputs made anew: thyroglobulin\n/,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a run that begins with a checkpoint", () => {
  it("names the file's hash and what was taken in its record, and its lineage in its checkpoint", async () => {
    const sha256 = await hashFile(best("parent"));
    const { start, experiment } = await readRecord(at("child", "record.json"));
    expect(start).toMatchObject({
      sha256,
      experiment: "parent",
      networks: [
        {
          name: "all",
          from: "all",
          channels: { taken: ["background", "ribosome"], anew: ["thyroglobulin"] },
        },
      ],
    });
    expect(experiment.resolved.from).toMatchObject({ sha256, rate: 0.1, freeze: 2 });
    const { lineage } = await readSettings(best("child"));
    expect(lineage!.map((generation) => [generation.experiment, generation.types])).toEqual([
      ["child", ["thyroglobulin", "ribosome"]],
      ["parent", ["apo-ferritin", "ribosome"]],
    ]);
    const runs = lineage!.map(({ roles }) =>
      [roles.train, roles.tune].map((of) => of!.map(({ run }) => run)),
    );
    expect(runs).toEqual([
      [["TS_S3"], []],
      [["TS_S1"], ["TS_S2"]],
    ]);
    expect(lineage!.flatMap(({ roles }) => roles.train!).every(({ tomograms }) => tomograms.length > 0)).toBe(
      true,
    );
    const { metadata } = await readTensors(best("child"));
    expect(Object.keys(metadata).at(-1)).toBe("lineage");
    expect(metadata.lineage).not.toContain(folder);
  });

  it("is repeated to the bit from its record", async () => {
    const flags = ["--data", data, "--out", at("child-again"), ...allowTiny(folder)];
    const { code, stdout, stderr } = await pickbench("repeat", at("child"), ...flags);
    expect([code, stdout], stderr).toEqual([0, expect.stringContaining("It is the same.")]);
  });

  it("stopped and resumed ends in the same bytes", async () => {
    const options = { experiment: at("child.yaml"), data, threads: 1 };
    let updates = 0;
    const stopping = hearingReporter((stop) => {
      if (++updates === 3) stop();
    });
    const stopped = runFolder(at("stopped"));
    await expect(trainOnly(stopped, { ...options, resume: false, reporter: stopping })).rejects.toMatchObject(
      {
        tag: "Stopped",
      },
    );
    await trainOnly(stopped, { ...options, resume: true });
    expect((await readFile(best("stopped"))).equals(await readFile(best("child")))).toBe(true);
  });

  it("keeps taken weights to the bit while they are frozen, and trains those made anew", async () => {
    const frozen = await call("train", "frozen", {
      splits: { train: ["TS_S3"] },
      types: ["thyroglobulin", "ribosome"],
      from: { checkpoint: "parent/best.safetensors", freeze: 100 },
      optimiser: { rate: 3e-3, warmupSteps: 2, average: 0 },
    });
    expect(frozen.code, frozen.stderr).toBe(0);
    const [was, is] = await Promise.all(["parent", "frozen"].map((name) => readTensors(best(name))));
    for (const [name, { data: before }] of was!.tensors) {
      const { data: after } = is!.tensors.get(name)!;
      const size = before.length / (name.startsWith("all/head") ? 3 : 1);
      if (size === before.length) expect([...after]).toEqual([...before]);
      else {
        expect([...after.subarray(0, size)]).toEqual([...before.subarray(0, size)]);
        expect([...after.subarray(2 * size)]).toEqual([...before.subarray(2 * size)]);
        expect([...after.subarray(size, 2 * size)]).not.toEqual([...before.subarray(size, 2 * size)]);
      }
    }
  });
});

describe("a grandchild", () => {
  const grandchild = (name: string, splits: object) =>
    call("train", name, { splits, types: ["ribosome", "thyroglobulin"] }, "--from", best("child"));

  it.each([
    ["TS_S1", /splits\.holdout: TS_S1 was trained on by parent, generation 2 of the 2/],
    ["TS_S2", /TS_S2 was tuned on by parent/],
    ["TS_S3", /TS_S3 was trained on by child, generation 1/],
  ])("that holds out %s, which was seen before it, is refused", async (run, message) => {
    const { code, stderr } = await grandchild("poisoned", { train: ["TS_S4"], holdout: [run] });
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
  });

  it("is refused under another name of the run too, and warned of where it tunes on it", async () => {
    const renamed = at("renamed");
    await cp(data, renamed, { recursive: true });
    for (const root of ["static", "overlay"])
      await rename(
        join(renamed, root, "ExperimentRuns", "TS_S1"),
        join(renamed, root, "ExperimentRuns", "NEW"),
      );
    const here = data;
    data = renamed;
    const refused = await grandchild("renamed-run", { train: ["TS_S4"], holdout: ["NEW"] });
    const warned = await grandchild("tuned", { train: ["TS_S4"], tune: ["NEW"] });
    data = here;
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/NEW was .* under the name TS_S1/),
    ]);
    expect([warned.code, warned.stderr]).toEqual([
      0,
      expect.stringContaining("warning: NEW is tuned on, and parent"),
    ]);
  });

  it("in folds is refused before the first of them is trained, by the fold's name", async () => {
    const changes = { splits: { folds: 4 }, types: ["ribosome"] };
    const { code, stderr } = await call("run", "folds", changes, "--from", best("child"));
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/fold 0: splits\.holdout: TS_S1 was trained on/),
    ]);
    await expect(readFile(at("folds", "fold-0", "record.json"))).rejects.toThrow("ENOENT");
  });

  it("of an ensemble knows what its members saw, and what it was tuned on", async () => {
    const made = await pickbench(
      ...["ensemble", best("parent"), best("child"), "--data", data, "--tune", "TS_S4"],
      ...["--out", at("both.safetensors"), "--threads", "1", ...allowTiny(folder)],
    );
    expect(made.code, made.stderr).toBe(0);
    const { lineage } = await readSettings(at("both.safetensors"));
    expect(lineage!.map(({ experiment }) => experiment)).toEqual([
      "ensemble of parent, child",
      "parent",
      "child",
    ]);
    expect(lineage![0]!.roles.tune).toMatchObject([{ run: "TS_S4", tomograms: [expect.any(String)] }]);
    const late = await pickbench(
      ...["ensemble", best("child"), "--data", data, "--tune", "TS_S1"],
      ...["--out", at("late.safetensors"), "--threads", "1", ...allowTiny(folder)],
    );
    expect(late.stderr).toMatch(/warning: \S*best\.safetensors: parent was trained on TS_S1, before it/);
    const refused = await call("train", "of-two", {}, "--from", at("both.safetensors"));
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/an ensemble of 2 networks/)]);
  });
});

it("a search begins every trial with it, and may search the rate of what is taken", async () => {
  const experiment = await tinyExperiment(at("searched.yaml"), {
    name: "searched",
    budget: "2 steps",
    patch: { shape: [16, 16, 16] },
    splits: { train: ["TS_S3"], tune: ["TS_S4"] },
    from: { checkpoint: "parent/best.safetensors" },
    search: { "from.rate": { choice: [0.25] } },
  });
  const flags = ["--data", data, "--trials", "1", "--out", at("search"), "--threads", "1", "--json"];
  const { code, stdout, stderr } = await pickbench("search", experiment, ...flags);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout).best.values).toEqual({ "from.rate": 0.25 });
  const { start, experiment: recorded } = await readRecord(at("search", "trials", "000", "record.json"));
  expect(start!.networks[0]!.taken).toBe(start!.networks[0]!.of);
  expect(recorded.resolved.from).toMatchObject({ rate: 0.25, sha256: await hashFile(best("parent")) });
});

describe("an exported ONNX file", () => {
  beforeAll(async () => {
    const exported = await pickbench(
      "export",
      best("child"),
      at("child.onnx"),
      "--allow-code",
      tinyCode(folder),
    );
    expect(exported.code, exported.stderr).toBe(0);
  });

  it("carries the lineage, and is begun with like its checkpoint", async () => {
    const changes = { splits: { train: ["TS_S4"], holdout: ["TS_S1"] }, types: ["ribosome"] };
    const refused = await call("train", "of-onnx", changes, "--from", at("child.onnx"));
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/TS_S1 was trained on by parent/),
    ]);
  });

  it("that is the network itself is not scored on what it saw, nor in folds", async () => {
    const network = {
      onnx: "child.onnx",
      activation: "softmax",
      outputs: ["background", "thyroglobulin", "ribosome"],
    };
    const scored = async (name: string, splits: object) => {
      const given = { name, network, splits, predict: { tile: [40, 64, 64], overlap: 8 } };
      await writeFile(at(`${name}.yaml`), JSON.stringify(given));
      const where = ["--data", data, "--out", at(name), "--submissions", at("submissions"), "--threads", "1"];
      const { code, stderr } = await pickbench("run", at(`${name}.yaml`), ...where);
      return [code, stderr];
    };
    const refused = await scored("network", { train: 0, tune: ["TS_S4"], holdout: ["TS_S2"] });
    expect(refused).toEqual([
      1,
      expect.stringMatching(/TS_S2 was tuned on by parent, .* made \S*child\.onnx/),
    ]);
    const folds = await scored("network-folds", { folds: 4, tune: 0 });
    expect(folds).toEqual([
      1,
      expect.stringMatching(/fold 0: splits\.holdout: TS_S1 was trained on by parent/),
    ]);
  });
});

it("a file that the training would replace is not begun with, and stays", async () => {
  const changes = { splits: { train: ["TS_S4"] }, types: ["ribosome"] };
  const before = await hashFile(best("parent"));
  const { code, stderr } = await call("train", "parent", changes, "--from", best("parent"), "--overwrite");
  expect([code, stderr]).toEqual([1, expect.stringMatching(/would begin with a file that it replaces/)]);
  expect(await hashFile(best("parent"))).toBe(before);
});

it("tuning a checkpoint again on a run that a training before saw is warned of", async () => {
  const { code, stderr } = await call("tune", "child", {
    splits: { train: ["TS_S3"], tune: ["TS_S1"], holdout: ["TS_S4"] },
    types: ["thyroglobulin", "ribosome"],
    from: { checkpoint: "parent/best.safetensors", rate: 0.1, freeze: 2 },
  });
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/best\.safetensors: parent was trained on TS_S1, on which it is tuned now/);
});

it("a name that no model has is refused, saying which there are", async () => {
  const { code, stderr } = await call("train", "nameless", {}, "--from", "no-such-model");
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/no-such-model: there is no such file, and no model/),
  ]);
});

it("models lists what comes along, prints a card, and says of an empty folder that there is none", async () => {
  const card = {
    name: "tiny-parent",
    title: "two layers",
    madeOf: "one tiny phantom",
    commands: ["pickbench train parent.yaml --data DIR"],
    scores: [{ of: "TS_S4", metric: "F4", value: 0.1 }],
    use: "tests",
    licence: "MIT",
    credits: ["nobody"],
  };
  const models = ["models", "--folder", at("models")];
  expect((await pickbench(...models)).stdout).toBe("no models come along with this package\n");
  await cp(best("parent"), at("models", "tiny-parent.safetensors"));
  await writeFile(at("models", "tiny-parent.json"), JSON.stringify(card));
  expect((await pickbench(...models)).stdout).toMatch(
    /^name +size +what it is\ntiny-parent +\d\.\d MiB +two layers\n/,
  );
  const one = await pickbench("models", "tiny-parent", "--folder", at("models"));
  expect(one.stdout).toMatch(
    /^tiny-parent: two layers\n.*scores +F4 0\.1 on TS_S4\n.*file +\S*tiny-parent\.safetensors/s,
  );
  const json = await pickbench(...models, "--json");
  expect(JSON.parse(json.stdout).models).toMatchObject([
    { ...card, path: at("models", "tiny-parent.safetensors") },
  ]);
  const misspelt = await pickbench("models", "tiny-parnt", "--folder", at("models"));
  expect([misspelt.code, misspelt.stderr]).toEqual([1, expect.stringContaining("did you mean tiny-parent?")]);
});
