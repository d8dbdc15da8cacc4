/** Builds dist/ before the tests. */
import { execFileSync } from "node:child_process";

/** Builds dist/, since worker threads load plain JavaScript. */
export default function setup(): void {
  execFileSync(process.execPath, ["bin/build.js"], { stdio: "inherit" });
}
