/** Where the annotations of one user and session lie in a data set. */
import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Feature } from "../../data/masks/features.js";
import { ownUserId } from "../../formats/copickPicks.js";
import { jsonIn } from "../../formats/json.js";
import { PickbenchError } from "../../system/errors.js";
import { hashOf, writeWhole } from "../../system/files.js";
import { checkedName, inside } from "../../system/paths/names.js";
import { readIfThere } from "../../system/paths/opening.js";
import type { Box6 } from "./edits.js";

const tag = "BadUsage";

/** A user and session by which copick tells annotations apart, and the root that they are written into. */
export interface Annotator {
  readonly overlayRoot: string;
  readonly userId: string;
  readonly sessionId: string;
}

/** @throws PickbenchError BadUsage where a user or session cannot be part of a file's name, or the user is pickbench itself */
export function checkAnnotator({ userId, sessionId }: Annotator): void {
  checkedName(userId, { what: "user", remedy: "give another --user", tag, separator: "_" });
  checkedName(sessionId, { what: "session", remedy: "give another --session", tag, separator: "_" });
  if (userId === ownUserId || userId === "portal")
    throw new PickbenchError(
      "BadUsage",
      `--user ${userId}: what this user has is no truth, and is not trained on; give your own name`,
    );
}

/** Returns the folder of journals, boxes and the lock, which data sets pass over. */
export const sessionFolder = ({ overlayRoot, userId, sessionId }: Annotator): string =>
  join(overlayRoot, ".pickbench-studio", `${userId}_${sessionId}`);

/** Returns a name for a session of a data set on this machine, the same by whatever path the data set was opened. */
export async function sessionHash(annotator: Annotator): Promise<string> {
  const folder = sessionFolder(annotator);
  return hashOf(await realpath(folder).catch(() => folder)).slice(0, 24);
}

/** Returns the journal of a run. */
export const journalPath = (annotator: Annotator, run: string): string =>
  inside(sessionFolder(annotator), `${checkedName(run, { what: "run", tag })}.jsonl`, { what: "run", tag });

/** Lists the runs that have a journal. */
export async function journalNames(annotator: Annotator): Promise<string[]> {
  const names = await readdir(sessionFolder(annotator)).catch(() => []);
  return names.filter((name) => name.endsWith(".jsonl")).map((name) => name.slice(0, -".jsonl".length));
}

const segmentationsFolder = ({ overlayRoot }: Annotator, run: string): string =>
  inside(overlayRoot, ["ExperimentRuns", run, "Segmentations"], { what: "run", tag });

/**
 * Returns the store of a mask.
 *
 * @throws PickbenchError BadUsage where the name cannot be part of a file's name
 */
export function maskPath(annotator: Annotator, run: string, mask: string, voxelSpacing: number): string {
  const remedy = "choose another name";
  const name = checkedName(mask, { what: "mask", tag, remedy, separator: "_" });
  if (name.endsWith("-multilabel"))
    throw new PickbenchError(tag, `the mask ${name} would be read as labels of several; choose another name`);
  const { userId, sessionId } = annotator;
  const file = `${voxelSpacing.toFixed(3)}_${userId}_${sessionId}_${name}.zarr`;
  return inside(segmentationsFolder(annotator, run), file, { what: "mask", tag, remedy });
}

/** Lists the masks of a run that the annotator's files hold. */
export async function masksThere(
  annotator: Annotator,
  run: string,
): Promise<{ readonly name: string; readonly path: string }[]> {
  const folder = segmentationsFolder(annotator, run);
  const mark = `_${annotator.userId}_${annotator.sessionId}_`;
  const names = await readdir(folder).catch(() => []);
  return names.sort().flatMap((file) => {
    const spacing = /^\d+\.\d{3}/.exec(file)?.[0] ?? "";
    const isOurs = spacing !== "" && file.startsWith(`${spacing}${mark}`) && file.endsWith(".zarr");
    const name = isOurs ? file.slice(spacing.length + mark.length, -".zarr".length) : "";
    return name === "" || name.includes("_") || name.endsWith("-multilabel")
      ? []
      : [{ name, path: join(folder, file) }];
  });
}

const boxesOfRuns = z.record(
  z.string(),
  z.array(z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()])),
);

/** Returns the file of what is annotated of a mask, by run, as `annotated: {boxes: FILE}` of a feature takes it. */
const boxesPath = (annotator: Annotator, mask: string): string =>
  inside(sessionFolder(annotator), `${mask}.boxes.json`, { what: "mask", tag });

/** Reads what is annotated of a mask, by run; nothing where the file is not there or holds no boxes. */
export async function readBoxes(annotator: Annotator, mask: string): Promise<Record<string, Box6[]>> {
  const text = (await readIfThere(boxesPath(annotator, mask)))?.toString("utf8");
  return boxesOfRuns.safeParse(jsonIn(text ?? "")).data ?? {};
}

/** The last writing of each file of boxes, which runs share: one waits for the other. */
const writing = new Map<string, Promise<void>>();

/** Writes what is annotated of a mask in a run; other runs' boxes stay. */
export function writeBoxes(...asked: Parameters<typeof replaceBoxes>): Promise<void> {
  const path = boxesPath(asked[0], asked[1]);
  const written = (writing.get(path) ?? Promise.resolve()).then(() => replaceBoxes(...asked));
  const settled = written
    .catch(() => undefined)
    .then(() => {
      if (writing.get(path) === settled) writing.delete(path);
    });
  writing.set(path, settled);
  return written;
}

async function replaceBoxes(
  annotator: Annotator,
  mask: string,
  run: string,
  boxes: readonly Box6[],
): Promise<void> {
  const all = { ...(await readBoxes(annotator, mask)), [run]: boxes };
  const lines = Object.entries(all).map(
    ([each, its]) =>
      ` ${JSON.stringify(each)}: [${its.map((box) => `\n  ${JSON.stringify(box)}`).join(",")}]`,
  );
  await writeWhole(boxesPath(annotator, mask), `{\n${lines.join(",\n")}\n}\n`);
}

/** Returns the masks of an annotator as features of an experiment. */
export const featuresFor = (annotator: Annotator, masks: readonly string[]): Feature[] =>
  masks.map((name) => ({
    name,
    user: annotator.userId,
    session: annotator.sessionId,
    annotated: { boxes: boxesPath(annotator, name) },
  }));
