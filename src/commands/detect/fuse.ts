/** pickbench fuse: one list of the picks of several pickers. */
import { resolve } from "node:path";
import type { Particle } from "../../domain/particles.js";
import { angstrom } from "../../domain/units.js";
import type { Spacing3 } from "../../domain/volume.js";
import { fusePickers } from "../../infer/consensus/fusePickers.js";
import { type FusionRules, reachOf, type TunedFusion } from "../../infer/consensus/fuseRuns.js";
import { fusionNotes, fusionText } from "../../infer/consensus/fusionText.js";
import { checkOverlap, lookingAtAll, type Picker, withoutDuplicates } from "../../infer/consensus/pickers.js";
import { removePicks } from "../../infer/consensus/removal.js";
import type { PicksByExperiment } from "../../score/match/positions.js";
import { PickbenchError } from "../../system/errors.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { checkTuneRuns, tuneTypes } from "../../train/ensemble/tuneFusion.js";
import { defineCommand, report } from "../shared/command.js";
import { type TomogramChoice, tomogramOf } from "../shared/context/measured.js";
import {
  checkScale,
  checkSpacing,
  checkWritable,
  overwriteOption,
  quietOption,
  scaleOption,
  spacingOption,
} from "../shared/flags.js";
import { opened, readPickers } from "../shared/pickSources.js";
import { terminalReporter } from "../shared/terminal.js";
import { readDiagnosisTruth } from "../shared/truthSources.js";
import { checkFlags, rulesOf, symmetriesOf, withRemoval, withRules } from "./fuse/flags.js";
import { writeFused } from "./fuse/outputs.js";
import { maskTerms, sievesFor } from "./fuse/removal.js";

export const command = defineCommand({
  usage: "<picks..>",
  lists: ["picks", "not", "maps", "mask"],
  reads: ["picks", "not", "truth", "inside", "maps"],
  writes: ["out", "star"],
  options: (argv) =>
    withRemoval(
      withRules(
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
          }),
      ),
    )
      .option("truth", { type: "string", describe: "what --tune is judged by: as of score" })
      .option("spacing", spacingOption)
      .option("tune", {
        type: "string",
        describe: "runs, separated by commas: find weights and a threshold per type on these alone",
      })
      .option("leave-out-tuned", { type: "boolean", describe: "leave the runs of --tune out of the output" })
      .option("session", { type: "string", default: "fuse", describe: "copick session in the files' names" })
      .option("by-picker", {
        type: "boolean",
        default: false,
        describe: "write beside each pick how many pickers saw it, and the score of each",
      })
      .option("star", {
        type: "string",
        describe: "RELION 4 STAR file beside, with orientations; voxels are those of --spacing or --inside",
      })
      .option("scale", scaleOption)
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 fuse a.csv b.csv c.csv --out fused.csv --votes 2", "what two of three pickers saw")
      .example(
        "$0 fuse picks-a --not picks-b --out only-a --distance 80",
        "what the first saw and the second did not",
      )
      .example(
        "$0 fuse picks --duplicates --inside DIR --maps maps --mask '!carbon:0.5:50' --out clean",
        "one list without duplicates, and without picks outside of the volume or near carbon",
      )
      .example(
        "$0 fuse picks-a picks-b --out picks --weights 2,1",
        "scores and places of the first count twice",
      )
      .example(
        "$0 fuse picks-a picks-b --out fused.csv --truth data/train --tune TS_5_4,TS_6_4 --leave-out-tuned",
        "weights and thresholds found on two runs, for the others",
      ),
  run: async ({ picks: paths, out, session, json, ...flags }) => {
    checkSpacing(flags.spacing);
    checkScale(flags.scale);
    checkFlags(paths, out, flags);
    const { rules, weights } = rulesOf(flags, paths.length);
    const terms = maskTerms(flags.mask ?? []);
    await checkPlaces(out, flags.star, flags.overwrite);
    const reporter = terminalReporter({ quiet: flags.quiet || json === true });
    const { tune: asked, sameRuns, spacing } = flags;
    const truth =
      asked === undefined
        ? undefined
        : await readDiagnosisTruth(flags.truth!, { asked, flag: "tune", spacing, reporter });
    const named = [...paths, ...(flags.not ?? [])];
    const { particles, pickers: read } = await readPickers(named, truth?.particles, reporter, sameRuns);
    const types = particles.map(({ name }) => name);
    const symmetryOf = symmetriesOf(flags.symmetry, types);
    const cleaned = flags.duplicates
      ? read.map((each) => withoutDuplicates(each, particles, (of) => reachOf(of, rules), symmetryOf))
      : read;
    const all = sameRuns ? lookingAtAll(cleaned) : cleaned;
    const [pickers, vetoes] = [all.slice(0, paths.length), all.slice(paths.length)];
    if (all.length > 1) checkOverlap(all);
    const tune = truth && {
      runs: [...truth.truth.keys()],
      settings: tuned(particles, truth.truth, pickers, rules, flags.quiet || json === true),
      leftOut: flags.leaveOutTuned === true,
    };
    const fused = fusePickers(pickers, particles, { weights, rules, symmetryOf, tune: tune ?? null });
    const { inside, maps = [], scale } = flags;
    const volumes =
      inside === undefined
        ? undefined
        : { dataset: await opened(inside, reporter, spacing), tomogram: undefined };
    const sieves = { vetoes, particles, rules, volumes, maps, terms, scale, reporter };
    const { picks, removed } = await removePicks(fused.picks, await sievesFor(sieves));
    const { star, byPicker, overwrite } = flags;
    const spacingOf = spacingIn(volumes, spacing);
    await writeFused(picks, particles, { out, session, byPicker, overwrite, star, spacingOf });
    const joined = flags.duplicates ? joinedOf(read, cleaned) : [];
    const fusion = { out, ...fused.report, removed };
    const stray = pickers.flatMap((picker) => picker.stray);
    const notes = [...joined.map(joinedText), ...vetoNotes(vetoes, picks), ...fusionNotes(fusion, stray)];
    const document = { ...fusion, not: vetoes.map(({ path }) => path), joined, notes };
    report(json, document, () => fusionText({ ...fusion, notes }));
  },
});

async function checkPlaces(out: string, star: string | undefined, overwrite: boolean): Promise<void> {
  const toCsv = out.endsWith(".csv");
  await checkWritable("out", out, toCsv ? "file" : "folder");
  if (star !== undefined && resolve(star) === resolve(out))
    throw new PickbenchError("BadUsage", `--star and --out both name ${out}; name two places`);
  if (star !== undefined) await checkWritable("star", star, "file");
  await checkFree([...(toCsv ? [out] : []), ...(star === undefined ? [] : [star])], overwrite);
}

/** Returns the voxels of a run's tomogram, or those of one spacing. */
function spacingIn(volumes: TomogramChoice | undefined, spacing: number | undefined) {
  return async (run: string): Promise<Spacing3> => {
    if (volumes) return (await tomogramOf(volumes, run))!.spacing;
    const voxel = angstrom(spacing!);
    return [voxel, voxel, voxel];
  };
}

/** How many picks of a picker were joined to others. */
interface Joined {
  readonly path: string;
  readonly before: number;
  readonly after: number;
}

const joinedOf = (before: readonly Picker[], after: readonly Picker[]): Joined[] =>
  before.map(({ path, count }, i) => ({ path, before: count, after: after[i]!.count }));

const joinedText = ({ path, before, after }: Joined): string =>
  `${path}: ${before} picks are ${after} without duplicates`;

/** Notes runs that a vetoing picker never looked at, of which nothing was removed by it. */
function vetoNotes(vetoes: readonly Picker[], picks: ReadonlyMap<string, unknown>): string[] {
  return vetoes.flatMap(({ path, picks: own }) => {
    const unseen = [...picks.keys()].filter((run) => !own.has(run));
    return unseen.length === 0
      ? []
      : [`${path} has no picks of ${unseen.join(", ")}: nothing was removed there`];
  });
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
