/** pickbench match: particles by template matching. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Argv } from "yargs";
import { findTomogram, tomogramMeant, usualTomogram } from "../../data/dataset.js";
import type { TomogramRef } from "../../data/model.js";
import { symmetryOf } from "../../domain/symmetry.js";
import { type MatchedRun, type MatchSettings, matchRun, statesFolder } from "../../matching/matchRuns.js";
import { outputPaths, writeRotations } from "../../matching/outputs.js";
import { rotationSet } from "../../matching/rotations.js";
import { readRunState, writeRunState } from "../../matching/runState.js";
import { templateFiles, templateName } from "../../matching/template.js";
import { plural } from "../../present/text.js";
import { writeSubmission } from "../../score/submissionCsv.js";
import { writeWhole } from "../../system/files.js";
import { readIfThere } from "../../system/paths/opening.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { ownVersion } from "../../system/version.js";
import { openRuns } from "../detect/detectorOptions.js";
import { defineCommand, report } from "../shared/command.js";
import {
  checkWritable,
  nanOption,
  overwriteOption,
  quietOption,
  runsOption,
  spacingOption,
  threadsOf,
  threadsOption,
} from "../shared/flags.js";
import { planChunks } from "../shared/queue/chunks.js";
import { doQueued } from "../shared/queue/doing.js";
import { partAsked, partOption, queueAsked, withChunkFlags } from "../shared/queue/flags.js";
import { terminalReporter } from "../shared/terminal.js";
import { checkedThreshold, checkTemplates, opticsOf, positive, wedgeOf } from "./matchFlags.js";
import { areaAsked, keyOf, settingsKey } from "./matchSources.js";

const withSearchOptions = <Given>(argv: Argv<Given>) =>
  argv
    .option("angles", { type: "number", default: 12, describe: "degrees between neighbouring orientations" })
    .option("symmetry", {
      type: "string",
      default: "C1",
      describe: "of the templates: C1 to C99 about z, D2 to D99, T, O or I: fewer orientations",
    })
    .option("wedge", {
      type: "string",
      default: "-60,60",
      describe: "lowest and highest tilt in degrees about y; none: no missing wedge",
    })
    .option("ctf", {
      type: "string",
      describe: "defocus in µm, positive; several, separated by commas, are averaged; none if absent",
    })
    .option("voltage", { type: "number", default: 300, describe: "kilovolt, for --ctf" })
    .option("cs", { type: "number", default: 2.7, describe: "spherical aberration in mm, for --ctf" })
    .option("amplitude-contrast", { type: "number", default: 0.07, describe: "share 0 to 1, for --ctf" })
    .option("phase-flipped", {
      type: "boolean",
      default: false,
      describe: "the tomogram's contrast transfer was corrected by phase flipping",
    })
    .option("low-pass", { type: "number", describe: "Å: finer detail is left out, of tomogram and template" })
    .option("high-pass", { type: "number", describe: "Å: coarser shapes are left out, of both" })
    .option("whiten", {
      type: "boolean",
      default: false,
      describe: "divide both by the tomogram's radial amplitude",
    })
    .option("invert", {
      type: "boolean",
      default: false,
      describe: "dense matter is bright in the tomogram; dark if absent",
    });

export const command = defineCommand({
  usage: "<template>",
  lists: ["within"],
  reads: ["template", "data", "mask", "within"],
  writes: ["out"],
  options: (argv) =>
    withChunkFlags(
      withSearchOptions(
        argv
          .positional("template", {
            type: "string",
            demandOption: true,
            describe: "a density map (MRC, dense is positive), or a folder of several, which compete",
          })
          .option("data", {
            type: "string",
            demandOption: true,
            describe: "the data set: a folder with static/, one with test/ inside, or a copick configuration",
          })
          .option("runs", runsOption)
          .option("spacing", spacingOption)
          .option("tomogram", {
            type: "string",
            default: usualTomogram,
            describe: "reconstruction to search",
          })
          .option("nan", nanOption)
          .option("mask", {
            type: "string",
            describe: "MRC of weights 0 to 1 of one template's shape, turned with it; a sphere if absent",
          })
          .option("mask-radius", {
            type: "number",
            describe: "Å of the sphere; the template's own radius if absent",
          })
          .option("centre", {
            choices: ["mass", "box"] as const,
            default: "mass" as const,
            describe:
              "what a pick is the place of: the template's centre of mass, or the middle voxel of its box",
          })
          .option("within", {
            type: "string",
            array: true,
            describe:
              "where to search: masks, of which what is above 0 in any counts; or a feature set's YAML, whose ready maps count above their thresholds; everywhere if absent",
          }),
      ),
    )
      .option("false-positives", {
        type: "number",
        default: 1,
        describe: "picks that noise alone may give in a tomogram: sets the cut-off",
      })
      .option("threshold", {
        type: "number",
        describe: "score above which picks are taken, in place of the cut-off",
      })
      .option("min-spacing", { type: "number", describe: "Å between picks; the template's radius if absent" })
      .option("threads", threadsOption)
      .option("out", {
        type: "string",
        demandOption: true,
        describe:
          "folder for scores/, angles/, star/, ExperimentRuns/ with picks, submission.csv and match.json",
      })
      .option("overwrite", overwriteOption)
      .option("part", partOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 match 6qzp.mrc --data DIR --out matched", "one template, everywhere")
      .example(
        "$0 match densities --data DIR --runs TS_P1 --within areas --angles 7 --out matched",
        "several that compete, where a mask says",
      ),
  run: async ({
    template,
    data,
    runs: asked,
    tomogram,
    spacing,
    nan,
    out,
    overwrite,
    quiet,
    json,
    part,
    ...flags
  }) => {
    const queue = await queueAsked(flags);
    partAsked({ part, runs: asked });
    const rotations = rotationSet(positive("angles", flags.angles, 180)!, symmetryOf(flags.symmetry));
    const templates = await templateFiles(template);
    checkTemplates(templates, flags.mask);
    const settings: MatchSettings = {
      ...{ templates, rotations, out, centre: flags.centre, mask: flags.mask },
      within: flags.within && (await areaAsked(flags.within)),
      maskRadius: positive("mask-radius", flags.maskRadius),
      weighting: { wedge: wedgeOf(flags.wedge), optics: opticsOf(flags) },
      band: { lowPass: positive("low-pass", flags.lowPass), highPass: positive("high-pass", flags.highPass) },
      isWhitened: flags.whiten,
      isInverted: flags.invert,
      falsePositives: positive("false-positives", flags.falsePositives)!,
      threshold: checkedThreshold(flags.threshold),
      minSpacing: positive("min-spacing", flags.minSpacing),
      threads: threadsOf(flags.threads),
    };
    await checkWritable("out", out, "folder");
    const reporter = terminalReporter({ quiet: quiet || json === true });
    const { dataset, runs } = await openRuns(data, asked, reporter, spacing);
    const wanted = dataset.runs.filter(({ name }) => runs.includes(name));
    const meant = tomogramMeant(wanted, tomogram);
    const refs = wanted.map((run): TomogramRef => ({ ...findTomogram(run, meant), ...(nan && { nan }) }));
    await checkPlaces(settings, refs, overwrite);
    if (queue !== undefined) {
      const names = refs.map(({ run }) => run);
      const planned = planChunks(queue, names, [join(out, "match.json")], { add: { tomogram: meant } });
      return doQueued(queue, { command: "match", out, overwrite, json, reporter, ...planned });
    }
    const found: MatchedRun[] = [];
    await reporter.stoppable("part", async () => {
      for (const ref of refs) {
        const state = join(out, statesFolder, `${ref.run}.json`);
        const key = await keyOf(settings, ref);
        const before = await readRunState(state, key);
        const matched = before ?? (await matchRun(ref, dataset.access, settings, reporter));
        if (!before) await writeRunState(state, key, matched);
        found.push(matched);
      }
    });
    const results = found.flatMap((run) => run.templates);
    if (part) return report(json, { out, results }, () => results.map(line).join("\n"));
    await writeRotations(out, rotations);
    const known = new Set(dataset.particles.map(({ name }) => name));
    await writeSubmission(join(out, "submission.csv"), submissionOf(found, known));
    const record = {
      version: ownVersion(),
      angles: flags.angles,
      symmetry: flags.symmetry,
      wedge: flags.wedge,
      results,
    };
    await writeWhole(join(out, "match.json"), `${JSON.stringify(record, null, 2)}\n`);
    await rm(join(out, statesFolder), { recursive: true, force: true });
    report(json, { out, ...record }, () => results.map(line).join("\n"));
  },
});

const line = ({
  run,
  template,
  picks,
  cutOff,
  std,
  greatest,
  voxels,
  rotations,
  seconds,
}: MatchedRun["templates"][number]) =>
  `${run} ${template}: ${plural(picks, "pick")} above ${cutOff.toFixed(4)} (std ${std.toFixed(4)}, greatest ${greatest.toFixed(4)}), ${voxels} voxels × ${rotations} rotations in ${seconds.toFixed(1)} s`;

/** Checks that what will be written is free, unless the same search left it when it was stopped. */
async function checkPlaces(
  settings: MatchSettings,
  refs: readonly TomogramRef[],
  overwrite: boolean,
): Promise<void> {
  const { out, templates } = settings;
  await checkFree(join(out, "match.json"), overwrite);
  const places = refs.flatMap(({ run }) =>
    templates.flatMap((path) => Object.values(outputPaths(out, run, templateName(path)))),
  );
  const begun = join(out, statesFolder, "begun");
  const key = settingsKey(settings);
  if ((await readIfThere(begun))?.toString() !== key) await checkFree(places, overwrite);
  await writeWhole(begun, key);
}

/** The picks of types that the data set has. */
const submissionOf = (found: readonly MatchedRun[], known: ReadonlySet<string>) =>
  new Map(
    found.map(({ run, picks }) => [
      run,
      [...picks].flatMap(([type, all]) =>
        known.has(type) ? all.map(({ x, y, z, score }) => ({ type, x, y, z, score })) : [],
      ),
    ]),
  );
