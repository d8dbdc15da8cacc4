import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const modules = resolve("node_modules");
const compiler = join(modules, "typescript", "bin", "tsc");

/** What a clone holds of that which is packed, and of that which packing needs. */
const parts = [
  ...["bin", "src", "bench", "experiments", "package.json", ".npmrc", "tsconfig.json", "tsconfig.build.json"],
  ...["README.md", "LICENSE"],
];

/** What a build leaves that was killed: no process has such a number. */
const killed = "dist.2147483647";

let folder: string;
let consumer: string;
let packed: readonly string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pickbench-package-"));
  const clone = join(folder, "clone");
  for (const part of parts) await cp(part, join(clone, part), { recursive: true });
  await symlink(modules, join(clone, "node_modules"));
  for (const name of [killed, `dist.${process.pid}`]) await mkdir(join(clone, name));
  const { stdout } = await run("npm", ["pack", "--json", "--silent", "--pack-destination", folder], {
    cwd: clone,
  });
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  packed = files.map(({ path }) => path);
  consumer = join(folder, "consumer");
  await mkdir(join(consumer, "node_modules"), { recursive: true });
  for (const name of await readdir(modules))
    if (!name.startsWith(".")) await symlink(join(modules, name), join(consumer, "node_modules", name));
  await run("tar", ["xzf", join(folder, filename), "-C", folder]);
  await cp(join(folder, "package"), join(consumer, "node_modules", "pickbench"), { recursive: true });
  await writeFile(join(consumer, "package.json"), JSON.stringify({ type: "module", private: true }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Compiles files of the consumer as strictly as TypeScript can, and gives what it complains of. */
async function compile(names: readonly string[]): Promise<string> {
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ...{ module: "nodenext", target: "es2023", lib: ["es2023"], types: ["node"], skipLibCheck: false },
  };
  await writeFile(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files: names }));
  return run(process.execPath, [compiler, "-p", "tsconfig.json"], { cwd: consumer }).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => error.stdout,
  );
}

const program = `import { openDataset, readTruth, scorePicks, simulateDataset, type ScoreReport } from "pickbench";

const { runs } = await simulateDataset("phantoms", { runs: 1, shape: [48, 64, 64], seed: 3 });
const name: string = runs[0]!.name;
const dataset = await openDataset("phantoms/train");
const truth = await readTruth(dataset);
const report: ScoreReport = scorePicks(truth, new Map([[name, truth.get(name)!.slice(1)]]), dataset.particles);
const { truths, tp } = Object.values(report.perType).reduce((a, b) => ({ ...a, truths: a.truths + b.truths, tp: a.tp + b.tp }));
console.log(JSON.stringify({ name, missed: truths - tp, score: report.score }));
`;

describe("the package", () => {
  test("holds what it is built to, with declarations, and no script of ours for development", () => {
    for (const path of ["dist/index.js", "dist/index.d.ts", "dist/cli.js", "dist/web/report/page.js"])
      expect(packed).toContain(path);
    expect(packed.filter((path) => path.startsWith("bin/"))).toEqual([
      "bin/build.js",
      "bin/libraries.js",
      "bin/pickbench.js",
    ]);
    expect(packed.filter((path) => /^(?:tests|submissions|tsconfig)/.test(path))).toEqual([]);
  });

  test("is built without what a killed build left, and beside one that is under way", async () => {
    const names = await readdir(join(folder, "clone"));
    expect(names).not.toContain(killed);
    expect(names).toContain(`dist.${process.pid}`);
  });

  test("compiles into a strict TypeScript program that simulates and scores without a word of its own", async () => {
    await writeFile(join(consumer, "program.ts"), program);
    expect(await compile(["program.ts"])).toBe("");
    const { stdout, stderr } = await run(process.execPath, ["program.js"], { cwd: consumer });
    expect(stderr).toBe("");
    const { name, missed, score } = JSON.parse(stdout) as { name: string; missed: number; score: number };
    expect({ name, missed }).toEqual({ name: "TS_S1", missed: 1 });
    expect(score).toBeGreaterThan(0.5);
    expect(score).toBeLessThan(1);
  });

  test("refuses at compile time a number of voxels where Å are wanted", async () => {
    await writeFile(
      join(consumer, "wrong.ts"),
      `import { angstrom, angstromToIndex, indexToAngstrom } from "pickbench";\nindexToAngstrom(1, angstromToIndex(angstrom(5), angstrom(10)));\n`,
    );
    expect(await compile(["wrong.ts"])).toMatch(/^wrong\.ts\(2,20\): error TS2345/);
  });

  test("has examples that compile", async () => {
    const text = await readFile("src/index.ts", "utf8");
    const examples = [...text.matchAll(/^ \* ```ts\n([\s\S]*?)^ \* ```$/gm)].map(([, code]) =>
      code!.replace(/^ \* ?/gm, ""),
    );
    expect(examples.length).toBeGreaterThan(6);
    const names = examples.map((_, at) => `example${at}.ts`);
    for (const [at, name] of names.entries()) await writeFile(join(consumer, name), examples[at]!);
    expect(await compile(names)).toBe("");
  });

  test("starts at once, as it was built", async () => {
    const bin = join(consumer, "node_modules", "pickbench", "bin", "pickbench.js");
    const { stdout, stderr } = await run(process.execPath, [bin, "--version"], { cwd: consumer });
    const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
    expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: version, stderr: "" });
    const isBuiltAnew = await readdir(join(consumer, "node_modules", "pickbench", "dist")).then(
      (names) => !names.includes("index.d.ts"),
    );
    expect(isBuiltAnew).toBe(false);
  });
});
