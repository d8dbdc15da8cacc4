/**
 * Preloaded into each process of a test: adds to the file TRACE_WRITES when a process first changes anything on disk, and when it
 * ends, as lines of JSON. Times are of the monotonic clock, which all processes of a machine share.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";

const { appendFileSync } = fs;
const note = (what) =>
  appendFileSync(
    process.env.TRACE_WRITES,
    `${JSON.stringify({ at: Number(process.hrtime.bigint()), pid: process.pid, what, argv: process.argv.slice(2) })}\n`,
  );

let isNoted = false;
function changes() {
  if (isNoted) return;
  isNoted = true;
  note("writes");
}

const isWriting = (flags) => (typeof flags === "number" ? (flags & 3) > 0 : /[wax+]/.test(flags ?? "r"));
const noting =
  (given, opens) =>
  (path, ...rest) => {
    if (!opens || isWriting(rest[0])) changes();
    return given(path, ...rest);
  };
for (const name of ["mkdir", "writeFile", "appendFile", "rename", "rm", "link", "open"]) {
  fs.promises[name] = noting(fs.promises[name], name === "open");
  fs[`${name}Sync`] = noting(fs[`${name}Sync`], name === "open");
}
syncBuiltinESMExports();
if (isMainThread) process.on("exit", () => isNoted && note("ends"));
