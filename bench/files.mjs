// Times convert of many rows and leaderboard of many records: processor time, wall time and greatest memory of whole
// processes, in turns with pandas where it is installed, and with another checkout where one is named.
//
//   node bench/files.mjs [--rows 1000000] [--records 2000] [--rounds 5] [--beside CHECKOUT]
//
// Every checkout must be built. The last rows of both programs' CSVs must be the same. What was made is not noted
// (PICKBENCH_MADE=no): that reads each file once more for its hash.
import { spawnSync } from "node:child_process";
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { once } from "node:events";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values: asked } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    records: { type: "string", default: "2000" },
    rounds: { type: "string", default: "5" },
    beside: { type: "string" },
  },
});
const here = fileURLToPath(new URL("..", import.meta.url));
const built = (path) => import(pathToFileURL(join(here, "dist", path)).href);
const { randomFor } = await built("domain/random.js");
const { challengeParticles } = await built("domain/particles.js");
const { scorePicks } = await built("score/score.js");
const { runReport } = await built("score/report.js");
const types = challengeParticles.map(({ name }) => name);
const scratch = mkdtempSync(join(tmpdir(), "pickbench-files-"));

/** Writes a CSV of 2,000 rows a run, whose types alternate. */
async function writeRows(path, rows) {
  const file = createWriteStream(path);
  file.write("id,experiment,particle_type,x,y,z\n");
  const random = randomFor(0, "bench/files");
  for (let row = 0; row < rows; row++) {
    const place = [6300, 6300, 1840].map((most) => random.between(0, most).toFixed(3));
    const text = `${row},TS_${Math.floor(row / 2000)},${types[row % types.length]},${place.join(",")}\n`;
    if (!file.write(text)) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
}

/** Writes submissions of seven runs, each with a score of its own, as records of runs that never were. */
function writeRecords(root, count) {
  const runs = Array.from({ length: 7 }, (_, at) => `TS_${at}`);
  const random = randomFor(1, "bench/files");
  const place = () => ({
    x: random.between(0, 6300),
    y: random.between(0, 6300),
    z: random.between(0, 1840),
  });
  const picksOf = () => types.flatMap((type) => Array.from({ length: 20 }, () => ({ type, ...place() })));
  const truth = new Map(runs.map((run) => [run, picksOf()]));
  const like = JSON.parse(readFileSync(join(here, "submissions", "compare-baseline", "record.json"), "utf8"));
  for (let at = 0; at < count; at++) {
    const skill = random.between(0.3, 0.9);
    const found = new Map(
      [...truth].map(([run, picks]) => [run, picks.filter(() => random.uniform() < skill)]),
    );
    const holdout = scorePicks(truth, found);
    const { score, strictScore } = holdout;
    const name = `experiment-${at}`;
    const record = {
      ...like,
      name,
      seed: at,
      runs: { ...like.runs, holdout: runs },
      result: { ...like.result, metrics: { score, strictScore } },
    };
    mkdirSync(join(root, name), { recursive: true });
    writeFileSync(join(root, name, "record.json"), JSON.stringify(record));
    writeFileSync(join(root, name, "report.json"), JSON.stringify(runReport(name, { holdout })));
  }
}

/** Runs a process; returns its processor time and wall time in ms and its greatest memory in MB. */
function timed(command, args) {
  const measure =
    "import os,resource,subprocess,sys,time\nt=time.perf_counter()\nr=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL).returncode\nw=time.perf_counter()-t\nu=resource.getrusage(resource.RUSAGE_CHILDREN)\nprint(r,1e3*(u.ru_utime+u.ru_stime),1e3*w,u.ru_maxrss/1024)";
  const { stdout, stderr } = spawnSync(python, ["-c", measure, command, ...args], {
    encoding: "utf8",
    env: { ...process.env, PICKBENCH_MADE: "no" },
  });
  const [status, processor, wall, memory] = stdout.trim().split(" ").map(Number);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return { processor, wall, memory };
}

/** Median, and the quartiles as the spread, in whole numbers. */
function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => Math.round(sorted[Math.round(share * (sorted.length - 1))]);
  return `${at(0.5)} (${at(0.25)} to ${at(0.75)})`;
}

const python = "/usr/bin/python3";
const hasPandas = spawnSync(python, ["-c", "import pandas"]).status === 0;
const checkouts = [["pickbench", here], ...(asked.beside ? [["beside", resolve(asked.beside)]] : [])];
const own = (folder, ...args) => [
  process.execPath,
  [join(folder, "bin", "pickbench.js"), ...args, "--overwrite"],
];
const from = join(scratch, "from.csv");
const records = join(scratch, "records");
const into = (name, end) => join(scratch, `${name}${end}`);
const box = ["--spacing", "10", "--size", "184,630,630"];

/** Programs by what is timed. */
const timings = {
  "convert, CSV to CSV": Object.fromEntries([
    ...checkouts.map(([name, folder]) => [name, own(folder, "convert", from, into(name, ".csv"), ...box)]),
    ...(hasPandas
      ? [["pandas", [python, [join(here, "bench/peers/convert_pandas.py"), from, into("pandas", ".csv")]]]]
      : []),
  ]),
  "convert, CSV to STAR": Object.fromEntries([
    ...checkouts.map(([name, folder]) => [name, own(folder, "convert", from, into(name, ".star"), ...box)]),
    ...(hasPandas
      ? [["pandas", [python, [join(here, "bench/peers/convert_pandas.py"), from, into("pandas", ".star")]]]]
      : []),
  ]),
  "convert, CSV to copick": Object.fromEntries(
    checkouts.map(([name, folder]) => [
      name,
      own(folder, "convert", from, into(name, "-copick"), "--to-format", "copick", ...box),
    ]),
  ),
  leaderboard: Object.fromEntries(
    checkouts.map(([name, folder]) => [name, own(folder, "leaderboard", "--submissions", records)]),
  ),
};

/** Compares the last rows of what two programs wrote: both number the rows, so that as many stand before. */
function checkAlike() {
  const last = (name) => readFileSync(into(name, ".csv"), "latin1").trimEnd().split("\n").at(-1).split(",");
  const [ours, theirs] = [last("pickbench"), last("pandas")];
  if (ours.some((field, i) => field !== theirs[i] && Number(field) !== Number(theirs[i])))
    throw new Error(`the last row is ${ours}, the peer's ${theirs}`);
}

try {
  await writeRows(from, Number(asked.rows));
  writeRecords(records, Number(asked.records));
  console.log(`${asked.rows} rows, ${asked.records} records; medians (quartiles) of ${asked.rounds}`);
  for (const [what, programs] of Object.entries(timings)) {
    const taken = new Map(Object.keys(programs).map((name) => [name, []]));
    for (let round = 0; round < Number(asked.rounds); round++)
      for (const [name, [command, args]] of Object.entries(programs))
        taken.get(name).push(timed(command, args));
    for (const [name, times] of taken) {
      const of = (key) => spread(times.map((time) => time[key]));
      console.log(
        `${what}, ${name}: processor ms ${of("processor")}, wall ms ${of("wall")}, memory MB ${of("memory")}`,
      );
    }
    if (what === "convert, CSV to CSV" && hasPandas) checkAlike();
  }
} finally {
  rmSync(scratch, { recursive: true });
}
