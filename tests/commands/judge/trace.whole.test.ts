import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "@retorquere/bibtex-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../../../src/trace/chain.js";

const bin = fileURLToPath(new URL("../../../bin/pickbench.js", import.meta.url));

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

/** Runs a program in the folder. */
function program(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ stdout: string; stderr: string; code: number }>((resolve) => {
    execFile(
      file,
      [...args],
      { cwd: folder, maxBuffer: 2 ** 28, env: { ...process.env, ...env } },
      (error, stdout, stderr) => resolve({ stdout, stderr, code: error ? Number(error.code ?? -1) : 0 }),
    );
  });
}

const pickbench = (...args: string[]) => program(process.execPath, [bin, ...args]);

async function made(...args: string[]): Promise<void> {
  const { code, stderr } = await pickbench(...args, "--quiet");
  expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
}

const recipe = `name: fine
network: baseline
from: solution
types: [apo-ferritin, ribosome]
splits: { train: [TS_S1], tune: [TS_S2], holdout: [TS_S3] }
patch: { shape: [32, 32, 32] }
loss: [{ kind: crossEntropy, backgroundWeight: 0.1 }, { kind: tversky }]
evaluate: { times: 0 }
predict: { tile: [40, 64, 64], overlap: 8 }
budget: 100 steps
`;

const training = ["run", "fine.yaml", "--data", "data", "--budget", "4 steps", "--threads", "1"];
const members = ["runs/fine/best.safetensors", "runs/fine-seed1/best.safetensors"];
const simulation = ["simulate", "--size", "40,64,64"];

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "trace-")));
  await writeFile(at("fine.yaml"), recipe);
  await made(...simulation, "--out", "data", "--count", "3", "--seed", "1");
  await made(...simulation, "--out", "test", "--part", "test", "--count", "1", "--seed", "2");
  await made(...training);
  await made(...training, "--seed", "1");
  await made(
    "ensemble",
    ...members,
    "--data",
    "data",
    "--tune",
    "TS_S2",
    "--threads",
    "1",
    "--out",
    "both.safetensors",
  );
  await made("submit", "both.safetensors", "--data", "test", "--threads", "1", "--out", "submission.csv");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const traced = async (...args: string[]) =>
  JSON.parse((await pickbench("trace", ...args, "--json")).stdout) as Chain;

const states = ({ nodes }: Chain) =>
  Object.fromEntries(
    nodes.map(({ path, kind, state }) => [
      kind === "model" ? basename(path) : path.replace(`${folder}/`, ""),
      state,
    ]),
  );

describe("a submission of an ensemble of fine-tuned networks", () => {
  it("is traced to the simulations, the recipe and the model that it began with", async () => {
    const chain = await traced("submission.csv", "--check");
    expect(chain.steps.map(({ command }) => command[0])).toEqual([
      ...["simulate", "run", "run", "ensemble", "simulate", "submit"],
    ]);
    const noted = "as noted";
    expect(states(chain)).toEqual({
      ...{ "submission.csv": noted, "both.safetensors": noted, data: noted, test: noted, "fine.yaml": noted },
      ...{ [members[0]!]: noted, [members[1]!]: noted, "solution.safetensors": noted },
    });
    const raw = chain.nodes
      .filter(({ makers }) => makers.length === 0)
      .map(({ kind, path }) => [kind, basename(path)]);
    expect(raw).toEqual([
      ["file", "fine.yaml"],
      ["model", "solution.safetensors"],
    ]);
  });

  it("is told and drawn, and what it was drawn from is noted too", async () => {
    const { stdout, code } = await pickbench("trace", "submission.csv", "--svg", "chain.svg");
    expect(code).toBe(0);
    expect(stdout).toContain("from: solution  [a model that comes along, as noted");
    expect(stdout).toMatch(/score on the held-out runs: 0\.\d{4}/);
    expect(stdout).toContain("6 commands, 1 raw file or folder\nall that was noted is as it was\n");
    const drawn = await readFile(at("chain.svg"), "utf8");
    expect(drawn.match(/<g class="box/g)).toHaveLength(14);
    expect((await traced("chain.svg")).steps.at(-1)!.command[0]).toBe("trace");
  });

  it("has BibTeX that a parser reads, and a paragraph that cites nothing else", async () => {
    const { stdout, code } = await pickbench("cite", "submission.csv", "--out", "methods.bib");
    expect(code).toBe(0);
    const { entries, errors } = parse(await readFile(at("methods.bib"), "utf8"));
    expect(errors).toEqual([]);
    const keys = entries.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of [
      "cicek2016unet",
      "salehi2017tversky",
      "loshchilov2019adamw",
      "last2024ais",
      "peck2025phantom",
      "onnxruntime",
      "moore2021ngff",
      "pickbench",
      "pdb8cpv",
    ])
      expect(keys).toContain(key);
    expect(keys).not.toContain("lin2017focal");
    const cited = [...stdout.matchAll(/@(\w+)/g)].map(([, key]) => key!);
    expect(cited.length).toBeGreaterThan(20);
    expect(cited.filter((key) => !keys.includes(key))).toEqual([]);
    expect(stdout).toContain("Networks fine and fine-seed1: baseline");
    expect(stdout).toContain(
      "4 steps with patches of 32×32×32 voxels; seeds 0 and 1, begun with the weights of solution",
    );
    expect(stdout).toContain(
      "Ensemble of 2 networks, fine (weight 0.500), fine-seed1 (weight 0.500): mean of probabilities",
    );
  });

  it("of a run or of what was published of it is cited by the record", async () => {
    const [run, published] = await Promise.all([
      pickbench("cite", "runs/fine"),
      pickbench("cite", "submissions/fine"),
    ]);
    expect(run.stdout).toContain("@inproceedings{cicek2016unet,");
    expect(published.stdout).toContain("@inproceedings{cicek2016unet,");
    expect(states(await traced("submissions/fine"))).toMatchObject({
      "submissions/fine": "as noted",
      data: "as noted",
    });
  });

  it("is the same to the bit after its script was run in another folder", async () => {
    expect((await pickbench("trace", "submission.csv", "--script", "again.sh")).code).toBe(0);
    await mkdir(at("elsewhere"));
    await cp(at("fine.yaml"), at("elsewhere/fine.yaml"));
    const again = await program("bash", ["again.sh", "elsewhere"], {
      PICKBENCH: `${process.execPath} ${bin}`,
    });
    expect([again.code, again.stdout.trimEnd().split("\n").at(-1)]).toEqual([
      0,
      "the same to the bit: submission.csv",
    ]);
    expect(await readFile(at("elsewhere/submission.csv"), "utf8")).toBe(
      await readFile(at("submission.csv"), "utf8"),
    );
    const chain = await traced("elsewhere/submission.csv");
    expect(chain.nodes.find(({ path }) => path === at("elsewhere/data"))!.state).toBe("as noted");
  });

  it("tells what has changed and what is gone, with exit code 1 under --check", async () => {
    await rm(at("test"), { recursive: true });
    await writeFile(at("fine.yaml"), recipe.replace("100 steps", "101 steps"));
    const { stdout, code } = await pickbench("trace", "submission.csv");
    expect(code).toBe(0);
    expect(stdout).toContain("changed: fine.yaml, since run read it\ngone: test\n");
    expect((await pickbench("trace", "submission.csv", "--check")).code).toBe(1);
  });
});

describe("noting how something was made", () => {
  it("is left out where it is not wanted, and a warning where it cannot be done", async () => {
    const quiet = await program(process.execPath, [bin, "experiment", "new", "a.yaml", "--json"], {
      PICKBENCH_MADE: "no",
    });
    expect([quiet.code, existsSync(at("a.yaml.made.json"))]).toEqual([0, false]);
    await mkdir(at("b.yaml.made.json/inside"), { recursive: true });
    const refused = await pickbench("experiment", "new", "b.yaml", "--json");
    expect(refused.code).toBe(0);
    expect(refused.stderr).toMatch(
      /^pickbench: warning: how it was made is not noted: .*b\.yaml\.made\.json is a folder/,
    );
    await pickbench("experiment", "new", "--json");
    expect((await traced("experiment.yaml")).steps.map(({ command }) => command.join(" "))).toEqual([
      "experiment new",
    ]);
  });

  it("is not written over by what tells of it, nor its sidecar, be it by a link", async () => {
    await cp(at("submission.csv"), at("whole.csv"));
    await symlink("submission.csv", at("link.csv"));
    for (const out of ["submission.csv", "submission.csv.made.json", "link.csv"])
      for (const args of [
        ["trace", "submission.csv", "--svg", out],
        ["trace", "submission.csv", "--script", out],
        ["trace", "submission.csv", "--script", "new.sh", "--svg", "new.sh"],
        ["cite", "submission.csv", "--out", out],
      ]) {
        const { code, stderr } = await pickbench(...args, "--overwrite", "--quiet");
        if (args.includes("new.sh")) expect(existsSync(at("new.sh"))).toBe(false);
        expect([code, stderr]).toEqual([1, expect.stringContaining("which it would replace; name another")]);
      }
    expect(await readFile(at("submission.csv"))).toEqual(await readFile(at("whole.csv")));
  });

  it("of what nothing notes says that nothing is known to be cited", async () => {
    const { code, stderr } = await pickbench("cite", "fine.yaml");
    expect([code, stderr]).toEqual([0, expect.stringContaining("nothing is known to be cited")]);
  });
});
