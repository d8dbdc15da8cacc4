// Times a survey of simulated entries, beside pandas on CSVs of the same values: making the database, catching up after 10 new
// tomograms, finding, and memory. Each step runs in a process of its own.
//
//   node bench/survey.mjs [--runs 10000] [--features 30] [--picks 1000] [--folder DIR] [--steps write,make,…]
//
// --picks is per tomogram. DIR needs 4 GB for 10,000 tomograms; it stays where it is given, and is removed otherwise.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const from = (module) => import(`../dist/survey/${module}.js`);
const { values: asked } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    features: { type: "string", default: "30" },
    picks: { type: "string", default: "1000" },
    folder: { type: "string" },
    steps: { type: "string", default: "write,make,find,catchUp,find,command,csv,pandas" },
    step: { type: "string" },
  },
});
const [runs, features, picks] = [asked.runs, asked.features, asked.picks].map(Number);
const folder = asked.folder ?? mkdtempSync(join(tmpdir(), "pickbench-survey-"));
const types = ["apo-ferritin", "beta-amylase", "beta-galactosidase", "ribosome", "thyroglobulin", "virus-like-particle"];
const question = "feature0.percent > 4 and ribosome.count > 100 and noise < 0.9";
const sql =
  "SELECT run, type, count(*) AS count, avg(picks.score) AS score FROM picks JOIN tomograms USING (id) WHERE picks.score > 0.5 GROUP BY run, type ORDER BY score DESC LIMIT 100";

const runName = (at) => `TS_${String(at).padStart(5, "0")}`;

/** Writes the entry of a tomogram, and its picks. */
async function writeRun(at, writer, { writeEntry, picksPath, randomFor }) {
  const { uniform: random } = randomFor(1, "survey-bench", at);
  const volume = 184 * 630 * 630 * 1000;
  const rows = [];
  const of = types.map((type) => ({ type, scores: [], matched: 0 }));
  for (let i = 0; i < picks; i++) {
    const group = of[Math.floor((i * types.length) / picks)];
    const score = random();
    const [x, y, z] = [random() * 6300, random() * 6300, random() * 1840];
    rows.push({ source: "mine", type: group.type, x, y, z, score, verdict: score > 0.3 ? "matched" : "wrong" });
    group.scores.push(score);
    if (score > 0.3) group.matched++;
  }
  const run = runName(at);
  await writer.write(picksPath(folder, run), rows);
  const mean = (all) => (all.length === 0 ? null : all.reduce((a, b) => a + b, 0) / all.length);
  await writeEntry(folder, {
    ...{ version: 1, run },
    tomogram: {
      ...{ stamp: String(at), path: `/data/${run}.mrc`, type: "denoised", shape: [184, 630, 630], spacing: [10, 10, 10] },
      ...{ volume, blank: 10 * random(), thickness: 1840, sample: 1000 + 800 * random(), contrast: "dark" },
      ...{ least: -1, largest: 1, mean: 0, median: 0, scale: random(), skewness: -random(), kurtosis: random(), noise: random() },
    },
    features: Array.from({ length: features }, (_, feature) => {
      const percent = 8 * random();
      return {
        ...{ name: `feature${feature}`, stamp: String(at), path: `/maps/${run}__feature${feature}.mrc`, scale: null, voxelType: "float32" },
        ...{ size: [1840, 6300, 6300], softPercent: percent * 1.1, softVolume: percent * volume * 0.011, percent },
        ...{ volume: percent * volume * 0.01, components: Math.floor(100 * random()), largest: 1e6 * random() },
      };
    }),
    picks: { stamp: String(at), rows: picks },
    particles: of.map(({ type, scores, matched }) => ({
      ...{ source: "mine", type, count: scores.length, score: mean(scores), context: [] },
      verdicts: { truths: matched + 5, matched, duplicates: 0, wrong: scores.length - matched, missed: 5 },
    })),
  });
}

async function write(first, end) {
  const { PicksWriter } = await from("picks/parquet");
  const places = await from("places");
  const entry = await from("entry");
  const { randomFor } = await from("../domain/random");
  for (const name of ["entries", "picks"]) mkdirSync(join(folder, name), { recursive: true });
  const writer = new PicksWriter();
  for (let at = first; at < end; at++) await writeRun(at, writer, { ...places, ...entry, randomFor });
  await writer.close();
}

/** What one process does; it prints one line of JSON with milliseconds. */
const steps = {
  async write() {
    const settings = { version: 1, data: "/data", maps: [], threshold: 0.5, dust: 1000, sources: [{ name: "mine", paths: [], author: {} }] };
    await write(0, runs);
    writeFileSync(join(folder, "survey.json"), JSON.stringify(settings));
    return {};
  },
  async make() {
    rmSync(join(folder, ".database.duckdb"), { force: true });
    return timed(async () => (await (await from("survey")).openSurvey(folder)).close());
  },
  async catchUp() {
    const added = readdirSync(join(folder, "entries")).length;
    await write(added, added + 10);
    return timed(async () => (await (await from("survey")).openSurvey(folder)).close());
  },
  async find() {
    const { openSurvey } = await from("survey");
    const opened = await timed(() => openSurvey(folder));
    const first = await timed(() => opened.value.find(question, { sort: "ribosome.score desc", limit: 50 }));
    const again = await timed(() => opened.value.find(question, { sort: "ribosome.score desc", limit: 50 }));
    const groups = await timed(() => opened.value.sql(sql));
    opened.value.close();
    return { open: opened.ms, first: first.ms, again: again.ms, groups: groups.ms, total: first.value.total, best: groups.value.rows[0][0] };
  },
  async csv() {
    const { openDatabase } = await from("database/duckdb");
    const { openSurvey } = await from("survey");
    const survey = await openSurvey(folder);
    await survey.export(join(folder, "tomograms.csv"), "csv");
    survey.close();
    const database = await openDatabase(join(folder, ".database.duckdb"), { access_mode: "READ_ONLY" });
    await database.connection.run(
      `SET preserve_insertion_order = false; COPY (SELECT run, type, x, y, z, picks.score, verdict FROM picks JOIN tomograms USING (id)) TO '${join(folder, "picks.csv")}' (HEADER)`,
    );
    database.close();
    return {};
  },
};

async function timed(work) {
  const begun = performance.now();
  const value = await work();
  return { ms: Math.round(performance.now() - begun), value };
}

if (asked.step !== undefined) {
  const { value, ...answer } = await steps[asked.step]();
  const { user, system } = process.cpuUsage();
  const cpu = Math.round((user + system) / 1000);
  console.log(JSON.stringify({ ...answer, cpu, mb: Math.round(process.resourceUsage().maxRSS / 1024) }));
} else {
  const self = fileURLToPath(import.meta.url);
  const told = (command, args) => {
    const begun = performance.now();
    const { stdout, stderr, status } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 2 ** 26 });
    if (status !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
    return { wall: Math.round(performance.now() - begun), answer: stdout.trim().split("\n").at(-1) };
  };
  const step = (name) => {
    const args = [self, "--step", name, "--folder", folder, "--runs", asked.runs, "--features", asked.features, "--picks", asked.picks];
    const { wall, answer } = told(process.execPath, args);
    console.log(name, `${wall} ms in all,`, answer);
  };
  try {
    for (const name of asked.steps.split(","))
      if (name === "command") {
        const bin = fileURLToPath(new URL("../bin/pickbench.js", import.meta.url));
        const args = [bin, "survey", "find", question, "--sort", "ribosome.score desc", "--survey", folder];
        console.log("pickbench survey find", `${told(process.execPath, args).wall} ms in all`);
        console.log("database", `${Math.round(statSync(join(folder, ".database.duckdb")).size / 1e6)} MB`);
      } else if (name === "pandas") {
        const peer = fileURLToPath(new URL("peers/survey_pandas.py", import.meta.url));
        const { wall, answer } = told("/usr/bin/python3", [peer, folder]);
        console.log("pandas", `${wall} ms in all,`, answer);
      } else step(name);
  } finally {
    if (asked.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}
