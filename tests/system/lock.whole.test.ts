import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { withLock } from "../../src/system/lock.js";
import { thisProcess } from "../../src/system/owner.js";
import { faults } from "../support/faults.js";

const built = fileURLToPath(new URL("../../dist/system/lock.js", import.meta.url));
const taker = fileURLToPath(new URL("../support/lockTaker.mjs", import.meta.url));

let folder: string;
let children: ChildProcess[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lock-"));
  children = Array.from({ length: 6 }, () => fork(taker, [built]));
  await Promise.all(children.map(answer));
});
afterAll(async () => {
  for (const child of children) child.kill();
  await rm(folder, { recursive: true, force: true });
});

const answer = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) =>
    child.once("message", (message) => resolve((message as { result: string }).result)),
  );

/** Has all processes try to take a lock at once, and returns what each got. */
async function allTake(lock: string): Promise<string[]> {
  const answers = children.map(answer);
  for (const child of children) child.send({ take: lock });
  const results = await Promise.all(answers);
  await Promise.all(
    children.map(async (child, at) => {
      if (results[at] !== "held") return;
      const ended = answer(child);
      child.send({ letGo: true });
      await ended;
    }),
  );
  return results;
}

/** The number of a process that has ended. */
const ended = (): number => spawnSync(process.execPath, ["-e", ""]).pid;

/** What processes that are gone left: each way in which a lock may be stale. */
const stale: Readonly<Record<string, (lock: string) => Promise<void>>> = {
  "a process that is gone": (lock) => writeFile(lock, line({ pid: ended(), id: "a1" })),
  "a process number, as older versions wrote": (lock) => writeFile(lock, String(ended())),
  "an empty file, as a full disk left it": (lock) => writeFile(lock, ""),
  "half a line": (lock) => writeFile(lock, line({ pid: 1, id: "a1" }).slice(0, 20)),
  "a process whose number another has now": (lock) =>
    writeFile(lock, line({ pid: process.pid, started: 1, id: "a1" })),
  "one that was killed while it took over a stale lock": async (lock) => {
    await writeFile(lock, line({ pid: ended(), id: "a1" }));
    await writeFile(`${lock}.after-a1`, line({ pid: ended(), id: "b2" }));
    await writeFile(`${lock}.after-b2`, line({ pid: ended(), id: "c3" }));
  },
  "one that was killed after it took over": async (lock) => {
    await writeFile(lock, line({ pid: ended(), id: "b2" }));
    await writeFile(`${lock}.after-a1`, line({ pid: ended(), id: "b2" }));
    await writeFile(`${lock}.own-${ended()}-00ff`, "");
  },
};

const line = (parts: object): string =>
  JSON.stringify({ started: 5, machine: thisProcess().machine, host: "here", ...parts });

it.each(Object.keys(stale))("of six processes one takes over the stale lock of %s", async (kind) => {
  for (let trial = 0; trial < faults(8, 50); trial++) {
    const place = join(folder, `${Object.keys(stale).indexOf(kind)}-${trial}`);
    await mkdir(place);
    const lock = join(place, "run.lock");
    await stale[kind]!(lock);
    const results = await allTake(lock);
    expect(results.filter((result) => result === "held")).toHaveLength(1);
    const holder = children[results.indexOf("held")]!.pid;
    for (const result of results.filter((other) => other !== "held"))
      expect(result).toMatch(/^the run: process \d+ is running there; wait for it/);
    expect(children.map(({ pid }) => pid)).toContain(holder);
    expect(await readdir(place)).toEqual([]);
  }
});

it("of six processes one takes a free lock", async () => {
  const lock = join(folder, "free.lock");
  expect((await allTake(lock)).filter((result) => result === "held")).toHaveLength(1);
});

it("does not take the lock of another machine or container, and says how to go on", async () => {
  const lock = join(folder, "far.lock");
  await writeFile(lock, line({ pid: 12, machine: "00000000", host: "node7", id: "a1" }));
  await expect(withLock(lock, "the run", async () => 1)).rejects.toThrow(
    `the run: process 12 on node7 has locked it; wait for it, choose another --out, or remove ${lock} if that process has ended`,
  );
  expect(JSON.parse(await readFile(lock, "utf8"))).toMatchObject({ host: "node7" });
});

it("holds a lock against its own process too, and lets go of no lock but its own", async () => {
  const lock = join(folder, "own.lock");
  await withLock(lock, "the run", async () => {
    await expect(withLock(lock, "the run", async () => 1)).rejects.toThrow(/is running there/);
    await writeFile(lock, line({ pid: 12, id: "dd" }));
  });
  expect(JSON.parse(await readFile(lock, "utf8"))).toMatchObject({ id: "dd" });
});

it.each([
  ["a pipe", (lock: string) => spawnSync("mkfifo", [lock]), "it is a pipe, not a file"],
  ["a folder", (lock: string) => mkdir(lock), "folder"],
  ["a link that leads nowhere", (lock: string) => symlink("nowhere", lock), "leads nowhere"],
  ["a link in a circle", (lock: string) => symlink(lock, lock), "links|ELOOP"],
] as const)("is refused, and waits for nothing, where %s stands in its place", async (what, make, why) => {
  const place = join(folder, what.replaceAll(" ", "-"));
  await mkdir(place);
  const lock = join(place, "run.lock");
  await make(lock);
  await expect(withLock(lock, "the run", async () => 1)).rejects.toMatchObject({
    tag: "BadUsage",
    message: expect.stringMatching(new RegExp(`^the run: its lock .*run.lock cannot be read \\(.*${why}`)),
  });
  expect(await readdir(place)).toEqual(["run.lock"]);
});

it("lets go where a pipe has taken its place", async () => {
  const lock = join(folder, "piped.lock");
  const work = async () => {
    await rm(lock);
    return spawnSync("mkfifo", [lock]).status;
  };
  expect(await withLock(lock, "the run", work)).toBe(0);
  expect(await readdir(folder)).toContain("piped.lock");
});

it("lets go where the process ends by itself", async () => {
  const lock = join(folder, "exit.lock");
  const code = `import(${JSON.stringify(built)}).then(({ withLock }) => withLock(${JSON.stringify(lock)}, "x", async () => process.exit(3)))`;
  expect(spawnSync(process.execPath, ["-e", code]).status).toBe(3);
  expect(await readdir(folder)).not.toContain("exit.lock");
});
