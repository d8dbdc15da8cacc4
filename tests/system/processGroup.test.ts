import { afterEach, expect, test, vi } from "vitest";
import { thisProcess } from "../../src/system/owner.js";
import { endGroup } from "../../src/system/processGroup.js";

afterEach(() => vi.restoreAllMocks());

test("a group that this user may not end is left, and not waited for", async () => {
  const asked = vi.spyOn(process, "kill").mockImplementation(() => {
    throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
  });
  await endGroup(thisProcess(), 0);
  expect(asked).toHaveBeenCalledWith(-process.pid, "SIGTERM");
  expect(asked).not.toHaveBeenCalledWith(-process.pid, "SIGKILL");
});
