// Code that a checkpoint or a record names: it is not run before its hash fits, nor unless the user names it.
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readRecord } from "../../../src/domain/record.js";
import { readTensors, writeTensors } from "../../../src/formats/safetensors.js";
import { codeOfHash, readArchitecture, runCode } from "../../../src/nets/architectureFile.js";
import { loadNetwork } from "../../../src/nets/library/catalogue.js";
import { canonicalJson, hashOf } from "../../../src/system/files.js";
import { allowedByRecord } from "../../../src/train/checkpoint/allowedCode.js";
import { readCheckpoint, readSettings } from "../../../src/train/checkpoint/checkpoint.js";
import { resolveNetwork } from "../../../src/train/fit/networks.js";
import { runExperiment } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { tuneOnly } from "../../../src/train/run/tuneAgain.js";
import { pickbenchProcess } from "../../support/commandLine.js";
import { tinyCode, tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);
/** What the code of a test writes where it is run. */
const mark = () => at("was-run");

/** Code of the tiny network that leaves a mark where it is run, by a file beside it. */
async function writeMarking(name: string): Promise<string> {
  const code = await readFile(tinyCode(folder), "utf8");
  await mkdir(at(name), { recursive: true });
  const path = at(name, "net.mjs");
  await writeFile(
    at(name, "mark.mjs"),
    `import { writeFileSync } from "node:fs";
    export const leave = () => writeFileSync(${JSON.stringify(mark())}, ${JSON.stringify(name)});`,
  );
  await writeFile(path, `import { leave } from "./mark.mjs";\nleave();\n${code}`);
  return path;
}

/** The run's checkpoint with another file of code in its metadata. */
async function writeNaming(name: string, file: { path: string; sha256: string }): Promise<string> {
  const { metadata, ...rest } = await readTensors(at("run", "best.safetensors"));
  const networks = (JSON.parse(metadata.networks!) as object[]).map((each) => ({ ...each, file }));
  await mkdir(at(name), { recursive: true });
  await writeTensors(at(name, "best.safetensors"), {
    ...rest,
    metadata: { ...metadata, networks: JSON.stringify(networks) },
  });
  return at(name, "best.safetensors");
}

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "allowed-")));
  data = await tinyDataset(folder);
  const experiment = await tinyExperiment(at("tiny.yaml"), { budget: "2 steps" });
  const options = { experiment, data, seed: 0, resume: false, threads: 1 };
  await runExperiment(runFolder(at("run")), options, at("submissions"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => rm(mark(), { force: true }));

describe("the code that a checkpoint names", () => {
  let marking: string;
  let wrong: string;
  let right: string;
  beforeAll(async () => {
    marking = await writeMarking("marking");
    wrong = await writeNaming("wrong", { path: marking, sha256: "0".repeat(64) });
    const { sha256 } = await readArchitecture(marking, 1);
    right = await writeNaming("right", { path: marking, sha256 });
  });

  const commands: readonly (readonly [string, (path: string) => string[]])[] = [
    ["submit", (path) => ["submit", path, "--data", data, "--out", at("x.csv")]],
    ["predict", (path) => ["predict", path, "--data", data, "--out", at("x")]],
    ["export", (path) => ["export", path, at("x.onnx")]],
    [
      "ensemble",
      (path) => ["ensemble", path, "--data", data, "--tune", "TS_S3", "--out", at("x.safetensors")],
    ],
    ["bench", (path) => ["bench", "predict", "--checkpoint", path, "--volume", "16,32,32", "--no-history"]],
  ];

  it.each(commands)("%s does not run it, whether its hash fits or not", async (_, args) => {
    for (const path of [wrong, right]) {
      const { code, stderr } = await pickbenchProcess(...args(path));
      expect(code).toBe(1);
      expect(stderr.trimEnd().split("\n").at(-1)).toBe(
        `pickbench: ${path}: its network is declared by the code in ${marking}, which is not run unasked; read that file, and if you trust it give --allow-code FILE`,
      );
      expect(existsSync(mark())).toBe(false);
    }
  });

  it.each(commands)("%s --allow-code does not run it before its hash fits", async (_, args) => {
    const { code, stderr } = await pickbenchProcess(...args(wrong), "--allow-code", marking);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(
        `as it was when its SHA-256 began with 000000000000, and that is not ${marking}; give the file it was trained with to --allow-code`,
      ),
    ]);
    expect(existsSync(mark())).toBe(false);
  });

  it.each(commands)("%s --allow-code runs it where its hash fits", async (name, args) => {
    const flags = [...(name === "bench" ? ["--steps", "1"] : []), "--allow-code", marking];
    const { code, stderr } = await pickbenchProcess(...args(right), ...flags);
    expect(code, stderr).toBe(0);
    expect(existsSync(mark())).toBe(true);
  });

  it("a copy that the user names is run, and the path in the checkpoint is not opened", async () => {
    await cp(at("marking"), at("copy"), { recursive: true });
    const elsewhere = await writeNaming("elsewhere", {
      path: "/nowhere/net.mjs",
      sha256: (await readArchitecture(marking, 1)).sha256,
    });
    const copy = at("copy", "net.mjs");
    const { networks } = await readCheckpoint(elsewhere, { allowCode: [tinyCode(folder), copy] });
    expect(networks[0]).toMatchObject({ network: { file: { path: copy } } });
  });

  it("reports, folds and picks read its settings without running it", async () => {
    const { picking } = await readSettings(right);
    expect([...picking.keys()]).toEqual(["apo-ferritin", "ribosome"]);
    await cp(at("run"), at("shown"), { recursive: true });
    await copyFile(wrong, at("shown", "best.safetensors"));
    const { code, stderr } = await pickbenchProcess(
      "report",
      at("shown"),
      "--data",
      data,
      "--out",
      at("page.html"),
    );
    expect(code, stderr).toBe(0);
    expect(existsSync(mark())).toBe(false);
  });

  it("a run's own experiment is the leave to run its own file alone", async () => {
    const options = { experiment: at("tiny.yaml"), data, seed: 0, resume: false, threads: 1 };
    expect((await tuneOnly(runFolder(at("run")), options)).score).toBeTypeOf("number");
    await cp(at("run"), at("tuned"), { recursive: true });
    for (const path of [wrong, right]) {
      await copyFile(path, at("tuned", "best.safetensors"));
      await expect(tuneOnly(runFolder(at("tuned")), options)).rejects.toThrow(/and that is not .*two-layers/);
      expect(existsSync(mark())).toBe(false);
    }
  });
});

describe("what was hashed is what is run", () => {
  it("where the file changes in between", async () => {
    const path = await writeMarking("changing");
    const { sha256 } = await readArchitecture(path, 1);
    const code = (await codeOfHash(path, sha256))!;
    await writeFile(path, "throw new Error('another file')");
    expect((await runCode(code, 2)).name).toBe("two-layers");
  });

  it("and a file that changed, or one that it imports, is not run", async () => {
    const path = await writeMarking("changed");
    const { sha256 } = await readArchitecture(path, 1);
    const spec = { architecture: "two-layers", outputs: 1, file: { path, sha256 } };
    await rm(mark());
    const beside = await readFile(at("changed", "mark.mjs"), "utf8");
    await writeFile(at("changed", "mark.mjs"), `${beside}\nleave();`);
    await expect(loadNetwork(spec)).rejects.toThrow(/has changed since two-layers was trained/);
    expect(existsSync(mark())).toBe(false);
  });

  it("the hash is the same in whatever folder the program runs, and for another name", async () => {
    const path = await writeMarking("hashed");
    const { sha256 } = await readArchitecture(path, 1);
    const before = process.cwd();
    try {
      process.chdir(tmpdir());
      expect((await readArchitecture(path, 1)).sha256).toBe(sha256);
    } finally {
      process.chdir(before);
    }
    await copyFile(path, at("hashed", "other.mjs"));
    expect((await readArchitecture(at("hashed", "other.mjs"), 1)).sha256).toBe(sha256);
  });

  it("a hash of an older checkpoint fits where the program runs in the same folder", async () => {
    const path = await writeMarking("older");
    const { build } = await import("esbuild");
    const { outputFiles } = await build({
      entryPoints: [path],
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node20",
      legalComments: "none",
    });
    const sha256 = hashOf(outputFiles[0]!.text);
    expect(
      await loadNetwork({ architecture: "two-layers", outputs: 1, file: { path, sha256 } }),
    ).toBeDefined();
  });
});

describe("the code that a record names", () => {
  it("is run by repeat where the user names that file alone", async () => {
    const path = await writeMarking("recorded");
    const record = await readRecord(at("run", "record.json"));
    const resolved = { ...record.experiment.resolved, network: { file: path, slices: 1 } };
    const experiment = { resolved, hash: hashOf(canonicalJson(resolved)) };
    await mkdir(at("submission"));
    await writeFile(at("submission", "record.json"), JSON.stringify({ ...record, experiment }));
    const args = ["repeat", at("submission"), "--data", data, "--out", at("repeated")];
    for (const flags of [[], ["--allow-code", tinyCode(folder)]]) {
      const { code, stderr } = await pickbenchProcess(...args, ...flags);
      expect([code, stderr]).toEqual([
        1,
        `pickbench: ${at("submission", "record.json")}: its network is declared by the code in ${path}, which is not run unasked; read that file, and if you trust it give --allow-code ${path}\n`,
      ]);
      expect(existsSync(mark())).toBe(false);
    }
    const { stdout, stderr } = await pickbenchProcess(...args, "--allow-code", path);
    expect(stdout, stderr).toContain("checkpoint: ");
    expect(existsSync(mark())).toBe(true);
  });

  it("is known by its hash where the record holds one, wherever it lies", async () => {
    const path = await writeMarking("held");
    const { sha256 } = await readArchitecture(path, 1);
    await rm(mark());
    const named = { file: "/nowhere/net.mjs", sha256 };
    expect(await allowedByRecord("record.json", named, { allowCode: [tinyCode(folder), path] })).toBe(path);
    const own = `${folder}/held/../held/net.mjs`;
    expect(await allowedByRecord("record.json", { file: own, sha256 }, { allowCode: [path] })).toBe(own);
    const other = allowedByRecord("record.json", { ...named, file: path }, { allowCode: [tinyCode(folder)] });
    await expect(other).rejects.toThrow(/when its SHA-256 began with .*, and that is not .*two-layers/);
    await writeFile(path, "throw new Error('run')");
    const changed = allowedByRecord("record.json", { file: path, sha256 }, { allowCode: [path] });
    await expect(changed).rejects.toMatchObject({ tag: "BadExperiment" });
    expect(existsSync(mark())).toBe(false);
  });
});

describe("the code that an experiment names with its hash", () => {
  it("is not run before its hash fits", async () => {
    const file = await writeMarking("named");
    const { sha256 } = await readArchitecture(file, 1);
    await rm(mark());
    const wrong = resolveNetwork({ file, slices: 1, sha256: "0".repeat(64) });
    await expect(wrong).rejects.toThrow(/is not the one whose SHA-256 the experiment names/);
    expect(existsSync(mark())).toBe(false);
    expect(await resolveNetwork({ file, slices: 1, sha256 })).toMatchObject({ architecture: "two-layers" });
  });
});
