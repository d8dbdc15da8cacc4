import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { borrowThread, startThread, type Thread } from "../../../src/system/threads/threads.js";

const dist = (name: string) =>
  pathToFileURL(fileURLToPath(new URL(`../../../dist/${name}.js`, import.meta.url))).href;
const worker = `
import { PickbenchError } from "${dist("system/errors")}";
import { Transfer, serve, tell, uninterrupted } from "${dist("system/threads/threads")}";
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
      Atomics.wait(cell, 1, 0);
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
  const cell = new Int32Array(new SharedArrayBuffer(8));
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const { call, close } = start(() => begin());
  const waiting = [call("whole", cell), call("whole", cell)].map((each) =>
    expect(each).rejects.toThrow("ended with code"),
  );
  await begun;
  const closing = Promise.all([close(), close()]);
  await wait(100);
  expect(cell[0]).toBe(0);
  Atomics.store(cell, 1, 1);
  Atomics.notify(cell, 1);
  await closing;
  expect(cell[0]).toBe(1);
  await Promise.all(waiting);
});

const lending = `
import { threadId } from "node:worker_threads";
import { serve, tell } from "${dist("system/threads/threads")}";
let count = 0;
serve({
  count: () => ++count,
  id: () => threadId,
  slowly: (ms) => new Promise((resolve) => setTimeout(resolve, ms, ++count)),
  say(what) { tell(what); return new Promise((resolve) => setTimeout(resolve, 0)); },
  sayLater({ what, cell }) {
    const asked = setInterval(() => {
      if (Atomics.load(cell, 0) === 0) return;
      clearInterval(asked);
      tell(what);
    }, 5);
  },
  release() { count = 0; if (RELEASES === "no") throw new Error("stuck"); },
});
`;

/** The URL of a worker of which no thread was lent before. */
async function lendingModule(name: string, releases = "yes"): Promise<URL> {
  const path = join(folder, `${name}.mjs`);
  await writeFile(path, lending.replace("RELEASES", JSON.stringify(releases)));
  return pathToFileURL(path);
}

it("lends a thread that was given back to the next borrower, without what it held", async () => {
  const module = await lendingModule("again");
  const first = borrowThread(module);
  const id = await first.call("id", 0);
  expect([await first.call("count", 0), await first.call("count", 0)]).toEqual([1, 2]);
  await first.close();
  const second = borrowThread(module);
  expect(await second.call("id", 0)).toBe(id);
  expect(await second.call("count", 0)).toBe(1);
  await second.close();
});

it("lets whoever gave a thread back neither call it nor take it from the next borrower", async () => {
  const module = await lendingModule("twice");
  const first = borrowThread(module);
  await first.call("count", 0);
  await Promise.all([first.close(), first.close()]);
  const second = borrowThread(module);
  expect(await second.call("count", 0)).toBe(1);
  await first.close();
  await expect(first.call("count", 0)).rejects.toThrow("count was asked of a thread that is given back");
  expect(await second.call("count", 0)).toBe(2);
  await second.close();
});

it("tells the present borrower of a thread alone", async () => {
  const module = await lendingModule("telling");
  const [early, late]: string[][] = [[], []];
  const first = borrowThread(module, (event: string) => early!.push(event));
  await first.call("say", "to the first");
  const cell = new Int32Array(new SharedArrayBuffer(4));
  await first.call("sayLater", { what: "to the second", cell });
  await first.close();
  const second = borrowThread(module, (event: string) => late!.push(event));
  await second.call("say", "to the second");
  Atomics.store(cell, 0, 1);
  await vi.waitFor(() => expect(late).toHaveLength(2), { timeout: 60_000 });
  await second.close();
  expect(early).toEqual(["to the first"]);
  expect(late).toEqual(["to the second", "to the second"]);
});

it("ends a thread that is given back with calls in progress", async () => {
  const module = await lendingModule("busy");
  const first = borrowThread(module);
  const id = await first.call("id", 0);
  const waiting = expect(first.call("slowly", 60_000)).rejects.toThrow("ended with code");
  await first.close();
  await waiting;
  const second = borrowThread(module);
  expect(await second.call("id", 0)).not.toBe(id);
  await second.close();
});

it("keeps one of two threads that are given back", async () => {
  const module = await lendingModule("two");
  const both = [borrowThread(module), borrowThread(module)];
  const ids = await Promise.all(both.map((each) => each.call("id", 0)));
  expect(new Set(ids).size).toBe(2);
  await Promise.all(both.map((each) => each.close()));
  const next = [borrowThread(module), borrowThread(module)];
  const nextIds = await Promise.all(next.map((each) => each.call("id", 0)));
  expect(ids.filter((id) => nextIds.includes(id))).toHaveLength(1);
  await Promise.all(next.map((each) => each.close()));
});

it("ends a thread whose worker cannot let go of what it holds", async () => {
  const module = await lendingModule("stuck", "no");
  const first = borrowThread(module);
  const id = await first.call("id", 0);
  await first.close();
  const second = borrowThread(module);
  expect(await second.call("id", 0)).not.toBe(id);
  await second.close();
});

it("keeps no process for a thread that waits to be lent", async () => {
  const module = await lendingModule("idle");
  const path = join(folder, "borrower.mjs");
  const script = `
    import { borrowThread } from "${dist("system/threads/threads")}";
    const thread = borrowThread(new URL("${module.href}"));
    console.log(await thread.call("count", 0));
    await thread.close();
  `;
  await writeFile(path, script);
  const { stdout, stderr, status } = spawnSync(process.execPath, [path], {
    encoding: "utf8",
    timeout: 600_000,
  });
  expect({ stdout, stderr, status }).toEqual({ stdout: "1\n", stderr: "", status: 0 });
});
