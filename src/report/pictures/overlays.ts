/** Pictures of features' masks, which the run left in its folder. */
import { existsSync } from "node:fs";
import { readBytes } from "../../system/paths/opening.js";
import { overlayFile } from "../../train/run/runFolder.js";
import type { ReportedRun } from "../readRun.js";
import type { PictureBudget } from "./slices.js";

/** A run's picture of a feature's masks. */
export interface OverlayPicture {
  readonly run: string;
  readonly feature: string;
  readonly address: string;
}

/** Reads the pictures of a run's features, the first run of every feature first, as far as the budget goes. */
export async function readOverlays(
  { folder, report }: ReportedRun,
  budget: PictureBudget,
): Promise<OverlayPicture[]> {
  const wanted = Object.entries(report?.features ?? {})
    .flatMap(([feature, { perRun }]) => Object.keys(perRun).map((run, rank) => ({ feature, run, rank })))
    .sort((a, b) => a.rank - b.rank);
  const pictures: OverlayPicture[] = [];
  for (const { feature, run } of wanted) {
    const path = overlayFile(folder, run, feature);
    if (!existsSync(path)) continue;
    const address = `data:image/png;base64,${(await readBytes(path)).toString("base64")}`;
    if (!budget.take(address.length)) break;
    pictures.push({ run, feature, address });
  }
  return pictures;
}
