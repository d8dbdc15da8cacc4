// Times the studio's verdicts: counts and verdicts of 10,000 picks at a slider's settings, and a CSV of a million picks.
//
//   node bench/verdicts.mjs [--picks 10000] [--rows 1000000]
//
// Needs dist/ (npm run build). Picks and particles are drawn in 184×630×630 voxels of 10 Å; the page's own modules are bundled as for the browser.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { challengeParticles } from "../dist/domain/particles.js";
import { randomFor } from "../dist/domain/random.js";
import { countAllRuns } from "../dist/studio/picks/allRuns.js";
import { PickSets } from "../dist/studio/picks/sets.js";
import { silentReporter } from "../dist/system/reporter.js";

const { values } = parseArgs({
  options: { picks: { type: "string", default: "10000" }, rows: { type: "string", default: "1000000" } },
});
const runs = ["TS_1", "TS_2", "TS_3", "TS_4", "TS_5"];
const scratch = mkdtempSync(join(tmpdir(), "pickbench-verdicts-"));
const { uniform } = randomFor(1, "verdicts-bench", 0);

/** Draws a pick. */
const drawn = (at) => ({
  type: challengeParticles[at % challengeParticles.length].name,
  ...{ x: uniform() * 6300, y: uniform() * 6300, z: uniform() * 1840, score: uniform() },
});

/** Loads the page's modules that count and judge. */
async function pageModules() {
  const folder = fileURLToPath(new URL("../src/web/studio/verdicts/", import.meta.url));
  const contents = `export { createJudge } from "./verdict.ts"; export { countTable } from "./counting.ts";`;
  const stdin = { contents, resolveDir: folder, loader: "ts" };
  const outfile = join(scratch, "page.mjs");
  await build({ stdin, outfile, bundle: true, format: "esm", platform: "browser", target: "es2022", logLevel: "error" });
  return import(pathToFileURL(outfile));
}

/** Median and quartiles in ms of a work that is done at each of 40 settings. */
function timed(what, work) {
  for (let at = 0; at < 5; at++) work(at / 5);
  const times = Array.from({ length: 40 }, (_, at) => {
    const begun = performance.now();
    work((at + 0.5) / 40);
    return performance.now() - begun;
  }).sort((a, b) => a - b);
  const at = (share) => times[Math.round(share * (times.length - 1))].toFixed(2);
  console.log(`${what}: ${at(0.5)} ms (${at(0.25)} to ${at(0.75)})`);
}

async function once(what, work) {
  const begun = performance.now();
  const result = await work();
  console.log(`${what}: ${(performance.now() - begun).toFixed(0)} ms`);
  return result;
}

try {
  const { createJudge, countTable } = await pageModules();
  const truth = Array.from({ length: 1200 }, (_, at) => drawn(at));
  const picks = Array.from({ length: Number(values.picks) }, (_, at) => drawn(at));
  const judge = await once(`preparing ${picks.length} picks`, async () => createJudge(challengeParticles, truth, picks));
  const names = challengeParticles.map(({ name }) => name);
  timed("counts and score at a setting", (least) =>
    countTable(judge.steps, challengeParticles, new Map(names.map((name) => [name, least])), "challenge"),
  );
  timed("verdicts on one type", (least) => judge.verdicts(names[0], least, "challenge"));
  timed("verdicts on all types", (least) => names.map((name) => judge.verdicts(name, least + 1e-6, "challenge")));

  const path = join(scratch, "picks.csv");
  const header = "id,experiment,particle_type,x,y,z,score,membrane_distance,sample_depth,neighbours\n";
  const row = (at, { type, x, y, z, score }) =>
    `${at},${runs[at % runs.length]},${type},${x.toFixed(3)},${y.toFixed(3)},${z.toFixed(3)},${score.toFixed(5)},${(x / 7).toFixed(1)},${(z / 9).toFixed(1)},${at % 9}\n`;
  const rows = Number(values.rows);
  writeFileSync(path, header);
  for (let from = 0; from < rows; from += 50_000) {
    const part = Array.from({ length: Math.min(50_000, rows - from) }, (_, at) => row(from + at, drawn(from + at)));
    writeFileSync(path, part.join(""), { flag: "a" });
  }
  const known = join(scratch, "truth.csv");
  writeFileSync(known, header + runs.flatMap((_, run) => truth.slice(0, 200).map((each, at) => row(run + 5 * at, each))).join(""));
  const sets = new PickSets({ picks: [path, known], submissions: [], reporter: silentReporter });
  await once(`reading a CSV of ${rows} picks`, () => sets.list(runs[0]));
  await once("counting over all runs", () => countAllRuns(sets, { truth: "p1", set: "p0" }));
  console.log(`most memory: ${Math.round(process.resourceUsage().maxRSS / 1e3)} MB`);
} finally {
  rmSync(scratch, { recursive: true });
}
