import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { startThread, type Thread } from "../../src/system/threads.js";

const dist = (name: string) =>
  pathToFileURL(fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url))).href;
const worker = `
import { PickbenchError } from "${dist("system/errors")}";
import { Transfer, serve, tell, uninterrupted } from "${dist("system/threads")}";
let count = 0;
let last;
serve({
  count: () => ++count,
  async slowly(ms) { await new Promise((resolve) => setTimeout(resolve, ms)); return ++count; },
  refuse(message) { throw new PickbenchError("NotFinite", message, { path: "/a.mrc", cause: new Error("NaN") }); },
  fail() { throw new TypeError("a defect"); },
  uncloneable: () => () => 1,
  steps(n) { for (let i = 1; i <= n; i++) tell({ done: i }); return n; },
  moved(length) { last = new Float32Array(length).fill(2); return new Transfer(last, [last.buffer]); },
  left: () => last.length,
  crash() { setTimeout(() => { throw new Error("crashed") }); return new Promise(() => {}); },
  leave() { process.exit(3); },
  spin() { for (;;); },
  whole(cell) {
    return uninterrupted(() => {
      tell("begun");
      for (const until = Date.now() + 200; Date.now() < until;);
      Atomics.add(cell, 0, 1);
    });
  },
});
`;

let folder: string;
let thread: Thread | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "threads-"));
  await writeFile(join(folder, "worker.mjs"), worker);
});
afterEach(() => thread?.close());
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (onEvent?: (event: never) => void): Thread => {
  thread = startThread(pathToFileURL(join(folder, "worker.mjs")), onEvent);
  return thread;
};

it("keeps state, and answers calls in their order even where one takes long", async () => {
  const { call } = start();
  expect(await Promise.all([call("count", 0), call("slowly", 20), call("count", 0)])).toEqual([1, 2, 3]);
});

it("passes errors on with tag, message, path and what their cause says, and works on after them", async () => {
  const { call } = start();
  await expect(call("refuse", "loss is NaN")).rejects.toMatchObject({
    tag: "NotFinite",
    message: "loss is NaN",
    path: "/a.mrc",
    cause: { message: "NaN" },
  });
  const defect: unknown = await call("fail", 0).catch((error: unknown) => error);
  expect(defect).toMatchObject({ message: "a defect", stack: expect.stringContaining("worker.mjs") });
  expect(defect).not.toHaveProperty("tag");
  await expect(call("unheard", 0)).rejects.toThrow(/not a function/);
  await expect(call("uncloneable", 0)).rejects.toThrow(/could not be cloned/);
  await expect(call("count", () => 1)).rejects.toThrow(/could not be cloned/);
  expect(await call("count", 0)).toBe(1);
});

it("hears of progress before the answer", async () => {
  const heard: number[] = [];
  const { call } = start(({ done }: { done: number }) => heard.push(done));
  expect(await call("steps", 3)).toBe(3);
  expect(heard).toEqual([1, 2, 3]);
});

it("moves buffers in and out", async () => {
  const { call } = start();
  expect(await call("moved", 3)).toEqual(Float32Array.of(2, 2, 2));
  expect(await call("left", null)).toBe(0);
  const given = new Float32Array(4);
  await call("count", given, [given.buffer]);
  expect(given.length).toBe(0);
});

it.each(["crash", "leave"])(
  "rejects what waits and what comes after when the thread ends by %s",
  async (method) => {
    const { call } = start();
    const [first, second] = await Promise.allSettled([call(method, 0), call("count", 0)]);
    expect([first.status, second.status]).toEqual(["rejected", "rejected"]);
    await expect(call("count", 0)).rejects.toThrow(method === "crash" ? "crashed" : "ended with code 3");
  },
);

it("closes while busy, rejecting what waits", async () => {
  const { call, close } = start();
  const waiting = expect(call("spin", 0)).rejects.toThrow("ended with code");
  await close();
  await waiting;
});

it("closes after the uninterrupted work that goes on, and begins none of what waits", async () => {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const { call, close } = start(() => begin());
  const waiting = [call("whole", cell), call("whole", cell)].map((each) =>
    expect(each).rejects.toThrow("ended with code"),
  );
  await begun;
  expect(cell[0]).toBe(0);
  await Promise.all([close(), close()]);
  expect(cell[0]).toBe(1);
  await Promise.all(waiting);
});
