/** Debian's Python, for fixtures computed on the spot. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const python = "/usr/bin/python3";

/** Tells whether Debian's Python has these modules. */
export const pythonHas = (...modules: readonly string[]): boolean =>
  existsSync(python) && spawnSync(python, ["-c", `import ${modules.join(", ")}`]).status === 0;

/** Runs a script of tests/fixtures/data and parses its output. */
export function runPython(script: string, ...args: readonly string[]): unknown {
  return runPythonFile(new URL(`../fixtures/data/${script}`, import.meta.url).pathname, ...args);
}

/** Runs any script and parses its output. */
export function runPythonFile(file: string, ...args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync(python, [file, ...args], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${file} ${args.join(" ")}: ${stderr}`);
  return JSON.parse(stdout);
}
