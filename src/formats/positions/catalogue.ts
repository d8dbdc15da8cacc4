/** The table of position formats, and the choice among them by content or name. */
import { extname } from "node:path";
import { PickbenchError } from "../../system/errors.js";
import type { PositionFormat } from "./format.js";
import { box } from "./programs/box.js";
import { cbox } from "./programs/cbox.js";
import { challenge } from "./programs/challenge.js";
import { copick } from "./programs/copick.js";
import { dynamo } from "./programs/dynamo.js";
import { eman2 } from "./programs/eman2.js";
import { imodModel } from "./programs/imodModel.js";
import { coords, imodPoints } from "./programs/points.js";
import { portal } from "./programs/portal.js";
import { ais, relion3, relion4, relion5 } from "./programs/relion.js";
import { stopgap } from "./programs/stopgap.js";
import { csv, tsv } from "./programs/table.js";

/** All position formats; where two recognise a file, the first one is right. */
export const positionFormats: readonly PositionFormat[] = [
  imodModel,
  portal,
  eman2,
  copick,
  cbox,
  stopgap,
  ais,
  relion5,
  relion4,
  relion3,
  dynamo,
  box,
  challenge,
  csv,
  tsv,
  coords,
  imodPoints,
];

export const formatNames = positionFormats.map(({ name }) => name);

/**
 * Returns the format of a name.
 *
 * @throws PickbenchError BadUsage for an unknown name
 */
export function namedFormat(flag: string, name: string): PositionFormat {
  const format = positionFormats.find((candidate) => candidate.name === name);
  if (format) return format;
  throw new PickbenchError("BadUsage", `--${flag} is ${name}, wanted one of ${formatNames.join(", ")}`);
}

/** Whether a path ends as a format's files do. */
export const hasExtension = ({ extensions }: PositionFormat, path: string): boolean =>
  extensions.includes(extname(path).toLowerCase());

/**
 * Recognises the format of a file by its content. The file's name decides only between formats that the content leaves
 * open, and for an empty file.
 *
 * @throws PickbenchError BadDataset for content of no format, BadUsage for content that may be of several
 */
export function recognise(path: string, bytes: Buffer): PositionFormat {
  const isEmpty =
    bytes
      .subarray(0, 1 << 16)
      .toString("latin1")
      .trim() === "";
  if (isEmpty) {
    const named = positionFormats.filter((format) => hasExtension(format, path));
    const [only, second] = named;
    if (only && !second) return only;
    throw new PickbenchError(
      "BadDataset",
      `${path} is empty, wanted positions; name their format with --from-format`,
      { path },
    );
  }
  const matches = positionFormats.filter((format) => format.recognises(bytes));
  const named = matches.find((format) => hasExtension(format, path));
  if (named) return named;
  if (matches.includes(box) && matches.includes(imodPoints))
    throw new PickbenchError(
      "BadUsage",
      `${path} has four or five columns of numbers, which may be boxes or IMOD points; give --from-format box or point`,
      { path },
    );
  if (matches[0]) return matches[0];
  throw new PickbenchError(
    "BadDataset",
    `${path}: ${whyNone(bytes)}; wanted one of ${formatNames.join(", ")} (--from-format)`,
    {
      path,
    },
  );
}

function whyNone(bytes: Buffer): string {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return "is compressed by gzip, unpack it first";
  if (bytes.includes('"annotation_object"'))
    return "is the metadata of a portal annotation, name the .ndjson beside it";
  if (bytes.includes("data_") && (bytes.includes("loop_") || bytes.includes("\n_")))
    return "is a STAR file without coordinates";
  return "is of no known format of positions";
}

/** Formats that are written where a file's ending is that of several, the best one first. */
const usual: Readonly<Record<string, readonly PositionFormat[]>> = {
  ".star": [relion5],
  ".csv": [challenge, csv],
  ".json": [copick],
};

/**
 * Chooses the format to write by the file's name; where several have its ending, the usual one that can hold what there
 * is, and says so in a note.
 *
 * @param whyNot says what a format lacks to hold what is to be written; undefined where it can
 * @throws PickbenchError BadUsage where the name fits no format, or what the usual one needs is unknown
 */
export function formatToWrite(
  path: string,
  whyNot: (format: PositionFormat) => string | undefined,
): { readonly format: PositionFormat; readonly notes: readonly string[] } {
  const named = positionFormats.filter((format) => hasExtension(format, path));
  const [only, second] = named;
  if (!only)
    throw new PickbenchError(
      "BadUsage",
      `the name ${path} does not say which format to write; give --to-format, one of ${formatNames.join(", ")}`,
      { path },
    );
  if (!second) return { format: only, notes: [] };
  const choice = usual[extname(path).toLowerCase()] ?? [];
  const format = choice.find((one) => whyNot(one) === undefined);
  const names = (formats: readonly PositionFormat[], joint: string) =>
    formats.map(({ name }) => name).join(joint);
  if (format) {
    const others = names(
      named.filter((one) => one !== format),
      ", ",
    );
    return { format, notes: [`written as ${format.title}; --to-format takes ${others} too`] };
  }
  const why = whyNot(choice[0] ?? only);
  throw new PickbenchError("BadUsage", `${why}; or give --to-format ${names(named, " or ")}`, { path });
}
