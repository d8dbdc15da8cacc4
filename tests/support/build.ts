/** Builds dist/ before the tests. */
import { execFileSync } from "node:child_process";
import type { TestProject } from "vitest/node";

/** Worker threads load plain JavaScript, so the tests build dist/ first, as the command line does, and before a rerun. */
export default function setup(project: TestProject): void {
  build();
  project.onTestsRerun(build);
}

/** What the build says is shown where it fails, as the error's message. */
function build(): void {
  execFileSync(process.execPath, ["bin/build.js"], { stdio: ["ignore", "ignore", "pipe"] });
}
