// Holds the generated parts and pages of the documents against the source that they are made from.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { root } from "../support/docs/markdown.js";

it("parts and pages are what the source says: npm run docs", async () => {
  const check = promisify(execFile)(process.execPath, [join(root, "bin/docs.js"), "--check"]);
  await expect(check).resolves.toEqual({ stdout: "", stderr: "" });
});
