/**
 * Tomograms that simulated ones shall look like. The room `like` measures the spectra and grey values of tomograms, and
 * gives them to simulated ones; it reads no picks.
 */

import { PickbenchError } from "../../../system/errors.js";
import { hashOf } from "../../../system/files.js";
import type { Reporter } from "../../../system/reporter.js";
import { openDataset, tomogramMeant, tomogramsNamed, usualTomogram } from "../../dataset.js";
import type { Dataset, TomogramRef } from "../../model.js";
import { withBlank } from "../../normalisation.js";
import { measureVolume } from "../../normalise.js";
import type { RadialPower } from "../../spectrum/gain.js";
import { normalisedPower } from "../../spectrum/match.js";
import { openTomogram } from "../../tomograms/omeZarr.js";

/** The reconstructions of a simulated tomogram that targets are for. */
export type LikeKind = "denoised" | "wbp";

/** A measured tomogram: its radial power once normalised, and the measures of its grey values. */
export interface TargetTomogram {
  readonly run: string;
  readonly kind: LikeKind;
  /** SHA-256 over its voxels as 32-bit floats, z slowest. */
  readonly sha256: string;
  readonly power: RadialPower;
  readonly median: number;
  readonly scale: number;
}

/**
 * Measures the tomograms of a data set, `denoised` or the only reconstruction there is and `wbp`, one in memory at a time.
 *
 * @throws PickbenchError BadDataset where it has none of them, or one cannot be read
 */
export async function measureTargets(path: string, reporter: Reporter): Promise<TargetTomogram[]> {
  const dataset = await openDataset(path, { reporter });
  const work = refsOf(dataset);
  if (work.length === 0)
    throw new PickbenchError(
      "BadDataset",
      `${path}: no run has a tomogram denoised or wbp, which simulated ones could be made like; give a folder with one of them`,
      { path },
    );
  const progress = reporter.progress("measuring spectra", work.length, "tomograms");
  const targets: TargetTomogram[] = [];
  try {
    for (const { ref, kind } of work) {
      targets.push(await measureTarget(dataset, ref, kind));
      progress.update(targets.length, ref.run);
    }
  } finally {
    progress.stop();
  }
  return targets;
}

/** Lists the tomograms to measure; a run's only one whose name tells no type counts as the usual one, as everywhere. */
function refsOf({ runs }: Dataset): { readonly ref: TomogramRef; readonly kind: LikeKind }[] {
  const usual = tomogramMeant(runs, usualTomogram);
  return runs.flatMap((run) => {
    const [denoised] = usual === "wbp" ? [] : tomogramsNamed(run, usual);
    const wbp = run.tomograms.find(({ tomoType }) => tomoType === "wbp");
    return [
      ...(denoised ? [{ ref: denoised, kind: "denoised" as const }] : []),
      ...(wbp ? [{ ref: wbp, kind: "wbp" as const }] : []),
    ];
  });
}

async function measureTarget(dataset: Dataset, ref: TomogramRef, kind: LikeKind): Promise<TargetTomogram> {
  const reader = await openTomogram({ ...ref, nan: "blank" }, 0, dataset.access);
  const volume = withBlank(await reader.readAll(), true);
  const { data } = volume;
  const intensity = measureVolume(volume, reader);
  return {
    run: ref.run,
    kind,
    sha256: hashOf(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    power: normalisedPower(volume, intensity),
    median: intensity.median,
    scale: intensity.scale,
  };
}
