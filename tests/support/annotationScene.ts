/** A small data set in copick's layout to annotate: two runs, with picks of other people. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "../../src/data/model.js";
import { picksText } from "../../src/formats/copickPicks.js";
import { type Annotations, holdAnnotations } from "../../src/studio/annotations/session.js";
import { cubic, writeLabels } from "./masks.js";

/** Shape of its tomograms, of 10 Å a voxel. */
export const sceneShape = [20, 40, 50] as const;

/** Picks that another user has made. */
export const othersFile = (folder: string): string =>
  join(folder, "overlay", "ExperimentRuns", "TS_1", "Picks", "bertha_1_ribosome.json");

export const ownFile = (folder: string, type: string, run = "TS_1", author = "anna_1"): string =>
  join(folder, "overlay", "ExperimentRuns", run, "Picks", `${author}_${type}.json`);

/** Makes the data set. @returns its folder */
export async function annotationScene(folder: string): Promise<string> {
  for (const run of ["TS_1", "TS_2"])
    await writeLabels(
      join(folder, "static", "ExperimentRuns", run, "VoxelSpacing10.000", "denoised.zarr"),
      sceneShape,
      cubic(10),
      (z, y, x) => (z + y + x) % 7,
    );
  const file = othersFile(folder);
  await mkdir(join(file, ".."), { recursive: true });
  const author = { userId: "bertha", sessionId: "1" };
  const points = [{ location: { x: 100, y: 110, z: 120 } }];
  await writeFile(file, picksText({ type: "ribosome", run: "TS_1", author }, points));
  return folder;
}

/** Holds a session while `work` runs, and lets go of it. */
export async function withinSession<T>(
  dataset: Dataset,
  author: { readonly userId: string; readonly sessionId: string },
  work: (annotations: Annotations) => Promise<T>,
): Promise<T> {
  const held = await holdAnnotations(dataset, author);
  const done = await work(held.annotations).catch(async (error: unknown) => {
    await held.close().catch(() => undefined);
    throw error;
  });
  await held.close();
  return done;
}
