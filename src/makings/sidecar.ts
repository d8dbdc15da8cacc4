/**
 * What says how an output was made: `OUT.made.json` beside a file or folder `OUT`, with the command, hashes of what it read
 * and wrote, versions and times.
 */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { messageOf, PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { readIfThere } from "../system/paths/opening.js";
import { sidecarEnding } from "../system/paths/sidecar.js";

const hash = z.string().regex(/^[0-9a-f]{64}$/, "wanted a SHA-256 in hex");

/** A path; none holds a NUL. */
const pathText = z.string().refine((text) => !text.includes("\0"), "wanted a path, which holds no NUL");

/** A file or folder that a command read or wrote. */
const placeSchema = z.strictObject({
  /** Flag or argument that named it. */
  option: z.string(),
  /** As it was given: relative to the making's `folder`, to the user's home (`~/…`), or whole; or a name or an address. */
  path: pathText,
  /** `name`: no path but the name of a model and the like, or an address. */
  kind: z.enum(["file", "folder", "name"]),
  files: z.int().nonnegative().optional(),
  bytes: z.int().nonnegative().optional(),
  /** SHA-256 of its content, or of the file that a name stands for; absent of what changed while it was read. */
  sha256: hash.optional(),
  /** SHA-256 of its files' paths, sizes and times of change. */
  stamp: hash.optional(),
});

const makingSchema = z.strictObject({
  /** The command line without the program's name, its paths relative to the folder or the user's home. */
  command: z.array(z.string()).min(1),
  /** Working folder, relative to the sidecar's own. */
  folder: pathText,
  inputs: z.array(placeSchema),
  outputs: z.array(placeSchema),
  /** Names of the runs that were asked for; absent where all were. */
  runs: z.array(z.string()).optional(),
  /** What was done otherwise than asked, in sentences; absent where nothing was. */
  notes: z.array(z.string()).optional(),
  code: z.strictObject({
    commit: z.string().nullable(),
    dirty: z.boolean().nullable(),
    lockfileHash: hash.nullable(),
    /** SHA-256 of the sources; absent of what earlier versions made. */
    sources: hash.optional(),
  }),
  versions: z.strictObject({ pickbench: z.string(), node: z.string(), onnxruntime: z.string().nullable() }),
  machine: z.strictObject({ cpu: z.string(), cores: z.int(), memoryBytes: z.number(), os: z.string() }),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
});

const sidecarSchema = z.strictObject({
  madeVersion: z.literal(1),
  /** Every command that wrote there, the latest last. */
  makings: z.array(makingSchema).min(1),
});

/** One command that made something. */
export type Making = z.infer<typeof makingSchema>;
/** A file or folder that a command read or wrote. */
export type MadePlace = z.infer<typeof placeSchema>;

/** Returns the path of the sidecar of an output. */
export const sidecarOf = (output: string): string => `${resolve(output)}${sidecarEnding}`;

/**
 * Reads who made an output, the latest last; undefined where it has no sidecar.
 *
 * @throws PickbenchError BadDataset where the sidecar is broken
 */
export async function readMakings(output: string): Promise<Making[] | undefined> {
  const path = sidecarOf(output);
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  const refuse = (why: string) =>
    new PickbenchError("BadDataset", `${path} does not say how ${output} was made: ${why}; remove it`, {
      path,
    });
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw refuse(messageOf(error));
  }
  const parsed = sidecarSchema.safeParse(value);
  if (parsed.success) return parsed.data.makings;
  const issue = parsed.error.issues[0]!;
  throw refuse(`${issue.path.join(".") || "the document"}: ${issue.message}`);
}

/**
 * Adds a making to an output's sidecar. Of a folder, the makings of other command lines stay, but for those that were
 * replaced: of all runs, or of the same ones. A file has one maker. A broken sidecar is replaced.
 *
 * @param replaces whether what was there before was replaced
 * @throws PickbenchError BadUsage where a folder stands there, System where it cannot be written
 */
export async function addMaking(
  output: string,
  kind: "file" | "folder",
  making: Making,
  replaces = false,
): Promise<void> {
  const path = sidecarOf(output);
  if ((await stat(path).catch(() => undefined))?.isDirectory())
    throw new PickbenchError("BadUsage", `${path} is a folder, where ${output} has its sidecar; rename it`, {
      path,
    });
  const earlier = kind === "file" ? [] : ((await readMakings(output).catch(() => undefined)) ?? []);
  const isGone = ({ command, runs }: Making): boolean =>
    command.join("\0") === making.command.join("\0") ||
    (replaces && (making.runs === undefined || making.runs.join("\0") === runs?.join("\0")));
  const makings = [...earlier.filter((each) => !isGone(each)), making];
  await writeWhole(path, `${JSON.stringify(sidecarSchema.parse({ madeVersion: 1, makings }), null, 2)}\n`);
}
