/** pickbench convert: positions from one program's format to another's. */
import { angstrom } from "../../domain/units.js";
import type { Shape3 } from "../../domain/volume.js";
import { type ConvertOptions, checkConvertOptions } from "../../formats/positions/asked.js";
import { formatNames, formatToWrite, namedFormat } from "../../formats/positions/catalogue.js";
import { convertPositions } from "../../formats/positions/convert.js";
import type { PositionFormat } from "../../formats/positions/format.js";
import { type FrameName, frameNames, type PositionSet } from "../../formats/positions/frames.js";
import { isFolderToWrite, placeFiles } from "../../formats/positions/placeFiles.js";
import { readPositionFiles, withRunNames } from "../../formats/positions/positionFolder.js";
import type { PositionsFile } from "../../formats/positions/readPositions.js";
import {
  areRunsApart,
  type ConvertedParts,
  convertParts,
  type Target,
  type WrittenSet,
} from "../../formats/positions/streams/convertParts.js";
import type { TypeCounts } from "../../formats/positions/streams/outline.js";
import { type OutlinedFile, outlineFile } from "../../formats/positions/streams/outlineFile.js";
import { plural } from "../../present/text.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWritable, overwriteOption } from "../shared/flags.js";

export const command = defineCommand({
  usage: "<from> <to>",
  reads: ["from"],
  writes: ["to"],
  options: (argv) =>
    argv
      .positional("from", {
        type: "string",
        demandOption: true,
        describe: "a file of positions, or a folder of such files (copick's and the portal's layouts too)",
      })
      .positional("to", {
        type: "string",
        demandOption: true,
        describe: "the file to write; a folder (with --to-format) takes one file a run and type",
      })
      .option("from-format", { type: "string", describe: `instead of by content: ${formatNames.join(", ")}` })
      .option("to-format", { type: "string", describe: "instead of by the name of the file" })
      .option("from-frame", {
        type: "string",
        describe: `how the positions count, where the file says nothing or something else: ${frameNames.join(", ")}`,
      })
      .option("to-frame", { type: "string", describe: "how the written positions are to count" })
      .option("spacing", {
        type: "number",
        describe: "Å per voxel, where files do not say it, and of what is written",
      })
      .option("from-spacing", {
        type: "number",
        describe: "Å per voxel in which the files count, whatever they say",
      })
      .option("to-spacing", { type: "number", describe: "Å per voxel in which to write, where it differs" })
      .option("size", { type: "string", describe: "Z,Y,X: the volume's size in voxels of --spacing" })
      .option("run", {
        type: "string",
        describe: "name of the run where files name none; else the only one taken",
      })
      .option("type", {
        type: "string",
        describe: "type of particle where files name none; else the only one taken",
      })
      .option("rename", { type: "string", describe: "types by other names: OLD=NEW,OLD=NEW" })
      .option("box", { type: "number", describe: "edge of boxes in voxels, where the positions bring none" })
      .option("user", { type: "string", describe: "copick user to write as" })
      .option("session", { type: "string", describe: "copick session to write as" })
      .option("overwrite", overwriteOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 convert picks.star picks.tbl", "RELION to Dynamo, with orientations")
      .example(
        "$0 convert particles.star out --to-format copick --spacing 10.012 --size 184,630,630 --type ribosome",
        "RELION 5 to copick, one file a run",
      )
      .example(
        "$0 convert cytosolic_ribosome-2.0_point.ndjson ribosome.csv --to-format challenge --from-frame portal-2.0 --run TS_6_6 --rename cytosolic_ribosome=ribosome",
        "the Data Portal's mirrored annotations to the challenge's CSV",
      ),
  run: async (given) => {
    const { from, to, overwrite, json } = given;
    const options = optionsOf(given);
    const isFolder = await isFolderToWrite(to);
    const named = namedFormatOf(to, isFolder, given["to-format"] as string | undefined);
    await checkWritable("to", to, isFolder ? "folder" : "file");
    const fromFrame = frameOf("from-frame", given["from-frame"] as string | undefined);
    const fromFormat = given["from-format"] as string | undefined;
    const asked = {
      ...(fromFormat === undefined ? {} : { format: namedFormat("from-format", fromFormat) }),
      ...(fromFrame === undefined ? {} : { frame: fromFrame }),
      ...(options.run === undefined ? {} : { run: options.run }),
    };
    const { files, notes, outlined } = await readSource(from, asked, options);
    const whyNot = (candidate: PositionFormat) => whyNotHeld(files, candidate, options);
    const { format, notes: chosen } = named ? { format: named, notes: [] } : formatToWrite(to, whyNot);
    const target = { out: to, format, isFolder, overwrite };
    const written = outlined
      ? await convertParts(outlined, files[0]!, target, options)
      : await convertWhole(files, target, options);
    const { frame, sets } = written;
    const all = [...chosen, ...notes, ...written.notes];
    const read = [...new Set(files.map((file) => file.format.name))];
    const counts = countsOf(sets);
    const document = { from: read, to: format.name, frame, ...counts, files: written.paths, notes: all };
    report(json, document, () =>
      [
        `${plural(counts.positions, "position")} of ${plural(counts.runs, "run")}${listed(counts.types)}: ${from} (${read.join(", ")}) to ${to} (${format.name}, ${frame}${spacingText(sets.map(({ set }) => set))})`,
        ...all.map((note) => `- ${note}`),
      ].join("\n"),
    );
  },
});

type Asked = Parameters<typeof readPositionFiles>[1];

/** Reads files of positions: one that can be read part by part in outline, others whole. */
async function readSource(
  from: string,
  asked: Asked,
  options: ConvertOptions,
): Promise<{
  readonly files: readonly PositionsFile[];
  readonly notes: readonly string[];
  readonly outlined?: OutlinedFile;
}> {
  const outlined = await outlineFile(from, asked);
  if (outlined) {
    const { path, format, runs } = outlined;
    const named = withRunNames([{ path, format, sets: runs.map(({ set }) => set) }], []);
    if (areRunsApart(named.files[0]!, options)) return { ...named, outlined };
  }
  return readPositionFiles(from, asked);
}

/** Converts files that were read whole. */
async function convertWhole(
  files: readonly PositionsFile[],
  { out, format, ...how }: Target,
  options: ConvertOptions,
): Promise<ConvertedParts> {
  const { sets, frame, notes } = convertPositions(files, format, options);
  const placed = await placeFiles(out, sets, format, { ...options, ...how });
  const countsOf = ({ positions }: PositionSet): TypeCounts => {
    const counts = new Map<string | undefined, number>();
    for (const { type } of positions) counts.set(type, (counts.get(type) ?? 0) + 1);
    return counts;
  };
  return {
    frame,
    sets: sets.map((set) => ({ set, counts: countsOf(set) })),
    paths: placed.paths,
    notes: [...notes, ...placed.notes],
  };
}

/** Returns the format that the user names; undefined where the file's name is to decide. */
function namedFormatOf(to: string, isFolder: boolean, name: string | undefined): PositionFormat | undefined {
  if (name !== undefined) return namedFormat("to-format", name);
  if (!isFolder) return undefined;
  throw new PickbenchError(
    "BadUsage",
    `${to} is a folder, which does not say the format to write; give --to-format, one of ${formatNames.join(", ")}`,
    { path: to },
  );
}

/** Says what is missing for positions to be converted for a format; undefined where all is known. */
function whyNotHeld(
  files: readonly PositionsFile[],
  format: PositionFormat,
  options: ConvertOptions,
): string | undefined {
  try {
    convertPositions(files, format, options);
    return undefined;
  } catch (error) {
    if (isPickbenchError(error, "BadUsage")) return error.message;
    throw error;
  }
}

interface Given {
  readonly [flag: string]: unknown;
}

function optionsOf(given: Given): ConvertOptions {
  const [spacing, fromSpacing, toSpacing, box] = (
    ["spacing", "from-spacing", "to-spacing", "box"] as const
  ).map((flag) => given[flag] as number | undefined);
  const size = sizeOf(given.size as string | undefined);
  const toFrame = frameOf("to-frame", given["to-frame"] as string | undefined);
  const rename = renamesOf(given.rename as string | undefined);
  const text = (flag: string) => given[flag] as string | undefined;
  const options = {
    ...(toFrame === undefined ? {} : { toFrame }),
    ...(spacing === undefined ? {} : { spacing: angstrom(spacing) }),
    ...(fromSpacing === undefined ? {} : { fromSpacing: angstrom(fromSpacing) }),
    ...(toSpacing === undefined ? {} : { toSpacing: angstrom(toSpacing) }),
    ...(size ? { size } : {}),
    ...(box === undefined ? {} : { box }),
    ...(rename ? { rename } : {}),
    ...(text("run") === undefined ? {} : { run: text("run")! }),
    ...(text("type") === undefined ? {} : { type: text("type")! }),
    ...(text("user") === undefined ? {} : { userId: text("user")! }),
    ...(text("session") === undefined ? {} : { sessionId: text("session")! }),
  };
  checkConvertOptions(options);
  return options;
}

function frameOf(flag: string, name: string | undefined): FrameName | undefined {
  if (name === undefined) return undefined;
  const frame = frameNames.find((known) => known === name);
  if (frame) return frame;
  throw new PickbenchError("BadUsage", `--${flag} is ${name}, wanted one of ${frameNames.join(", ")}`);
}

function sizeOf(text: string | undefined): Shape3 | undefined {
  if (text === undefined) return undefined;
  const sizes = text.split(",").map(Number);
  if (sizes.length !== 3)
    throw new PickbenchError(
      "BadUsage",
      `--size is ${text}, wanted three numbers of voxels along z,y,x, as in 184,630,630`,
    );
  return sizes as unknown as Shape3;
}

function renamesOf(text: string | undefined): ReadonlyMap<string, string> | undefined {
  if (text === undefined) return undefined;
  const pairs = text.split(",").map((pair) => pair.split("=").map((name) => name.trim()));
  const bad = pairs.find((pair) => pair.length !== 2 || pair.includes(""));
  if (bad)
    throw new PickbenchError(
      "BadUsage",
      `--rename has ${bad.join("=")}, wanted OLD=NEW, several separated by commas`,
    );
  return new Map(pairs as [string, string][]);
}

interface Counts {
  readonly positions: number;
  readonly runs: number;
  readonly types: Readonly<Record<string, number>>;
}

function countsOf(sets: readonly WrittenSet[]): Counts {
  const types = new Map<string, number>();
  let positions = 0;
  for (const { counts } of sets)
    for (const [type, count] of counts) {
      positions += count;
      if (type !== undefined) types.set(type, (types.get(type) ?? 0) + count);
    }
  return { positions, runs: sets.length, types: Object.fromEntries(types) };
}

const listed = (types: Counts["types"]): string => {
  const parts = Object.entries(types).map(([type, count]) => `${count} ${type}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
};

function spacingText(sets: readonly PositionSet[]): string {
  const pixels = [...new Set(sets.map(({ pixel }) => pixel))];
  return pixels.length === 1 && pixels[0] !== undefined ? `, ${pixels[0]} Å a voxel` : "";
}
