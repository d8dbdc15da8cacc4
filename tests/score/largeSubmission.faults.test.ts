import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { challengeParticles } from "../../src/domain/particles.js";
import { faults } from "../support/faults.js";

const folder = mkdtempSync(join(tmpdir(), "pickbench-large-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rows = faults(300_000, 10_000_000);
const runs = 500;
const mostMegabytes = 100;
/** Prints the most memory that the process held, in kB, when it ends. */
const printsMemory = `data:text/javascript,process.on("exit",()=>process.stderr.write("maxRSS "+process.resourceUsage().maxRSS+"\\n"))`;

/** A row of a submission; the coordinates step through the volume without repeating. */
const row = (id: number): string =>
  `${id},TS_${Math.floor((id * runs) / rows)},${challengeParticles[id % 6]!.name},${(id * 7.319) % 6300},${(id * 3.117) % 6300},${(id * 1.733) % 1840}`;

async function writeRows(path: string, ids: Iterable<number>): Promise<void> {
  const file = createWriteStream(path);
  file.write("id,experiment,particle_type,x,y,z\n");
  let text: string[] = [];
  for (const id of ids) {
    if (text.push(row(id)) < 50_000) continue;
    if (!file.write(`${text.join("\n")}\n`)) await once(file, "drain");
    text = [];
  }
  file.end(text.length > 0 ? `${text.join("\n")}\n` : "");
  await once(file, "close");
}

function* every(step: number): Generator<number> {
  for (let id = 0; id < rows; id += step) yield id;
}

test(`a submission of ${rows} rows is scored in less than ${mostMegabytes} MB`, async () => {
  const [submission, truth] = [join(folder, "submission.csv"), join(folder, "truth.csv")];
  await writeRows(submission, every(1));
  await writeRows(truth, every(Math.ceil(rows / 60_000) * 6 + 1));
  const args = [
    "--import",
    printsMemory,
    "bin/pickbench.js",
    "score",
    submission,
    "--truth",
    truth,
    "--json",
  ];
  const child = spawn(process.execPath, args);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stdout.resume();
  const [code] = await once(child, "close");
  const megabytes = [...said.matchAll(/maxRSS (\d+)/g)].map((match) => Number(match[1]) / 1024);
  console.log(`${rows} rows: ${Math.round(Math.max(...megabytes))} MB`);
  expect(code, said).toBe(0);
  expect(megabytes.length).toBeGreaterThan(0);
  expect(Math.max(...megabytes)).toBeLessThan(mostMegabytes);
});
