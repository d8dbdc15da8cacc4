/** What the voxels of a run's tomograms show before the first step: that they can be read, blank parts, and contrast. */
import { blankShare, blankText } from "../../data/blank/blank.js";
import {
  type Contrast,
  commonContrast,
  contrastAtPicks,
  contrastOfVoxels,
  differingContrast,
  type TrainedContrast,
} from "../../data/contrast.js";
import type { Dataset, TomogramReader } from "../../data/model.js";
import { withBlank } from "../../data/normalisation.js";
import { measureVolume } from "../../data/normalise.js";
import { meanPower, type RadialPower } from "../../data/spectrum/gain.js";
import { normalisedPower } from "../../data/spectrum/match.js";
import { rounded } from "../../domain/numbers.js";
import type { PicksByExperiment } from "../../score/score.js";
import type { Reporter } from "../../system/reporter.js";

/** Facts on one tomogram. */
interface SeenTomogram {
  readonly atPicks: Contrast;
  readonly ofVoxels: Contrast;
  /** Share of blank voxels; 0 where there are none. */
  readonly blank: number;
  /** Radial power of its normalised values; absent where nobody asked for it. */
  readonly power?: RadialPower;
}

/** Facts on tomograms by the path of each. */
export type SeenTomograms = ReadonlyMap<string, SeenTomogram>;

/** Facts on the tomograms of an experiment. */
export interface SeenData {
  /** Contrast of each run's picks, in the first of its reconstructions that was read. */
  readonly contrast: Readonly<Record<string, Contrast>>;
  /** Share of blank voxels of the runs that have any. */
  readonly blank: Readonly<Record<string, number>>;
  /** Contrast that the voxels of the training's tomograms show together. */
  readonly trained: TrainedContrast;
  /** Mean spectrum of the training's tomograms, which all are matched to; absent where none is. */
  readonly reference?: RadialPower;
  readonly tomograms: SeenTomograms;
}

/** What tomograms are read for. */
interface Learned {
  /** Names of the runs that are trained on. */
  readonly train: readonly string[];
  /** Whether tomograms are given the mean spectrum of those runs. */
  readonly isMatched: boolean;
}

/**
 * Reads tomograms one by one, to the last voxel, and notes what is odd.
 *
 * @param picks of all their runs
 * @param known tomograms that were read before, of which all was noted then; null where none was
 * @throws PickbenchError BadDataset or NotFinite for the first that cannot be used
 */
export async function seeData(
  { particles }: Pick<Dataset, "particles">,
  picks: PicksByExperiment,
  readers: readonly TomogramReader[],
  { train, isMatched }: Learned,
  reporter: Reporter,
  known: SeenTomograms | null = null,
): Promise<SeenData> {
  const tomograms = new Map(known ?? []);
  const unread = new Map(readers.map((reader) => [reader.ref.path, reader]));
  for (const path of tomograms.keys()) unread.delete(path);
  if (unread.size > 0) await readAll(particles, picks, unread, { tomograms, isMatched }, reporter);
  const first = new Map<string, SeenTomogram>();
  for (const { ref } of readers) if (!first.has(ref.run)) first.set(ref.run, tomograms.get(ref.path)!);
  const contrast = new Map([...first].map(([run, { atPicks }]) => [run, atPicks]));
  const blank = [...first].flatMap(([run, { blank: share }]) => (share > 0 ? [[run, share] as const] : []));
  const differing = differingContrast(contrast);
  if (!known)
    for (const line of [
      ...blank.map(([run, share]) => blankText(run, share)),
      ...(differing ? [differing] : []),
    ])
      reporter.note(line);
  const learned = readers
    .filter(({ ref }) => train.includes(ref.run))
    .map(({ ref }) => tomograms.get(ref.path)!);
  return {
    contrast: Object.fromEntries(contrast),
    blank: Object.fromEntries(blank),
    trained: commonContrast(learned.map(({ ofVoxels }) => ofVoxels)),
    ...(isMatched && { reference: meanPower(learned.map(({ power }) => power!)) }),
    tomograms,
  };
}

async function readAll(
  particles: Dataset["particles"],
  picks: PicksByExperiment,
  readers: ReadonlyMap<string, TomogramReader>,
  { tomograms, isMatched }: { readonly tomograms: Map<string, SeenTomogram>; readonly isMatched: boolean },
  reporter: Reporter,
): Promise<void> {
  let done = 0;
  const progress = reporter.progress("checking the data", readers.size, "tomograms", { isAside: true });
  try {
    for (const [path, reader] of readers) {
      const { run } = reader.ref;
      const volume = withBlank(await reader.readAll(), reader.ref.nan === "blank");
      const intensity = measureVolume(volume, reader);
      tomograms.set(path, {
        atPicks: contrastAtPicks(volume, picks.get(run)!, particles),
        ofVoxels: contrastOfVoxels(volume),
        blank: rounded(blankShare(volume), 4),
        ...(isMatched && { power: normalisedPower(volume, intensity) }),
      });
      progress.update(++done, run);
    }
  } finally {
    progress.stop();
  }
}
