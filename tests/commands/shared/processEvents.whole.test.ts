import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const bin = fileURLToPath(new URL("../../../bin/pickbench.js", import.meta.url));
const built = (name: string) => fileURLToPath(new URL(`../../../dist/${name}.js`, import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "events-"));
  await writeFile(
    join(folder, "script.mjs"),
    `import { writeFileSync } from "node:fs";
    import { setTimeout as wait } from "node:timers/promises";
    import { listenToProcess } from ${JSON.stringify(built("commands/shared/processEvents"))};
    import { withLock } from ${JSON.stringify(built("system/lock"))};
    import { beside } from ${JSON.stringify(built("system/paths/replacing"))};
    listenToProcess(false);
    const works = {
      async prints(out) {
        for (let line = 0; line < 20; line++) {
          process.stdout.write("x".repeat(100_000) + "\\n");
          await wait(10);
        }
        writeFileSync(out, "whole");
      },
      async locks(out) {
        await withLock(out + ".lock", out, async () => {
          writeFileSync((await beside(out)).partial, "half");
          process.stderr.write("locked\\n");
          await wait(60_000);
        });
      },
      async strays() {
        setTimeout(() => { throw Object.assign(new Error("ENOSPC: x, write"), { code: "ENOSPC", syscall: "write", path: "/data/a" }); });
        await wait(60_000);
      },
    };
    await works[process.argv[2]](process.argv[3]);`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs one of the script's works in a shell line. */
function script(line: string): Promise<{ code: number; stderr: string }> {
  const args = [
    "-c",
    `set -o pipefail; ${line.replace("SCRIPT", `"${process.execPath}" "${join(folder, "script.mjs")}"`)}`,
  ];
  return new Promise((resolve) =>
    execFile("bash", args, (error, _, stderr) => resolve({ code: Number(error?.code ?? 0), stderr })),
  );
}

it("goes on to the end of its work where the pipe behind standard output is closed", async () => {
  const out = join(folder, "a");
  expect(await script(`SCRIPT prints ${out} | head -c 10 >/dev/null`)).toEqual({ code: 0, stderr: "" });
  expect(await readFile(out, "utf8")).toBe("whole");
});

it("goes on where the disk behind standard output is full, and says so at the end", async () => {
  const out = join(folder, "b");
  expect(await script(`SCRIPT prints ${out} >/dev/full`)).toEqual({
    code: 1,
    stderr: "pickbench: standard output: the disk is full; make room, or name another place\n",
  });
  expect(await readFile(out, "utf8")).toBe("whole");
});

it("says a stray error of the system in one sentence", async () => {
  expect(await script("SCRIPT strays")).toEqual({
    code: 1,
    stderr: "pickbench: /data/a: the disk is full; make room, or name another place\n",
  });
});

it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "ends on %s with a word, without its lock and its unfinished file",
  async (signal) => {
    const place = join(folder, signal);
    await mkdir(place);
    const child = spawn(process.execPath, [join(folder, "script.mjs"), "locks", join(place, "c")]);
    let stderr = "";
    child.stderr.on("data", (text: Buffer) => {
      stderr += text.toString();
      if (stderr === "locked\n") child.kill(signal);
    });
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(130);
    expect(stderr).toBe(`locked\npickbench: stopped by ${signal}; unfinished files are removed\n`);
    expect(await readdir(place)).toEqual([]);
  },
);

it("ends a command in the middle of its files, which can be begun again", async () => {
  const out = join(folder, "phantoms");
  const args = ["simulate", "--out", out, "--count", "2", "--size", "64,128,128"];
  const child = spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  while (child.exitCode === null && !existsSync(out)) await wait(5);
  child.kill("SIGTERM");
  expect(await new Promise((resolve) => child.on("close", resolve))).toBe(130);
  expect(stderr).toContain("pickbench: stopped by SIGTERM");
  const names = existsSync(out) ? await readdir(out, { recursive: true }) : [];
  expect(names.filter((name) => name.includes(".partial-"))).toEqual([]);
});
