import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type Random, randomFor } from "../../src/domain/random.js";
import { isRunning } from "../../src/system/owner.js";
import { readLedger } from "../../src/watch/ledger.js";
import { standingsOf } from "../../src/watch/standing.js";
import { readBegun, readDone } from "../../src/watch/task.js";
import { mrcBytes, storeFiles } from "../support/arrivingTomograms.js";
import { killIfThere } from "../support/slurm.js";
import { temporaryFolder } from "../support/storeFixtures.js";

const watcher = fileURLToPath(new URL("../support/watcherProcess.mjs", import.meta.url));

interface Folders {
  readonly data: string;
  readonly out: string;
  /** File with a line for each time that work was done. */
  readonly lines: string;
}

function folders(): Folders {
  const folder = temporaryFolder();
  const [data, out, lines] = [join(folder, "data"), join(folder, "out"), join(folder, "lines")];
  mkdirSync(data);
  mkdirSync(out);
  writeFileSync(lines, "");
  return { data, out, lines };
}

const started = ({ data, out, lines }: Folders, ms: number): ChildProcess =>
  spawn(process.execPath, [watcher, data, out, lines, String(ms)], {
    stdio: ["ignore", "inherit", "inherit"],
  });

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once("exit", (code) => resolve(code)));

const pieces = (bytes: Buffer, count: number): Buffer[] =>
  Array.from({ length: count }, (_, at) =>
    bytes.subarray(Math.floor((at * bytes.length) / count), Math.floor(((at + 1) * bytes.length) / count)),
  );

/** Ways in which a tomogram comes: each writes it step by step, and pauses in between. */
const ways: readonly ((path: string, pause: () => Promise<void>) => Promise<string>)[] = [
  async function growing(path, pause) {
    for (const piece of pieces(mrcBytes([8, 8, 8], 256), 4)) {
      appendFileSync(`${path}.mrc`, piece);
      await pause();
    }
    return `${path}.mrc`;
  },
  async function renamed(path, pause) {
    for (const piece of pieces(mrcBytes([8, 8, 8]), 3)) {
      appendFileSync(`${path}.mrc.part`, piece);
      await pause();
    }
    renameSync(`${path}.mrc.part`, `${path}.rec`);
    return `${path}.rec`;
  },
  async function hidden(path, pause) {
    const from = join(dirname(path), `.${path.slice(dirname(path).length + 1)}.mrc.x4k`);
    writeFileSync(from, mrcBytes());
    await pause();
    renameSync(from, `${path}.mrc`);
    return `${path}.mrc`;
  },
  async function byChunks(path, pause) {
    for (const [name, content] of storeFiles(null)) {
      const file = join(`${path}.zarr`, name);
      mkdirSync(dirname(file), { recursive: true });
      for (const piece of pieces(Buffer.from(content), 2)) appendFileSync(file, piece);
      await pause();
    }
    return `${path}.zarr`;
  },
  async function storeRenamed(path, pause) {
    for (const [name, content] of storeFiles()) {
      const file = join(`${path}.zarr.tmp`, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      await pause();
    }
    renameSync(`${path}.zarr.tmp`, `${path}.zarr`);
    return `${path}.zarr`;
  },
];

/** Drops tomograms one after another, some at a time, over so many ms; returns their paths by run. */
async function drop(
  { data }: Folders,
  count: number,
  over: number,
  random: Random,
): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  const all = Array.from({ length: count }, async (_, at) => {
    await wait((at * over) / count);
    const run = `TS ${"x".repeat(at % 3)}${at}'s`;
    const pause = () => wait(random.uniform() * 800);
    paths.set(run, await ways[at % ways.length]!(join(data, run), pause));
  });
  await Promise.all(all);
  return paths;
}

/** The hash of all that lies at a path, as the work computes it. */
function hashOfTomogram(path: string): string {
  const hash = createHash("sha256");
  if (statSync(path).isFile()) return hash.update(readFileSync(path)).digest("hex");
  for (const name of readdirSync(path, { recursive: true, encoding: "utf8" }).sort())
    if (statSync(join(path, name)).isFile()) hash.update(name).update(readFileSync(join(path, name)));
  return hash.digest("hex");
}

/** Count of attempts that were begun. */
async function begunIn({ out }: Folders): Promise<number> {
  return (await readLedger(out)).events.filter(({ state }) => state === "running").length;
}

const doneIn = ({ out }: Folders): number =>
  readdirSync(out).filter((name) => existsSync(join(out, name, "done.json"))).length;

/** Lets the last watcher run until all is done. */
async function finish(scene: Folders, count: number, ms: number): Promise<void> {
  const last = started(scene, ms);
  const code = ended(last);
  while (doneIn(scene) < count && last.exitCode === null) await wait(100);
  await wait(300);
  writeFileSync(join(scene.out, "stop"), "");
  expect(await code).toBe(0);
}

async function expectEachDone(scene: Folders, paths: ReadonlyMap<string, string>): Promise<void> {
  const { events } = await readLedger(scene.out);
  const ends = events.filter(({ state }) => state === "done").map(({ run }) => run);
  expect(ends.sort()).toEqual([...paths.keys()].sort());
  expect(events.filter(({ state }) => state === "failed" || state === "aside")).toEqual([]);
  for (const [run, path] of paths)
    expect(await readDone(join(scene.out, run))).toMatchObject({ run, tomogram: path });
}

const linesOf = ({ lines }: Folders): string[] => readFileSync(lines, "utf8").trimEnd().split("\n").sort();

test("50 tomograms, in pieces and by rename, and a watcher that is killed 20 times: each done exactly once", async () => {
  const scene = folders();
  const random = randomFor(1, "watch kills", 0);
  const dropped = drop(scene, 50, 25_000, random);
  let inFlight = 0;
  for (let kill = 0; kill < 20; kill++) {
    const child = started(scene, 2000);
    const before = await begunIn(scene);
    if (kill % 2 === 0)
      while ((await begunIn(scene)) === before && doneIn(scene) < 50 && child.exitCode === null)
        await wait(20);
    await wait(random.uniform() * (kill % 2 === 0 ? 300 : 3000));
    child.kill("SIGKILL");
    await ended(child);
    const { events } = await readLedger(scene.out);
    inFlight += [...standingsOf(events).values()].filter(({ state }) => state === "running").length;
  }
  expect(inFlight).toBeGreaterThan(5);
  const paths = await dropped;
  await finish(scene, 50, 400);
  await expectEachDone(scene, paths);
  const wanted = [...paths].map(([run, path]) => JSON.stringify([run, hashOfTomogram(path)])).sort();
  expect(linesOf(scene)).toEqual(wanted);
});

test("where the work is killed with the watcher it is begun anew, and never beside what was left of it", async () => {
  const scene = folders();
  const random = randomFor(2, "watch kills", 0);
  const paths = await drop(scene, 9, 500, random);
  for (let kill = 0; kill < 6; kill++) {
    const child = started(scene, 900);
    await wait(1500 + random.uniform() * 1500);
    child.kill("SIGKILL");
    await ended(child);
    for (const { name } of readdirSync(scene.out, { withFileTypes: true }).filter((at) => at.isDirectory()))
      await killTask(join(scene.out, name));
  }
  await finish(scene, 9, 100);
  await expectEachDone(scene, paths);
  const lines = linesOf(scene);
  expect(lines.filter((line) => line.startsWith("OVERLAP"))).toEqual([]);
  const wanted = [...paths].map(([run, path]) => JSON.stringify([run, hashOfTomogram(path)])).sort();
  expect([...new Set(lines)]).toEqual(wanted);
});

/** Kills a task's process where it runs, and leaves what it started. */
async function killTask(out: string): Promise<void> {
  const begun = await readBegun(out);
  if (begun && isRunning(begun) === true) killIfThere(begun.pid);
}
