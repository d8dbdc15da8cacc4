import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const breaking = fileURLToPath(new URL("../../support/trainUntilBroken.mjs", import.meta.url));

test.each([
  ["close", 0],
  ["close", 30],
  ["exit", 30],
] as const)("a training broken off within a step ends in order: %s after %i ms", (how, delay) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [breaking, how, String(delay)], {
    encoding: "utf8",
    timeout: 250_000,
  });
  expect(stderr).toBe("");
  expect(status).toBe(how === "exit" ? 7 : 0);
  expect(stdout).toMatch(how === "exit" ? /^$/ : /^a worker thread ended with code/);
});
