/** pickbench inspect: what a data set holds, and what is broken in it. */
import { percentText } from "../../data/blank/blank.js";
import { openDataset } from "../../data/dataset.js";
import { type FeatureInspection, inspectFeatures } from "../../data/inspect/features.js";
import {
  type Inspection,
  inspectDataset,
  type RunInspection,
  type TomogramInspection,
} from "../../data/inspect/inspection.js";
import {
  measureSpectra,
  spectraPlot,
  spectraText,
  type TomogramSpectrum,
} from "../../data/inspect/spectra.js";
import { type TargetsRequest, targetPaths, writeTargets } from "../../data/inspect/targets.js";
import { featuresOf } from "../../data/masks/features.js";
import { checkFeatures, featuresThere } from "../../data/masks/find.js";
import type { Dataset } from "../../data/model.js";
import { pickedTypes } from "../../data/picks.js";
import { plural } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { withAddresses } from "../../system/paths/cacheFolder.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { readExperiment } from "../../train/experiment/experiment.js";
import { experimentFeatures } from "../../train/experiment/features.js";
import { meantIn } from "../../train/prepare/prepare.js";
import { defineCommand, report } from "../shared/command.js";
import {
  checkSpacing,
  checkWritable,
  nanOption,
  overwriteOption,
  quietOption,
  withDataset,
} from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

interface Whole extends Inspection {
  readonly features?: readonly FeatureInspection[];
  readonly spectra?: readonly TomogramSpectrum[];
}

/** `pickbench inspect`: what a data set holds, and whether it can be read to the last chunk. */
export const command = defineCommand({
  usage: "",
  reads: ["data", "experiment"],
  writes: ["targets", "plot"],
  options: (argv) =>
    withDataset(argv)
      .option("quick", { type: "boolean", default: false, describe: "metadata and picks only, no chunks" })
      .option("experiment", {
        type: "string",
        describe:
          "the YAML whose features, types and tomogram are meant; all that the data set has if absent",
      })
      .option("targets", {
        type: "string",
        describe: "folder for what a network is to learn: label volumes and a picture a run",
      })
      .option("spectrum", {
        type: "boolean",
        default: false,
        describe: "measure each tomogram's power spectrum, grey values and contrast of particles",
      })
      .option("plot", { type: "string", describe: "SVG file for the power spectra" })
      .option("overwrite", overwriteOption)
      .option("nan", nanOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", default: false, describe: "print one JSON document" })
      .example("$0 inspect --data czii/train", "list everything and read every chunk")
      .example("$0 inspect --data czii/train --spectrum --plot spectra.svg", "compare the tomograms' spectra")
      .example("$0 inspect --data czii --part test --quick", "list the test tomograms"),
  async run({ data, part, spacing, quick, nan, quiet, json, ...flags }) {
    checkSpacing(spacing);
    const reporter = terminalReporter({ quiet });
    const dataset = await openDataset(data, { part, spacing, reporter });
    const meant = await meantTargets(dataset, flags.experiment, nan);
    if (flags.targets !== undefined) {
      await checkWritable("targets", flags.targets, "folder");
      const places = dataset.runs.flatMap(({ name }) => {
        const { types, features, picture } = targetPaths(flags.targets!, name, meant);
        return [...(types ? [types] : []), ...features, picture];
      });
      await checkFree(places, flags.overwrite);
    }
    await checkPlot(flags);
    const inspection = await inspectDataset(dataset, !quick, reporter, nan);
    const masks = quick
      ? { features: [], problems: [] }
      : await inspectFeatures(dataset, meant.features, meant.choice, reporter);
    const written =
      flags.targets === undefined
        ? []
        : await writeTargets(dataset, { ...meant, folder: flags.targets }, reporter);
    const spectra = flags.spectrum ? await measureSpectra(dataset, reporter, nan) : undefined;
    if (spectra && flags.plot !== undefined) await writeWhole(flags.plot, await spectraPlot(spectra));
    // Masks of a feature that no experiment names may be for somebody to choose from: that breaks nothing.
    const isAsked = flags.experiment !== undefined;
    const problems = [...inspection.problems, ...(isAsked ? masks.problems : [])];
    const whole = {
      ...inspection,
      problems: problems.map(({ path, message }) => ({ path, message: withAddresses(message) })),
      notes: [...inspection.notes, ...(isAsked ? [] : masks.problems.map(({ message }) => message))],
      ...(masks.features.length > 0 ? { features: masks.features } : {}),
      ...(written.length > 0 ? { targets: written } : {}),
      ...(spectra ? { spectra } : {}),
    };
    report(json, whole, () => withAddresses([describe(whole, quick), ...written].join("\n")));
    if (whole.problems.length > 0) process.exitCode = 1;
  },
});

/** @throws PickbenchError BadUsage for a plot of nothing, or one that cannot be written */
async function checkPlot(flags: {
  readonly spectrum: boolean;
  readonly plot: string | undefined;
  readonly overwrite: boolean;
}): Promise<void> {
  if (flags.plot === undefined) return;
  if (!flags.spectrum)
    throw new PickbenchError("BadUsage", "--plot draws what --spectrum measures; give --spectrum, too");
  await checkWritable("plot", flags.plot, "file");
  await checkFree([flags.plot], flags.overwrite);
}

/** Types, features and reconstruction that an experiment means, or that a data set has. */
async function meantTargets(
  dataset: Dataset,
  path: string | undefined,
  nan: "blank" | undefined,
): Promise<Omit<TargetsRequest, "folder">> {
  if (path === undefined) {
    const features = featuresOf(featuresThere(dataset));
    const target = { kind: "ball", fraction: 0.5 } as const;
    const choice = { tomogram: undefined, level: 0, nan };
    const picked = await pickedTypes(dataset);
    const types = dataset.particles.filter(({ name }) => picked.includes(name));
    return { types, ignore: [], target, features, choice };
  }
  const experiment = await meantIn(dataset, await readExperiment(path));
  const features = experimentFeatures(experiment);
  await checkFeatures(dataset, features);
  const { types, ignore, target, data } = experiment;
  const learned = dataset.particles.filter(({ name }) => types?.includes(name) ?? true);
  return { types: learned, ignore, target, features, choice: { ...data, nan: nan ?? data.nan } };
}

function describe(
  { root, runs, chunks, problems, notes, features = [], spectra }: Whole,
  quick: boolean,
): string {
  const tomograms = runs.reduce((sum, run) => sum + run.tomograms.length, 0);
  const read = quick ? "chunks not read" : `${plural(chunks, "chunk")} read`;
  return [
    `${root}: ${plural(runs.length, "run")}, ${plural(tomograms, "tomogram")}`,
    ...runs.flatMap((run) => [
      ...describeRun(run),
      ...features.filter((each) => each.run === run.name).map(describeFeature),
    ]),
    ...notes.map((note) => `note: ${note}`),
    problems.length === 0 ? `${read}, nothing broken` : `${read}, ${problems.length} broken:`,
    ...problems.map(({ message }) => `  ${message}`),
    ...(spectra ? ["", spectraText(spectra)] : []),
  ].join("\n");
}

function describeRun({ name, tomograms, picks, contrast, particles, notes }: RunInspection): string[] {
  const files = picks.map(
    ({ type, count, userId, sessionId }) =>
      `${type} ${count}${userId ? ` (${userId}, session ${sessionId})` : ""}`,
  );
  return [
    name,
    ...tomograms.map(describeTomogram),
    `  picks: ${files.join(", ") || "none"}`,
    ...(contrast
      ? [`  contrast at the picks: ${Math.abs(contrast.z).toFixed(1)} standard errors above random places`]
      : []),
    ...(particles === "unknown" ? [] : [`  particles: ${particles}`]),
    ...notes.map((note) => `  note: ${note}`),
  ];
}

function describeFeature({ feature, path, voxels, share, known }: FeatureInspection): string {
  if (path === null) return `  ${feature}: no mask, or none of it annotated: nothing of it is known`;
  return `  ${feature}: ${plural(voxels, "voxel")}, ${percentText(share)} of the known; ${percentText(known)} known`;
}

function describeTomogram({ tomoType, levels, channels, values, blank }: TomogramInspection): string {
  const sizes = levels.map(({ shape, spacing }) => `${shape.join("×")} at ${describeSpacing(spacing)} Å`);
  const chunk = levels[0] ? `; chunks ${levels[0].chunkShape.join("×")}` : "";
  const names = channels ? `; channels ${channels.join(", ")}` : "";
  const range = values
    ? `; values ${values.least.toPrecision(4)} to ${values.largest.toPrecision(4)}, mean ${values.mean.toPrecision(3)}`
    : "";
  const empty = blank ? `; ${percentText(blank)} of the voxels are blank (they hold no data)` : "";
  return `  ${tomoType}: ${sizes.join(", ") || "metadata is broken"}${chunk}${names}${range}${empty}`;
}

/** One number where the axes agree to a thousandth of an Å. */
function describeSpacing(spacing: readonly number[]): string {
  const shown = spacing.map((length) => length.toFixed(3));
  return new Set(shown).size === 1 ? shown[0]! : shown.join("×");
}
