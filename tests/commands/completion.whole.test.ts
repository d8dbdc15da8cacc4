/** The completion script in a real bash. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { completionScript } from "../../src/commands/shared/completionScript.js";
import { describeCommands } from "../../src/commands/table.js";

const commands = await describeCommands();

/** What bash offers after these words. */
function completed(words: readonly string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const script = `${completionScript("bash", commands)}
COMP_WORDS=(pickbench ${quoted}); COMP_CWORD=${words.length}; _pickbench; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", script], { encoding: "utf8" })
    .split("\n")
    .filter((word) => word !== "");
}

test("bash completes commands, verbs, flags and their values", () => {
  expect(completed(["sub"])).toEqual(["submit"]);
  expect(completed(["portal", ""])).toEqual(["find", "get"]);
  expect(completed(["run", "--res"])).toEqual(["--resume"]);
  expect(completed(["run", "a.yaml", "--engine", "onnx-c"])).toEqual(["onnx-cpu", "onnx-cuda"]);
  expect(completed(["export", "--no"])).toEqual(["--no-check"]);
  expect(completed(["run", ""])).toEqual([]);
  expect(completed(["--de"])).toEqual(["--debug"]);
});
