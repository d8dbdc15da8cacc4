/** What says that a run is segmented, and of what: a small file a run, so that the same call goes on where it was stopped. */
import { lstat, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { z } from "zod";
import { parseJson } from "../../formats/json.js";
import { canonicalJson, writeWhole } from "../../system/files.js";
import { checkedName, inside } from "../../system/paths/names.js";
import { readText } from "../../system/paths/opening.js";

const measure = z.strictObject({ voxels: z.number(), volume: z.number(), share: z.number() });

const recordSchema = z.strictObject({
  format: z.literal("pickbench segmented 1"),
  run: z.string(),
  /** Hash of the set, of what its maps were made from, and of how they are written. */
  key: z.string(),
  /** Hash of the set alone, which `features.json` has too: what the labels mean. */
  set: z.string(),
  /** What was written, relative to the output's folder. */
  files: z.array(z.string()),
  /** Of each feature: voxels above its threshold, Å³, and share of the volume. */
  features: z.record(z.string(), measure),
  /** Of each feature and of the unknown: voxels whose identity it is; null where there are no labels. */
  identities: z.record(z.string(), measure).nullable(),
});
/** A segmented run. */
export type SegmentedRun = z.infer<typeof recordSchema>;
/** How much of a run a feature is. */
export type Measure = z.infer<typeof measure>;

/** Folder of the records in the output's folder. */
const folderName = "segmented";

const fileOf = (out: string, run: string): string =>
  inside(join(out, folderName), `${checkedName(run, { what: "run" })}.json`, { what: "run" });

/** Returns a run's record, if it was segmented with that key and all its files are there. */
export async function findRecord(out: string, run: string, key: string): Promise<SegmentedRun | undefined> {
  const record = await readRecord(out, run);
  if (record === undefined || record.key !== key) return undefined;
  const there = await Promise.all(record.files.map((file) => lstat(join(out, file)).catch(() => undefined)));
  return there.includes(undefined) ? undefined : record;
}

/** Forgets that runs were segmented, so that parts of the work begin them anew. */
export async function removeRecords(out: string, runs: readonly string[]): Promise<void> {
  for (const run of runs) await rm(fileOf(out, run), { force: true });
}

/** Reads a run's record, whatever it was segmented with; undefined where there is none, or a damaged one. */
export async function readRecord(out: string, run: string): Promise<SegmentedRun | undefined> {
  const path = fileOf(out, run);
  const text = await readText(path).catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = recordSchema.safeParse(plainJson(text, path));
  return parsed.success && parsed.data.run === run ? parsed.data : undefined;
}

/** Parses JSON; undefined where it is damaged, as after a full disk. */
function plainJson(text: string, path: string): unknown {
  try {
    return parseJson(text, { path });
  } catch {
    return undefined;
  }
}

/** Writes a run's record, once all its files are whole. */
export async function writeRecord(
  out: string,
  record: Omit<SegmentedRun, "format" | "files"> & { readonly files: readonly string[] },
): Promise<SegmentedRun> {
  const files = record.files.map((file) => relative(out, file).split("\\").join("/"));
  const whole: SegmentedRun = { ...record, files, format: "pickbench segmented 1" };
  await writeWhole(fileOf(out, record.run), `${canonicalJson(whole)}\n`);
  return whole;
}
