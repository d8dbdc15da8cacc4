// What a studio that was killed has left running.
import { spawn } from "node:child_process";
import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Jobs } from "../../../src/studio/assist/jobs.js";
import { isRunning, processFacts, thisProcess } from "../../../src/system/owner.js";

test.skipIf(process.platform !== "linux")(
  "is ended where it is known for sure, by a note that nobody else could write",
  async () => {
    const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
    const pid = child.pid!;
    const { started } = processFacts(pid)!;
    const owner = { ...thisProcess(), pid, started };
    const note = join(await mkdtemp(join(tmpdir(), "left-")), "processes.json");
    const endBy = async (text: string, mode: number): Promise<boolean | "elsewhere"> => {
      await writeFile(note, text);
      await chmod(note, mode);
      await new Jobs(note).endLeft();
      return isRunning(owner);
    };
    expect(await endBy(JSON.stringify([{ ...owner, started: 0 }]), 0o600)).toBe(true);
    expect(await endBy(JSON.stringify([owner]), 0o660)).toBe(true);
    expect(await endBy(JSON.stringify([owner]), 0o600)).toBe(false);
  },
);
