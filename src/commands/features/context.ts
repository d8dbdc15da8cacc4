/** pickbench context: what surrounds particles, as columns, and selection by it. */
import { angstrom } from "../../domain/units.js";
import { formatToWrite, namedFormat } from "../../formats/positions/catalogue.js";
import { convertPositions } from "../../formats/positions/convert.js";
import type { PositionFormat } from "../../formats/positions/format.js";
import { isFolderToWrite, placeFiles } from "../../formats/positions/placeFiles.js";
import type { PositionsFile } from "../../formats/positions/readPositions.js";
import type { Contextualised } from "../../infer/context/contextualise.js";
import { plural } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { defineCommand, report } from "../shared/command.js";
import { type AskedContext, checkContext, contextAsked, withContext } from "../shared/context/flags.js";
import { contextLines, measured } from "../shared/context/measured.js";
import {
  checkScale,
  checkSpacing,
  checkWritable,
  overwriteOption,
  quietOption,
  runNames,
  runsOption,
  scaleOption,
  spacingOption,
} from "../shared/flags.js";
import { readPositionSource } from "../shared/positionSources.js";
import { terminalReporter } from "../shared/terminal.js";

export const command = defineCommand({
  usage: "<picks>",
  lists: ["maps", "sample", "distance", "nearest"],
  reads: ["picks", "maps", "data"],
  writes: ["out"],
  options: (argv) =>
    withContext(
      argv
        .positional("picks", {
          type: "string",
          demandOption: true,
          describe:
            "positions: a file or folder of any format that convert takes, or a copick configuration, with @USER_SESSION behind where it holds several",
        })
        .option("out", {
          type: "string",
          demandOption: true,
          describe: "the file to write (.csv, .star, .json …), or a folder for copick's layout",
        }),
    )
      .option("scale", scaleOption)
      .option("runs", runsOption)
      .option("run", { type: "string", describe: "name of the run where the picks name none" })
      .option("spacing", spacingOption)
      .option("to-format", {
        type: "string",
        describe: "format to write, instead of by the name of the file",
      })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example(
        "$0 context picks.csv --maps probabilities --sample membrane:100 --distance membrane:0.5 --out context.csv",
        "mean of the membrane's map within 100 Å, and Å to the membrane",
      )
      .example(
        '$0 context picks.star --maps maps --distance membrane:0.5:100000 --where "distance.membrane < 200" --out bound.star',
        "particles within 200 Å of membranes of 100,000 Å³ or more",
      )
      .example(
        '$0 context picks --nearest ribosome --where "nearest.ribosome < 350" --out polysomes',
        "copick picks that have a neighbour; no maps needed",
      ),
  run: async (given) => {
    const { picks, out, overwrite, json } = given;
    checkSpacing(given.spacing);
    checkScale(given.scale);
    const asked = contextAsked(given);
    if (asked === undefined) throw nothingAsked;
    const paths = given.maps ?? [];
    checkContext(asked, paths, given.data);
    const isFolder = await isFolderToWrite(out);
    await checkWritable("out", out, isFolder ? "folder" : "file");
    if (!isFolder) await checkFree(out, overwrite);
    const reporter = terminalReporter({ quiet: given.quiet || json === true });
    const runs = given.runs === undefined ? undefined : runNames("runs", given.runs);
    const { files, notes } = await readPositionSource(picks, { run: given.run, runs, reporter });
    const spacing = given.spacing === undefined ? undefined : angstrom(given.spacing);
    const format = formatFor(out, isFolder, given["to-format"], files, asked);
    const found = await measured(
      files,
      asked,
      { ...given, spacing, maps: paths, reporter },
      format.extra?.includes("star") === true && !format.extra.includes("table") ? "star" : "table",
    );
    const options = spacing === undefined ? {} : { spacing };
    const { sets, frame, notes: lost } = convertPositions(found.files, format, options);
    const placed = await placeFiles(out, sets, format, { isFolder, overwrite });
    const all = [...new Set([...notes, ...lost, ...placed.notes])];
    const { files: _, ...counts } = found;
    const document = { from: picks, to: format.name, frame, ...counts, files: placed.paths, notes: all };
    report(json, document, () =>
      [head(picks, out, format, found), ...contextLines(found), ...all.map(noted)].join("\n"),
    );
  },
});

const noted = (note: string): string => `- ${note}`;

const head = (
  from: string,
  to: string,
  { name }: PositionFormat,
  { positions, selected }: Contextualised,
): string =>
  `${selected === positions ? "" : `${selected} of `}${plural(positions, "position")}: ${from} to ${to} (${name})`;

const nothingAsked = new PickbenchError(
  "BadUsage",
  "nothing is asked of the picks' surroundings; give --sample, --distance, --faces, --nearest, --slab or --where",
);

/** Chooses the format to write: as named, else that of the picks where the file's name allows it, else by the name. */
function formatFor(
  out: string,
  isFolder: boolean,
  name: string | undefined,
  files: readonly PositionsFile[],
  { columns }: AskedContext,
): PositionFormat {
  if (name !== undefined) return namedFormat("to-format", name);
  if (isFolder) return namedFormat("to-format", "copick");
  const formats = new Set(files.map(({ format }) => format));
  const [own] = formats;
  const holds = (format: PositionFormat) => columns.length === 0 || format.extra !== undefined;
  const end = out.slice(out.lastIndexOf("."));
  if (own && formats.size === 1 && own.extensions.includes(end) && holds(own)) return own;
  return formatToWrite(out, (format) => (holds(format) ? undefined : `${format.title} has no columns`))
    .format;
}
