/** What of a checkout counts as changed code. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codeVersion } from "../../src/domain/environment.js";
import { temporaryFolder } from "../support/storeFixtures.js";

test("what run writes into submissions/ is no change of the code; a changed or new source file is", async () => {
  const root = temporaryFolder();
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", root, "-c", "user.name=a", "-c", "user.email=a@b", ...args]);
  mkdirSync(join(root, "src"));
  mkdirSync(join(root, "submissions"));
  writeFileSync(join(root, "src/a.ts"), "1");
  writeFileSync(join(root, "submissions/LEADERBOARD.md"), "1");
  writeFileSync(join(root, "package.json"), "{}");
  git("init", "-q");
  git("add", "-A");
  git("commit", "-q", "-m", "first");
  const dirty = async () => (await codeVersion(root)).dirty;
  expect(await dirty()).toBe(false);
  writeFileSync(join(root, "submissions/LEADERBOARD.md"), "2");
  writeFileSync(join(root, "submissions/new.csv"), "3");
  writeFileSync(join(root, "my.yaml"), "3");
  expect(await dirty()).toBe(false);
  writeFileSync(join(root, "src/b.ts"), "2");
  expect(await dirty()).toBe(true);
});
