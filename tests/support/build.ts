import { execFileSync } from "node:child_process";

/** Worker threads load plain JavaScript, so the tests build dist/ first, as the command line does. */
export default function setup(): void {
  execFileSync(process.execPath, ["bin/build.js"], { stdio: "inherit" });
}
