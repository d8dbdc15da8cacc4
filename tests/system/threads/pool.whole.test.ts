import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { openPool, type Pool } from "../../../src/system/threads/pool.js";

const dist = (name: string) =>
  pathToFileURL(fileURLToPath(new URL(`../../../dist/${name}.js`, import.meta.url))).href;
const worker = `
import { threadId } from "node:worker_threads";
import { PickbenchError } from "${dist("system/errors")}";
import { answering, heldByPool } from "${dist("system/threads/pool")}";
import { Transfer } from "${dist("system/threads/threads")}";
let last;
export default answering((factor) => factor * heldByPool().value);
export const refuse = answering((path) => {
  throw new PickbenchError("BadDataset", "no such volume", { path, cause: new Error("ENOENT") });
});
export const fail = answering(() => { throw new RangeError("a defect"); });
export const together = answering(async (cell) => {
  Atomics.add(cell, 0, 1);
  while (Atomics.load(cell, 0) < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  return [threadId, heldByPool().value];
});
export const moved = answering((length) => {
  last = new Float32Array(length).fill(2);
  return new Transfer(last, [last.buffer]);
});
export const left = answering(() => last.length);
export const slowly = answering(async (cell) => {
  Atomics.add(cell, 0, 1);
  while (Atomics.load(cell, 2) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  Atomics.add(cell, 1, 1);
});
`;

let folder: string;
let pool: Pool | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pool-"));
  await writeFile(join(folder, "worker.mjs"), worker);
});
afterEach(() => pool?.close());
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (threads = 1): Pool => {
  pool = openPool(pathToFileURL(join(folder, "worker.mjs")), { threads, held: { value: 7 } });
  return pool;
};

it("hands what is held to every thread", async () => {
  const { run } = open(2);
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const [one, other] = await Promise.all([1, 2].map(() => run<[number, number]>(cell, "together")));
  expect([one![1], other![1]]).toEqual([7, 7]);
  expect(one![0]).not.toBe(other![0]);
  expect(await Promise.all([1, 2, 3].map((factor) => run(factor)))).toEqual([7, 14, 21]);
});

it("moves what is transferred", async () => {
  const { run } = open();
  expect(await run(3, "moved")).toEqual(Float32Array.of(2, 2, 2));
  expect(await run(null, "left")).toBe(0);
});

it("passes errors on with tag, message, path and what their cause says, and works on after them", async () => {
  const { run } = open();
  const refused: unknown = await run("/data/a.mrc", "refuse").catch((error: unknown) => error);
  expect(refused).toMatchObject({
    tag: "BadDataset",
    message: "no such volume",
    path: "/data/a.mrc",
    cause: { message: "ENOENT" },
  });
  const defect: unknown = await run(0, "fail").catch((error: unknown) => error);
  expect(defect).toMatchObject({
    name: "RangeError",
    message: "a defect",
    stack: expect.stringContaining("worker.mjs"),
  });
  expect(defect).not.toHaveProperty("tag");
  expect(await run(1)).toBe(7);
});

it("closes while busy: what goes on is finished, what waits is refused, and nothing is asked afterwards", async () => {
  const cell = new Int32Array(new SharedArrayBuffer(12));
  const { run, close } = open();
  const [first, second] = [run(cell, "slowly"), run(cell, "slowly")];
  const refused = expect(second).rejects.toThrow("had not begun when its pool was closed");
  while (Atomics.load(cell, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const closing = Promise.all([close(), close()]);
  await wait(100);
  Atomics.store(cell, 2, 1);
  await closing;
  await first;
  await refused;
  expect([...cell]).toEqual([1, 1, 1]);
  await expect(run(1)).rejects.toThrow("closed");
});

it("refuses all work where its threads do not start, in place of waiting for them", async () => {
  await writeFile(
    join(folder, "broken.mjs"),
    `throw Object.assign(new Error("Worker initialization failure: EAGAIN"), { code: "ERR_WORKER_INIT_FAILED" });`,
  );
  const broken = openPool(pathToFileURL(join(folder, "broken.mjs")), { threads: 2, atOnce: 0, held: 0 });
  const all = await Promise.allSettled([1, 2, 3].map((task) => broken.run(task)));
  for (const one of all)
    expect(one).toMatchObject({ status: "rejected", reason: { message: expect.stringContaining("EAGAIN") } });
  await broken.close();
});
