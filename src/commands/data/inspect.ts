/** pickbench inspect: what a data set holds, and what is broken in it. */
import { percentText } from "../../data/blank/blank.js";
import { openDataset } from "../../data/dataset.js";
import {
  type Inspection,
  inspectDataset,
  type RunInspection,
  type TomogramInspection,
} from "../../data/inspect/inspection.js";
import { plural } from "../../present/text.js";
import { withAddresses } from "../../system/paths/cacheFolder.js";
import { defineCommand, report } from "../shared/command.js";
import { checkSpacing, nanOption, quietOption, withDataset } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

/** `pickbench inspect`: what a data set holds, and whether it can be read to the last chunk. */
export const command = defineCommand({
  usage: "",
  options: (argv) =>
    withDataset(argv)
      .option("quick", { type: "boolean", default: false, describe: "metadata and picks only, no chunks" })
      .option("nan", nanOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", default: false, describe: "print one JSON document" })
      .example("$0 inspect --data czii/train", "list everything and read every chunk")
      .example("$0 inspect --data czii --part test --quick", "list the test tomograms"),
  async run({ data, part, spacing, quick, nan, quiet, json }) {
    checkSpacing(spacing);
    const reporter = terminalReporter({ quiet });
    const dataset = await openDataset(data, { part, spacing, reporter });
    const inspection = await inspectDataset(dataset, !quick, reporter, nan);
    const problems = inspection.problems.map(({ path, message }) => ({
      path,
      message: withAddresses(message),
    }));
    report(json, { ...inspection, problems }, () => withAddresses(describe(inspection, quick)));
    if (inspection.problems.length > 0) process.exitCode = 1;
  },
});

function describe({ root, runs, chunks, problems, notes }: Inspection, quick: boolean): string {
  const tomograms = runs.reduce((sum, run) => sum + run.tomograms.length, 0);
  const read = quick ? "chunks not read" : `${plural(chunks, "chunk")} read`;
  return [
    `${root}: ${plural(runs.length, "run")}, ${plural(tomograms, "tomogram")}`,
    ...runs.flatMap(describeRun),
    ...notes.map((note) => `note: ${note}`),
    problems.length === 0 ? `${read}, nothing broken` : `${read}, ${problems.length} broken:`,
    ...problems.map(({ message }) => `  ${message}`),
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
