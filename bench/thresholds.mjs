/**
 * How much is lost by choosing thresholds on few tune runs, by which rule?
 *
 *     node bench/thresholds.mjs --maps DIR[,DIR…] --data DIR [--runs A,B,…] [--held A,B,…] [--volume 0.15] [--spacing 1]
 *         [--thresholds 0.1,0.15,…]
 *     node bench/thresholds.mjs --folds RUN
 *
 * Each DIR of --maps is what `pickbench predict` wrote of one network; --runs are runs that none of the networks was trained
 * on. Every run is scored with thresholds that were chosen on one, two or three of the others, all combinations; a row is
 * a rule, its F the challenge's score. Differences are to the cautious rule, paired by network and scored run; ± is their
 * standard error over these, which share runs and are therefore less sure than it says. `oracle` is the best threshold of
 * the scored run itself, `common` that of all runs together: neither can be had. --volume is the least volume of a pick as
 * a share of the target ball's, --spacing the least distance of two picks as a share of the radius, --thresholds the grid.
 *
 * With --held the networks are those of folds: the first holds out the first run of the list, and so on, and was tuned on the
 * other runs of its maps. Each held-out run is then scored with thresholds from its network's tune runs (`tune`), from the
 * held-out runs of all other folds (`pooled`), or from both, and counts are added up over the held-out runs, as `run --folds`
 * does. Rows are F over all runs and by fold, then F and false picks by type.
 *
 * With --folds, the folder of a `run --folds`, no maps are needed: the counts are those of each fold's sweep.json, at each fold's
 * own thresholds and at those of the other folds, as `picking.from: folds` has them, by both rules.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openDataset, readTruth } from "../dist/index.js";
import { challengeParticles, matchFraction } from "../dist/domain/particles.js";
import { readScaled } from "../dist/infer/pick/mapScales.js";
import { sweepThresholds } from "../dist/infer/pick/picking.js";
import { planPicking } from "../dist/infer/pick/store.js";
import { findStores } from "../dist/infer/predict/probabilityStores.js";
import { fbeta, sumCounts } from "../dist/score/match/fbeta.js";
import { pooledText, poolSweeps } from "../dist/score/pooled.js";
import { readSweep } from "../dist/score/sweep.js";
import { choices, chooseCautious, countType, smoothCounts } from "../dist/score/tuning.js";

const { values: flags } = parseArgs({
  options: {
    maps: { type: "string" },
    data: { type: "string" },
    runs: { type: "string" },
    held: { type: "string" },
    folds: { type: "string" },
    volume: { type: "string", default: "0.15" },
    spacing: { type: "string", default: "1" },
    thresholds: { type: "string", default: "0.1,0.15,0.2,0.25,0.3,0.35,0.4,0.45,0.5,0.55,0.6,0.65,0.7,0.75,0.8,0.85,0.9" },
  },
});
for (const flag of flags.folds ? [] : ["maps", "data"])
  if (flags[flag] === undefined)
    throw new Error(`--${flag} is missing; see the head of bench/thresholds.mjs`);

const thresholds = flags.thresholds.split(",").map(Number);
const truth = flags.data ? await readTruth(await openDataset(flags.data)) : new Map();
const particles = challengeParticles.filter(({ weight }) => weight > 0);

/** The counts at each threshold, by type, by run, of one network's maps. */
async function countsOf(maps) {
  const byRun = new Map();
  const types = particles.map(({ name }) => name);
  for (const task of await planPicking(await findStores([maps]), types)) {
    if (flags.runs && !flags.runs.split(",").includes(task.run)) continue;
    const particle = particles.find(({ name }) => name === task.type);
    const ball = (4 / 3) * Math.PI * (particle.radius * matchFraction) ** 3;
    const settings = {
      method: "watershed",
      threshold: thresholds[0],
      minVolume: ball * Number(flags.volume),
      minSpacing: particle.radius * Number(flags.spacing),
    };
    const volume = await readScaled(task.store, task.channel, task.scale);
    const counts = sweepThresholds(volume, settings, thresholds).map(({ picks }) =>
      countType(
        particle,
        new Map([[task.run, truth.get(task.run)]]),
        new Map([[task.run, picks.map((pick) => ({ type: task.type, ...pick }))]]),
      ),
    );
    byRun.set(task.run, { ...byRun.get(task.run), [task.type]: counts });
  }
  return byRun;
}

const pooled = (runs, type) => thresholds.map((_, t) => sumCounts(runs.map((run) => run[type][t])));

/** A rule takes the pooled counts of the tune runs, and returns the index of a threshold. */
const lowestWithin = (counts, tolerance) =>
  chooseCautious(
    counts.map((each, t) => ({ position: [thresholds[t]], value: fbeta(each) })),
    tolerance,
  );
const plain = (tolerance) => (counts) => lowestWithin(counts, tolerance);
const smooth = (bandwidth, tolerance) => (counts) =>
  lowestWithin(smoothCounts(thresholds, counts, bandwidth), tolerance);

const rules = new Map([
  ["cautious", plain(0.05)],
  ...[0, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08].map((each) => [`within ${each}`, plain(each)]),
  ...[0.1, 0.15, 0.2, 0.25, 0.3, 0.5].flatMap((width) =>
    [0, 0.005, 0.01].map((each) => [`smooth ${width}, within ${each}`, smooth(width, each)]),
  ),
]);

const subsets = (items, count) =>
  count === 0
    ? [[]]
    : items.flatMap((item, i) => subsets(items.slice(i + 1), count - 1).map((rest) => [item, ...rest]));

/** Score of one run, given the index of each type's threshold. */
const scoreOf = (run, indexOf) => {
  const weights = particles.reduce((sum, { weight }) => sum + weight, 0);
  const sum = particles.reduce(
    (all, { name, weight }) => all + weight * fbeta(run[name][indexOf(name)]),
    0,
  );
  return sum / weights;
};

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values) =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1));

/** Scores of a rule: per network and scored run, the mean over all choices of tune runs. */
function outOfSample(networks, count, choose) {
  return networks.flatMap((runs) =>
    [...runs.keys()].map((scored) => {
      const others = [...runs.keys()].filter((run) => run !== scored);
      const chosen = subsets(others, count).map((tune) =>
        scoreOf(runs.get(scored), (type) =>
          choose(pooled(tune.map((run) => runs.get(run)), type), runs, scored, type),
        ),
      );
      return mean(chosen);
    }),
  );
}

/** Scores of each rule with one to three tune runs, all combinations. */
function printRules(networks) {
  const bounds = [
    ["oracle", (_, runs, scored, type) => lowestWithin(pooled([runs.get(scored)], type), 0)],
    ["common", (_, runs, __, type) => lowestWithin(pooled([...runs.values()], type), 0)],
  ];
  const most = Math.min(3, Math.min(...networks.map((runs) => runs.size)) - 1);
  for (const [name, rule] of [...rules, ...bounds]) {
    const cells = Array.from({ length: most }, (_, i) => {
      const scores = outOfSample(networks, i + 1, rule);
      const base = outOfSample(networks, i + 1, rules.get("cautious"));
      const gains = scores.map((score, at) => score - base[at]);
      const error = deviation(gains) / Math.sqrt(gains.length);
      return `${mean(scores).toFixed(4)} ${mean(gains) < 0 ? "" : "+"}${mean(gains).toFixed(4)} ± ${error.toFixed(4)}`;
    });
    process.stdout.write(`${name.padEnd(26)} ${cells.join("   ")}\n`);
  }
}

/** The runs by which each fold's thresholds are chosen: never its held-out run. */
const sources = (networks, held) => {
  const tune = (fold) => [...networks[fold]].flatMap(([run, counts]) => (run === held[fold] ? [] : [counts]));
  const others = (fold) =>
    networks.flatMap((runs, other) => (other === fold ? [] : [runs.get(held[other])]));
  const own = (fold) => [networks[fold].get(held[fold])];
  return {
    tune,
    pooled: others,
    both: (fold) => [...others(fold), ...tune(fold)],
    "all, fitted on them": (fold) => [...others(fold), ...own(fold)],
    "its own, fitted on it": own,
  };
};

/** Counts of all held-out runs by type, and the scores of the folds, with thresholds from other runs. */
function outOfFold(networks, held, runsFor, rule) {
  const at = networks.map((_, fold) => {
    const from = runsFor(fold);
    return Object.fromEntries(particles.map(({ name }) => [name, rule(pooled(from, name))]));
  });
  const own = (fold) => networks[fold].get(held[fold]);
  const perType = particles.map(({ name }) =>
    sumCounts(networks.map((_, fold) => own(fold)[name][at[fold][name]])),
  );
  const score = scoreOf(Object.fromEntries(particles.map(({ name }, i) => [name, [perType[i]]])), () => 0);
  return { perType, score, byFold: networks.map((_, fold) => scoreOf(own(fold), (type) => at[fold][type])), at };
}

/** Scores of each rule and source of thresholds over the held-out runs of folds. */
function printFolds(networks, held) {
  const shown = [];
  for (const [from, runsFor] of Object.entries(sources(networks, held)))
    for (const [name, rule] of rules) {
      const found = outOfFold(networks, held, runsFor, rule);
      const folds = found.byFold.map((score) => score.toFixed(4)).join(" ");
      process.stdout.write(`${from.padEnd(22)} ${name.padEnd(26)} ${found.score.toFixed(4)}   ${folds}\n`);
      if (["cautious", "smooth 0.2, within 0.005"].includes(name)) shown.push([`${from}, ${name}`, found]);
    }
  for (const [title, { perType, at }] of shown) {
    process.stdout.write(`\n${title}\n`);
    for (const [i, { name }] of particles.entries()) {
      const { tp, fp, fn } = perType[i];
      const chosen = at.map((of) => thresholds[of[name]]).join(" ");
      process.stdout.write(
        `  ${name.padEnd(20)} ${fbeta(perType[i]).toFixed(4)}  ${tp} found, ${fn} lost, ${fp} false  at ${chosen}\n`,
      );
    }
  }
}

/** Pooled thresholds from the sweeps of finished folds. */
async function printSweeps(folder) {
  const folds = (await readdir(folder)).filter((name) => /^fold-\d+$/.test(name));
  const sweeps = await Promise.all(folds.map((name) => readSweep(join(folder, name, "sweep.json"))));
  const open = folds.filter((_, at) => sweeps[at] === undefined);
  if (open.length > 0) throw new Error(`${folder}: ${open.join(", ")} without a sweep.json; finish the run`);
  for (const choice of choices)
    process.stdout.write(`${choice}: ${pooledText(poolSweeps(sweeps, challengeParticles, choice))}\n\n`);
}

if (flags.folds) await printSweeps(flags.folds);
else {
  const networks = [];
  for (const maps of flags.maps.split(",")) networks.push(await countsOf(maps));
  if (flags.held) printFolds(networks, flags.held.split(","));
  else printRules(networks);
}
