import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildTiny, tinyProject } from "../../support/surveyData.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../../", import.meta.url));
const noting = new URL("../../support/noteModules.mjs", import.meta.url).href;

let folder: string;
let picks: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "loaded-"));
  picks = join(folder, "picks.csv");
  await writeFile(picks, "id,experiment,particle_type,x,y,z\n0,TS_1,ribosome,1,2,3\n");
  await tinyProject(folder, 2);
  await buildTiny(folder);
  // An entry that was written just now might change again within the same moment, and is looked at once more each time.
  for (const name of ["TS_1", "TS_2"])
    await utimes(join(folder, "survey", "entries", `${name}.json`), 1e9, 1e9);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a command, and returns the files that it loaded, relative to the checkout, sorted. */
async function loadedBy(...args: string[]): Promise<string[]> {
  const file = join(folder, "modules.txt");
  await rm(file, { force: true });
  const env = { ...process.env, MODULES_FILE: file };
  await run(process.execPath, ["--import", noting, join(root, "bin", "pickbench.js"), ...args], { env });
  const urls = (await readFile(file, "utf8")).trim().split("\n");
  const paths = urls.map((url) => relative(root, fileURLToPath(url)));
  return [...new Set(paths)].filter((path) => !path.endsWith("noteModules.mjs")).sort();
}

const libraries = (files: readonly string[]): string[] =>
  files.filter((path) => path.startsWith("dist/libraries") || path.includes("node_modules"));

test.each([["--version"], ["--help"]])("%s loads the table of commands alone", async (flag) => {
  const files = await loadedBy(flag);
  expect(files).toContain(join("dist", "commands", "table.js"));
  expect(files.length).toBeLessThan(20);
});

test("the help of a command and a score of CSVs load no library", async () => {
  for (const args of [
    ["score", "--help"],
    ["score", picks, "--truth", picks],
  ]) {
    const files = await loadedBy(...args);
    expect(files).toContain(join("dist", "commands", "judge", "score.js"));
    expect(libraries(files)).toEqual([]);
    expect(files.length).toBeLessThan(65);
  }
});

test("survey find loads neither the parser nor what writes the database, and its libraries as one file each", async () => {
  const find = ["survey", "find", "noise < 1", "--survey", join(folder, "survey")];
  await loadedBy(...find);
  const files = await loadedBy(...find);
  expect(files).toContain(join("dist", "survey", "find", "find.js"));
  for (const path of ["commands/shared/parser.js", "survey/database/catchUp.js", "makings/making.js"])
    expect(files).not.toContain(join("dist", path));
  const taken = libraries(files).filter((path) => !/@duckdb[\\/]node-bindings|detect-libc/.test(path));
  expect(taken).toEqual(["duckdb-node-api.js", "zod.js"].map((name) => join("dist", "libraries", name)));
  expect(files.length).toBeLessThan(70);
});
