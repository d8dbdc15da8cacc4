import { expect, test } from "vitest";
import { PickbenchError } from "../../src/system/errors.js";
import { naming, userErrorOf } from "../../src/system/systemErrors.js";
import { errorOf, failureOf } from "../../src/system/threads/failure.js";

const error = (code: string, message = code, more: object = {}) =>
  Object.assign(new Error(message), { code, syscall: "write", ...more });

test.each([
  [error("ENOSPC", "ENOSPC", { path: "/d/a" }), "/d/a: the disk is full; make room, or name another place"],
  [
    error("EACCES", "EACCES", { path: "/d/a" }),
    "/d/a: permission denied; change its permissions, or name another place",
  ],
  [error("EROFS", "EROFS", { path: "/d/a" }), "/d/a: it can only be read; name another place"],
  [error("EMFILE"), "too many files are open; raise ulimit -n"],
  [
    error("EAGAIN", "spawn EAGAIN"),
    "the system starts no more threads or processes; give fewer --threads, or raise ulimit -u",
  ],
  [
    Object.assign(new Error("Worker initialization failure: EAGAIN"), { code: "ERR_WORKER_INIT_FAILED" }),
    "the system starts no more threads or processes; give fewer --threads, or raise ulimit -u",
  ],
  [
    Object.assign(new Error("Worker terminated due to reaching memory limit"), {
      code: "ERR_WORKER_OUT_OF_MEMORY",
    }),
    "the memory is used up; give fewer --threads, or use a machine with more memory",
  ],
  [
    new RangeError("Array buffer allocation failed"),
    "the memory is used up; give fewer --threads, or use a machine with more memory",
  ],
  [
    new Error("[ONNXRuntimeError] std::bad_alloc"),
    "the memory is used up; give fewer --threads, or use a machine with more memory",
  ],
  [
    error("EUNKNOWN", "EUNKNOWN: odd", { path: "/d/a" }),
    "/d/a: the system refuses it (EUNKNOWN, write); name another place",
  ],
])("%s is said in one sentence", (thrown, sentence) => {
  expect(userErrorOf(thrown)).toMatchObject({ tag: "System", message: sentence });
});

test("what no system says is a defect still", () => {
  for (const thrown of [
    new TypeError("x is not a function"),
    error("EBADF"),
    new RangeError("Invalid typed array length: -1"),
    "text",
  ])
    expect(userErrorOf(thrown)).toBeUndefined();
});

test("the place is named where the system names none, or one beside it, and not where it names another", async () => {
  const thrown = (path?: string) =>
    naming("/d/out.csv", () =>
      Promise.reject(error("ENOSPC", "ENOSPC", path === undefined ? {} : { path })),
    ).catch(({ message }: Error) => message);
  expect(await thrown()).toMatch(/^\/d\/out\.csv: the disk is full/);
  expect(await thrown("/d/out.csv.partial-1-2-3")).toMatch(/^\/d\/out\.csv: /);
  expect(await thrown("/other")).toMatch(/^\/other: /);
  const own = new PickbenchError("BadDataset", "as it is");
  await expect(naming("/d", () => Promise.reject(own))).rejects.toBe(own);
});

test("crosses a thread with what it says", () => {
  const crossed = errorOf(structuredClone(failureOf(error("ENOSPC", "ENOSPC", { path: "/d/a" }))));
  expect(crossed).toMatchObject({ tag: "System", path: "/d/a" });
});
