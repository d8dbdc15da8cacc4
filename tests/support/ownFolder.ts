/** A working folder of each test's own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach } from "vitest";

/** Lets each test of a file work in a new folder, which `fill` is called in, and which is removed after it. */
export function workInOwnFolder(fill: () => Promise<unknown>): void {
  beforeEach(async () => {
    const home = process.cwd();
    const folder = await mkdtemp(join(tmpdir(), "pickbench-"));
    process.chdir(folder);
    await fill();
    return async () => {
      process.chdir(home);
      await rm(folder, { recursive: true });
    };
  });
}
