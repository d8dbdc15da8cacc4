// Work on a tomogram that arrived, for tests: `node watchedWork.mjs FOLDER LINES MS`. Adds a line to LINES with the run and the
// hash of what it read, in the middle of MS ms, and says where another process was at the same tomogram or was left over.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { busyCode, takeTask } from "../../dist/watch/task.js";

const [folder, lines, ms] = process.argv.slice(2);

/** Hash of a file, or of all files in a folder with their names. */
function hashOfTomogram(path) {
  const hash = createHash("sha256");
  if (statSync(path).isFile()) return hash.update(readFileSync(path)).digest("hex");
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).sort();
  for (const name of names)
    if (statSync(join(path, name)).isFile()) hash.update(name).update(readFileSync(join(path, name)));
  return hash.digest("hex");
}

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1][0] !== "Z";
  } catch {
    return false;
  }
};

function pidsIn(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return [];
  }
}

const taken = await takeTask(folder, async ({ run, tomogram }) => {
  const pids = join(folder, "pids.json");
  if (pidsIn(pids).some(isAlive)) appendFileSync(lines, `OVERLAP ${run}\n`);
  const left = spawn("sleep", ["600"], { stdio: "ignore" });
  writeFileSync(pids, JSON.stringify([process.pid, left.pid]));
  await wait((Number(ms) * (run.length % 3)) / 3);
  appendFileSync(lines, `${JSON.stringify([run, hashOfTomogram(tomogram)])}\n`);
  await wait(Number(ms) / 2);
  left.kill();
  return { done: ["work"], skipped: [] };
});
if (taken === "busy") process.exitCode = busyCode;
