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
import type { TiltRange, Weighting } from "../../matching/weights.js";
import { plural } from "../../present/text.js";
import { writeSubmission } from "../../score/submissionCsv.js";
import { PickbenchError } from "../../system/errors.js";
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
import { terminalReporter } from "../shared/terminal.js";
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
        .option("tomogram", { type: "string", default: usualTomogram, describe: "reconstruction to search" })
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
    ...flags
  }) => {
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
    await writeRotations(out, rotations);
    const known = new Set(dataset.particles.map(({ name }) => name));
    await writeSubmission(join(out, "submission.csv"), submissionOf(found, known));
    const results = found.flatMap((run) => run.templates);
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

/** @throws BadUsage where a flag is given and is not above 0, or above `most` */
function positive(
  flag: string,
  value: number | undefined,
  most = Number.POSITIVE_INFINITY,
): number | undefined {
  if (value === undefined || (value > 0 && value <= most && Number.isFinite(value))) return value;
  throw new PickbenchError(
    "BadUsage",
    `--${flag} is ${value}, wanted a number above 0${Number.isFinite(most) ? ` and at most ${most}` : ""}; give one`,
  );
}

function wedgeOf(text: string): TiltRange | undefined {
  if (text === "none") return undefined;
  const [lowest, highest, ...others] = text.split(",").map(Number);
  if (lowest !== undefined && highest !== undefined && others.length === 0)
    if (lowest >= -90 && highest <= 90 && lowest < highest) return [lowest, highest];
  throw new PickbenchError(
    "BadUsage",
    `--wedge is ${JSON.stringify(text)}, wanted the lowest and the highest tilt, −90 to 90, or none; write it like --wedge=-60,60`,
  );
}

function opticsOf(flags: {
  readonly ctf: string | undefined;
  readonly voltage: number;
  readonly cs: number;
  readonly amplitudeContrast: number;
  readonly phaseFlipped: boolean;
}): Weighting["optics"] {
  if (flags.ctf === undefined) return undefined;
  const voltage = positive("voltage", flags.voltage)!;
  const sphericalAberration = 1e7 * positive("cs", flags.cs)!;
  const { amplitudeContrast, phaseFlipped } = flags;
  if (!(amplitudeContrast >= 0 && amplitudeContrast <= 1))
    throw new PickbenchError(
      "BadUsage",
      `--amplitude-contrast is ${amplitudeContrast}, wanted a share 0 to 1; give one`,
    );
  return flags.ctf.split(",").map((text) => {
    const defocus = 1e4 * Number(text);
    if (text.trim() !== "" && defocus > 0 && defocus < 3e5)
      return { defocus, voltage, sphericalAberration, amplitudeContrast, phaseFlipped };
    throw new PickbenchError(
      "BadUsage",
      `--ctf is ${JSON.stringify(flags.ctf)}, wanted underfoci in µm, above 0 and below 30, separated by commas; write it like --ctf 3.5`,
    );
  });
}

function checkTemplates(templates: readonly string[], mask: string | undefined): void {
  const names = templates.map(templateName);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new PickbenchError(
      "BadUsage",
      `two templates are called ${twice}, so that their picks would replace each other; rename one`,
    );
  if (mask !== undefined && templates.length > 1)
    throw new PickbenchError(
      "BadUsage",
      `--mask is of one template's shape, and there are ${templates.length}; leave it out, or name one template`,
    );
}

function checkedThreshold(threshold: number | undefined): number | undefined {
  if (threshold === undefined || Number.isFinite(threshold)) return threshold;
  throw new PickbenchError("BadUsage", "--threshold is not a number; write it like --threshold 0.3");
}

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
