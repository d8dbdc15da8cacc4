/**
 * Do ensembles, soups and test-time images score higher than one network, on runs that nothing was chosen on?
 *
 *     node bench/ensembles.mjs --folds RUNS --data DIR --out OUT [--threads N]
 *
 * RUNS holds run folders (`pickbench run` with `checkpoint: {keep: true}`), each with one tune run and at least one
 * held-out run, so that every run e of DIR is left out by several networks. Calls the command line only. What stands in
 * OUT is kept, so a stopped run goes on; remove OUT to begin anew.
 *
 * For each e, from networks that were not trained on e:
 * - a network whose held-out run is e: its best.safetensors, whose evaluation was chosen and whose picking was tuned on
 *   its tune run, which is not e;
 * - a network whose tune run is e: its last snapshot, whose weights no tune run has chosen (patience is refused), with
 *   picking tuned anew on its held-out run, which is not e and which it was not trained on.
 * So no network, evaluation or threshold has seen e, and each network's thresholds come from a run it was not trained on.
 *
 * - single: the first of them, by name, whose held-out run is e, which is what a plain fold gives;
 * - best: that of highest tune score; these are scores on different runs, all one has without looking at e;
 * - mean: the mean of the scores of all of them, numbers only;
 * - ensemble: `submit` of all of them, the mean of their probabilities. Every other run was trained on by one of them, so
 *   none is left to tune the ensemble on: it is picked with the mean of their own tuned settings, which needs none;
 * - soup: the mean of all snapshots' weights of `single`, tuned on its tune run;
 * - halfTurn: `single` with the half turn about z as test-time image, tuned on its tune run.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: {
    folds: { type: "string" },
    data: { type: "string" },
    out: { type: "string" },
    threads: { type: "string", default: "2" },
  },
});
for (const flag of ["folds", "data", "out"])
  if (flags[flag] === undefined) throw new Error(`--${flag} is missing; see the head of bench/ensembles.mjs`);
const { folds, data, out, threads } = flags;
const bin = fileURLToPath(new URL("../bin/pickbench.js", import.meta.url));

/** What a command prints with --json. */
function pickbench(...args) {
  process.stderr.write(`pickbench ${args.join(" ")}\n`);
  const { status, stdout } = spawnSync(process.execPath, [bin, ...args, "--json"], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`pickbench ${args[0]} ended with ${status}`);
  return JSON.parse(stdout);
}

/** What `make` gives, kept in a JSON file. */
function kept(path, make) {
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8"));
  const made = make();
  writeFileSync(`${path}.new`, JSON.stringify(made));
  renameSync(`${path}.new`, path);
  return made;
}

/** A trained network's runs and files. */
function readMember(name) {
  const folder = join(folds, name);
  const record = JSON.parse(readFileSync(join(folder, "record.json"), "utf8"));
  if (record.result === null || record.runs.tune.length !== 1) return undefined;
  if (record.experiment.resolved.evaluate.patience !== undefined)
    throw new Error(
      `${folder}: with evaluate.patience its tune run chose where training ended; train without`,
    );
  const snapshots = existsSync(join(folder, "snapshots"))
    ? readdirSync(join(folder, "snapshots"))
        .sort()
        .map((file) => join(folder, "snapshots", file))
    : [];
  return {
    name,
    ...record.runs,
    best: join(folder, "best.safetensors"),
    snapshots,
    tuneScore: record.result.metrics.tuneScore,
  };
}

mkdirSync(out, { recursive: true });
const members = readdirSync(folds)
  .filter((name) => existsSync(join(folds, name, "record.json")))
  .sort()
  .flatMap((name) => readMember(name) ?? []);
const runs = [
  ...new Set(members.flatMap(({ train, tune, holdout }) => [...train, ...tune, ...holdout])),
].sort();

/** A checkpoint made of others and tuned on a run, and its score there. */
function ensembleOf(name, checkpoints, tune, ...more) {
  const path = join(out, `${name}.safetensors`);
  const { score } = kept(join(out, `${name}.tuned.json`), () =>
    pickbench(
      "ensemble",
      ...checkpoints,
      "--data",
      data,
      "--tune",
      tune,
      "--threads",
      threads,
      "--out",
      path,
      ...more,
    ),
  );
  return { path, score };
}

/** A network as it may be used for run e, or undefined where it has seen e. */
function preparedFor(run, member) {
  const { name, train, tune, holdout, best, snapshots, tuneScore } = member;
  if (train.includes(run)) return undefined;
  if (!tune.includes(run)) return { name, checkpoint: best, tunedOn: tune[0], tuneScore };
  const other = holdout.find((each) => each !== run && !train.includes(each));
  if (other === undefined || snapshots.length === 0) return undefined;
  const { path, score } = ensembleOf(`${run}-${name}-last`, [snapshots.at(-1)], other);
  return { name, checkpoint: path, tunedOn: other, tuneScore: score };
}

/** Picks of one run by checkpoints, and their score there. */
function scored(run, method, checkpoints) {
  const csv = join(out, `${run}-${method}.csv`);
  kept(`${csv}.json`, () =>
    pickbench("submit", ...checkpoints, "--data", data, "--runs", run, "--threads", threads, "--out", csv),
  );
  return csv;
}

const protocol = {};
const csvs = { single: [], best: [], ensemble: [], soup: [], halfTurn: [] };
const all = [];
for (const run of runs) {
  const prepared = members.flatMap((member) => preparedFor(run, member) ?? []);
  const single = members.find(
    ({ train, tune, holdout }) => holdout.includes(run) && !train.includes(run) && !tune.includes(run),
  );
  if (single === undefined || prepared.length < 2)
    throw new Error(`${run}: wanted one network that holds it out and one more that was not trained on it`);
  const [tune] = single.tune;
  const best = prepared.reduce((a, b) => (b.tuneScore > a.tuneScore ? b : a));
  const soup = ensembleOf(`${run}-soup`, single.snapshots, tune, "--average", "weights");
  const halfTurn = ensembleOf(`${run}-halfTurn`, [single.best], tune, "--tta", "halfTurn");
  const ofMembers = prepared.map(({ name, checkpoint }) => scored(run, name, [checkpoint]));
  all.push(ofMembers);
  csvs.single.push(ofMembers[prepared.findIndex(({ name }) => name === single.name)]);
  csvs.best.push(ofMembers[prepared.indexOf(best)]);
  csvs.ensemble.push(
    scored(
      run,
      "ensemble",
      prepared.map(({ checkpoint }) => checkpoint),
    ),
  );
  csvs.soup.push(scored(run, "soup", [soup.path]));
  csvs.halfTurn.push(scored(run, "halfTurn", [halfTurn.path]));
  protocol[run] = {
    single: single.name,
    best: best.name,
    members: prepared.map(({ name, tunedOn, tuneScore }) => ({ name, tunedOn, tuneScore })),
  };
}

/** One CSV of all runs. */
function joined(name, parts) {
  const [header, ...rows] = parts.flatMap((path, i) => {
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    return i === 0 ? lines : lines.slice(1);
  });
  const path = join(out, `${name}.csv`);
  const numbered = rows.map((row, id) => [id, ...row.split(",").slice(1)].join(","));
  writeFileSync(path, `${[header, ...numbered].join("\n")}\n`);
  return path;
}

/** F4 of the types that count. */
const fOf = (perType) =>
  Object.fromEntries(
    Object.entries(perType).flatMap(([type, { fbeta, weight }]) => (weight > 0 ? [[type, fbeta]] : [])),
  );
const scoreOf = (csv) => pickbench("score", csv, "--truth", data);
const methods = Object.entries(csvs).map(([method, parts]) => {
  const csv = joined(method, parts);
  const { score, perType } = scoreOf(csv);
  return {
    method,
    csv: `${method}.csv`,
    score,
    perType: fOf(perType),
  };
});
/** The k-th of each run's networks, for every k that all runs have: submissions of single networks. */
const fewest = Math.min(...all.map(({ length }) => length));
const singles = Array.from(
  { length: fewest },
  (_, k) =>
    scoreOf(
      joined(
        `member-${k}`,
        all.map((ofRun) => ofRun[k]),
      ),
    ).score,
);
const mean = singles.reduce((a, b) => a + b, 0) / singles.length;

const pairs = [
  ["ensemble", "single"],
  ["ensemble", "best"],
  ["soup", "single"],
  ["halfTurn", "single"],
];
const gains = pairs.map(([a, b]) => {
  const { score, confidence, over, verdict, permutation } = pickbench(
    ...["score", join(out, `${a}.csv`), "--truth", data, "--against", join(out, `${b}.csv`)],
  );
  return {
    a,
    b,
    difference: score.difference,
    interval: score.interval,
    confidence,
    over,
    verdict,
    p: permutation.p,
  };
});

const result = { runs, protocol, methods, singles: { scores: singles, mean }, gains };
writeFileSync(join(out, "ensembles.json"), `${JSON.stringify(result, null, 1)}\n`);
const types = Object.keys(methods[0].perType);
const line = (cells) => `| ${cells.join(" | ")} |`;
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
const table = [
  line(["out of fold", "F4", ...types]),
  line(["---", ...types.map(() => "--:"), "--:"]),
  ...methods.map(({ method, score, perType }) =>
    line([method, score.toFixed(4), ...types.map((type) => perType[type].toFixed(3))]),
  ),
  line([`mean of ${fewest} singles`, mean.toFixed(4), ...types.map(() => "")]),
  "",
  line(["gain", "F4", `${Math.round(gains[0].confidence * 100)} % interval over ${gains[0].over}`, "p"]),
  line(["---", "--:", "--:", "--:"]),
  ...gains.map(({ a, b, difference, interval, p }) =>
    line([
      `${a} over ${b}`,
      signed(difference),
      `${signed(interval.low)} to ${signed(interval.high)}`,
      p.toPrecision(2),
    ]),
  ),
  "",
].join("\n");
writeFileSync(join(out, "ensembles.md"), table);
process.stdout.write(table);
