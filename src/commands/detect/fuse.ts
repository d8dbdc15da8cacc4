import { resolve } from "node:path";
import { writePicks } from "../../data/picks.js";
import { matchFraction, type Particle, type ParticlePick } from "../../domain/particles.js";
import { ownUserId } from "../../formats/copickPicks.js";
import { type FusionRules, type FusionSettings, fuseRuns } from "../../infer/consensus/fuseRuns.js";
import { type FusionReport, fusionNotes, fusionText } from "../../infer/consensus/fusionText.js";
import { writeSubmission } from "../../score/submissionCsv.js";
import { PickbenchError } from "../../system/errors.js";
import { type TunedFusion, tuneFusion } from "../../train/ensemble/tuneFusion.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWritable } from "../shared/flags.js";
import { type PickerPicks, particlesOf, readDiagnosisTruth, readPicker } from "../shared/pickSources.js";
import { startProgress } from "../shared/progress.js";

export const command = defineCommand({
  usage: "<picks..>",
  lists: ["picks"],
  options: (argv) =>
    argv
      .positional("picks", {
        type: "string",
        array: true,
        demandOption: true,
        describe:
          "one a picker: a submission CSV, what pick wrote, or any copick folder or configuration, with @USER_SESSION behind where it holds several",
      })
      .option("out", {
        type: "string",
        demandOption: true,
        describe:
          "FILE.csv, or a folder for ExperimentRuns/RUN/Picks/pickbench_SESSION_TYPE.json with scores",
      })
      .option("weights", {
        type: "string",
        describe: "one a picker, in their order, separated by commas; equal by default",
      })
      .option("radius", {
        type: "number",
        default: matchFraction,
        describe: "picks within this share of the particle's radius are one particle",
      })
      .option("votes", {
        type: "number",
        describe: "keep what at least so many pickers saw, by weight where --weights are given",
      })
      .option("truth", { type: "string", describe: "what --tune is judged by: as of score" })
      .option("tune", {
        type: "string",
        describe: "runs, separated by commas: find weights and a threshold per type on these alone",
      })
      .option("leave-out-tuned", { type: "boolean", describe: "leave the runs of --tune out of the output" })
      .option("session", { type: "string", default: "fuse", describe: "copick session in the files' names" })
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 fuse a.csv b.csv c.csv --out fused.csv --votes 2", "what two of three pickers saw")
      .example(
        "$0 fuse picks-a picks-b --out picks --weights 2,1",
        "scores and places of the first count twice",
      )
      .example(
        "$0 fuse picks-a picks-b --out fused.csv --truth data/train --tune TS_5_4,TS_6_4 --leave-out-tuned",
        "weights and thresholds found on two runs, for the others",
      ),
  run: async ({ picks: paths, out, weights: given, radius, votes, session, json, ...flags }) => {
    checkFlags(paths, out, { radius, votes, truth: flags.truth, tune: flags.tune, weights: given });
    const toCsv = out.endsWith(".csv");
    await checkWritable("out", out, toCsv ? "file" : "folder");
    const weights = given === undefined ? paths.map(() => 1) : parseWeights(given, paths.length, votes);
    const truth =
      flags.tune === undefined ? undefined : await readDiagnosisTruth(flags.truth!, flags.tune, "--tune");
    const particles = truth?.particles ?? (await particlesOf(paths));
    const pickers: PickerPicks[] = [];
    for (const path of paths) pickers.push(await readPicker(path, particles));
    checkOverlap(pickers);
    const rules: FusionRules = { radius, votes: votes ?? null, byWeight: given !== undefined };
    const tuned = truth && tuneTypes(particles, truth.truth, pickers, rules, json === true);
    const plain: FusionSettings = { weights, threshold: null };
    const settingsOf = (type: string): FusionSettings => tuned?.get(type) ?? plain;
    const tuneRuns = [...(truth?.truth.keys() ?? [])];
    const { picks, types } = fuseRuns(
      pickers.map((picker) => withoutRuns(picker, flags.leaveOutTuned ? tuneRuns : [])),
      particles,
      settingsOf,
      rules,
    );
    if (picks.size === 0)
      throw new PickbenchError(
        "BadUsage",
        `no run with picks is left besides those of --tune (${tuneRuns.join(", ")}); tune on fewer, or without --leave-out-tuned`,
      );
    if (toCsv) await writeSubmission(out, picks);
    else await writeFolder(out, picks, particles, session);
    const fusion: Omit<FusionReport, "notes"> = {
      out,
      pickers: pickers.map(({ path, picks: own, count, greatestScore }) => ({
        path,
        runs: [...own.keys()].sort(),
        picks: count,
        greatestScore,
      })),
      runs: [...picks.keys()],
      rules,
      types: types.map((type) => ({ ...type, tunedFbeta: tuned?.get(type.type)?.fbeta ?? null })),
      tune: truth ? { runs: tuneRuns, leftOut: flags.leaveOutTuned === true } : null,
    };
    const stray = pickers.flatMap((picker) => picker.stray);
    const notes = fusionNotes(fusion, stray);
    report(json, { ...fusion, notes }, () => fusionText({ ...fusion, notes }));
  },
});

interface CheckedFlags {
  readonly radius: number;
  readonly votes: number | undefined;
  readonly truth: string | undefined;
  readonly tune: string | undefined;
  readonly weights: string | undefined;
}

const wrong = (message: string): PickbenchError => new PickbenchError("BadUsage", message);

function checkFlags(paths: readonly string[], out: string, flags: CheckedFlags): void {
  const { radius, votes, truth, tune, weights } = flags;
  if (paths.length < 2)
    throw wrong(`one picker is named, ${paths[0]}, wanted two or more to fuse; name the others beside it`);
  if (paths.some((path) => resolve(path) === resolve(out)))
    throw wrong(`--out ${out} is one of the pickers, which it would replace; name another`);
  if (!(radius > 0 && Number.isFinite(radius)))
    throw wrong(`--radius is ${radius}, wanted a share of the particle's radius above 0; give one like 0.5`);
  if (votes !== undefined && !(votes > 0 && (weights !== undefined || votes <= paths.length)))
    throw wrong(`--votes is ${votes}, wanted 1 to ${paths.length}, as many as there are pickers; give one`);
  if ((truth === undefined) !== (tune === undefined))
    throw wrong("--truth and --tune belong together, and one is missing; give both, or neither");
  if (tune !== undefined && weights !== undefined)
    throw wrong("--weights are given and --tune would look for others; leave one");
}

/** @throws BadUsage where there is not one for each picker, one is no weight, or together they cannot reach the votes */
function parseWeights(text: string, count: number, votes: number | undefined): number[] {
  const weights = text.split(",").map((word) => (word.trim() === "" ? Number.NaN : Number(word)));
  if (weights.length !== count)
    throw wrong(
      `--weights has ${weights.length} of them for ${count} pickers; give one each, in their order`,
    );
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (!(weights.every((weight) => weight >= 0) && sum > 0 && Number.isFinite(sum)))
    throw wrong(`--weights is ${text}, wanted numbers of 0 or more, not all 0; write them like 2,1,1`);
  if (votes !== undefined && votes > sum)
    throw wrong(`--votes is ${votes}, more than all --weights together, ${sum}; give less`);
  return weights;
}

/** @throws BadDataset for a picker that has no run in common with any other */
function checkOverlap(pickers: readonly PickerPicks[]): void {
  for (const [i, { path, picks }] of pickers.entries()) {
    const others = pickers.filter((_, other) => other !== i);
    if (others.some((other) => [...picks.keys()].some((run) => other.picks.has(run)))) continue;
    const some = (runs: readonly string[]) =>
      `${runs.slice(0, 3).join(", ")}${runs.length > 3 ? ` and ${runs.length - 3} more` : ""}`;
    const elsewhere = [...new Set(others.flatMap((other) => [...other.picks.keys()]))];
    throw new PickbenchError(
      "BadDataset",
      `${path} has picks of ${some([...picks.keys()])} and no other picker has; they have ${some(elsewhere)}: name pickers of the same runs`,
      { path },
    );
  }
}

function withoutRuns(
  { picks }: PickerPicks,
  runs: readonly string[],
): ReadonlyMap<string, readonly ParticlePick[]> {
  return new Map([...picks].filter(([run]) => !runs.includes(run)));
}

function tuneTypes(
  particles: readonly Particle[],
  truth: ReadonlyMap<string, readonly ParticlePick[]>,
  pickers: readonly PickerPicks[],
  rules: FusionRules,
  quiet: boolean,
): Map<string, TunedFusion> {
  const lists = pickers.map(({ picks }) => new Map([...picks].filter(([run]) => truth.has(run))));
  const untried = [...truth.keys()].find((run) => lists.every((picks) => !picks.has(run)));
  if (untried !== undefined)
    throw wrong(`--tune names ${untried}, of which no picker has picks; tune on runs that were picked`);
  const progress = startProgress("tuning", particles.length, "types", { quiet });
  const tuned = new Map<string, TunedFusion>();
  try {
    for (const [i, particle] of particles.entries()) {
      const found = tuneFusion(particle, truth, lists, rules);
      if (found) tuned.set(particle.name, found);
      progress.update(i + 1, particle.name);
    }
  } finally {
    progress.stop();
  }
  return tuned;
}

/** A file for every type of every run, so that none of an earlier fusion stays. */
async function writeFolder(
  folder: string,
  picks: ReadonlyMap<string, readonly ParticlePick[]>,
  particles: readonly Particle[],
  sessionId: string,
): Promise<void> {
  for (const [run, list] of picks)
    for (const { name } of particles)
      await writePicks(
        folder,
        run,
        name,
        list.filter(({ type }) => type === name),
        { userId: ownUserId, sessionId },
      );
}
