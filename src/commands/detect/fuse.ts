/** pickbench fuse: one list of the picks of several pickers. */
import { resolve } from "node:path";
import { picksPath, writePicks } from "../../data/picks.js";
import { matchFraction, type Particle, type ParticlePick } from "../../domain/particles.js";
import { ownUserId } from "../../formats/copickPicks.js";
import { fusePickers } from "../../infer/consensus/fusePickers.js";
import type { FusionRules, TunedFusion } from "../../infer/consensus/fuseRuns.js";
import { fusionNotes, fusionText } from "../../infer/consensus/fusionText.js";
import { checkOverlap, type Picker, parseWeights } from "../../infer/consensus/pickers.js";
import type { PicksByExperiment } from "../../score/match/positions.js";
import { writeSubmission } from "../../score/submissionCsv.js";
import { PickbenchError } from "../../system/errors.js";
import { checkLinks } from "../../system/paths/names.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { checkTuneRuns, tuneTypes } from "../../train/ensemble/tuneFusion.js";
import { defineCommand, report } from "../shared/command.js";
import { checkSpacing, checkWritable, overwriteOption, quietOption, spacingOption } from "../shared/flags.js";
import { readPickers } from "../shared/pickSources.js";
import { terminalReporter } from "../shared/terminal.js";
import { readDiagnosisTruth } from "../shared/truthSources.js";

export const command = defineCommand({
  usage: "<picks..>",
  lists: ["picks"],
  reads: ["picks", "truth"],
  writes: ["out"],
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
      .option("spacing", spacingOption)
      .option("tune", {
        type: "string",
        describe: "runs, separated by commas: find weights and a threshold per type on these alone",
      })
      .option("leave-out-tuned", { type: "boolean", describe: "leave the runs of --tune out of the output" })
      .option("session", { type: "string", default: "fuse", describe: "copick session in the files' names" })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
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
    checkSpacing(flags.spacing);
    checkFlags(paths, out, { radius, votes, truth: flags.truth, tune: flags.tune, weights: given });
    const toCsv = out.endsWith(".csv");
    await checkWritable("out", out, toCsv ? "file" : "folder");
    if (toCsv) await checkFree(out, flags.overwrite);
    const weights = given === undefined ? paths.map(() => 1) : parseWeights(given, paths.length, votes);
    const reporter = terminalReporter({ quiet: flags.quiet || json === true });
    const { tune: asked } = flags;
    const truth =
      asked === undefined
        ? undefined
        : await readDiagnosisTruth(flags.truth!, { asked, flag: "tune", spacing: flags.spacing, reporter });
    const { particles, pickers } = await readPickers(paths, truth?.particles, reporter);
    checkOverlap(pickers);
    const rules: FusionRules = { radius, votes: votes ?? null, byWeight: given !== undefined };
    const tune = truth && {
      runs: [...truth.truth.keys()],
      settings: tuned(particles, truth.truth, pickers, rules, flags.quiet || json === true),
      leftOut: flags.leaveOutTuned === true,
    };
    const { picks, report: fused } = fusePickers(pickers, particles, { weights, rules, tune: tune ?? null });
    if (toCsv) await writeSubmission(out, picks);
    else await writeFolder(out, picks, particles, session, flags.overwrite);
    const fusion = { out, ...fused };
    const notes = fusionNotes(
      fusion,
      pickers.flatMap(({ stray }) => stray),
    );
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

/** Tunes every type on runs that were picked. */
function tuned(
  particles: readonly Particle[],
  truth: PicksByExperiment,
  pickers: readonly Picker[],
  rules: FusionRules,
  quiet: boolean,
): Map<string, TunedFusion> {
  const lists = pickers.map(({ picks }) => picks);
  checkTuneRuns(truth, lists);
  return tuneTypes(particles, truth, lists, rules, terminalReporter({ quiet }));
}

/** A file for every type of every run, so that none of an earlier fusion stays. */
async function writeFolder(
  folder: string,
  picks: ReadonlyMap<string, readonly ParticlePick[]>,
  particles: readonly Particle[],
  sessionId: string,
  overwrite: boolean,
): Promise<void> {
  const author = { userId: ownUserId, sessionId };
  const places = [...picks.keys()].flatMap((run) =>
    particles.map(({ name }) => picksPath(folder, run, name, author)),
  );
  await checkFree(places, overwrite, "another --out or --session");
  await checkLinks(folder, places);
  for (const [run, list] of picks)
    for (const { name } of particles)
      await writePicks(
        folder,
        run,
        name,
        list.filter(({ type }) => type === name),
        author,
      );
}
