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
import type { ParticlePick } from "../../domain/particles.js";
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
  /** Contrast that the voxels of the training's tomograms show together, those of further data sets too. */
  readonly trained: TrainedContrast;
  /** Mean spectrum of the training's own tomograms, which all are matched to; absent where none is. */
  readonly reference?: RadialPower;
  readonly tomograms: SeenTomograms;
}

/** A tomogram of a further data set, which is trained on. */
export interface FurtherTomogram {
  readonly reader: TomogramReader;
  /** Its run and its data set, as people are told. */
  readonly name: string;
  readonly picks: readonly ParticlePick[];
}

/** What tomograms are read for. */
interface Learned {
  /** Names of the runs that are trained on. */
  readonly train: readonly string[];
  /** Whether tomograms are given the mean spectrum of those runs. */
  readonly isMatched: boolean;
  /** Tomograms of further data sets, whose contrast is compared with that of the others. */
  readonly further: readonly FurtherTomogram[];
}

/** A tomogram to read. */
interface Unread extends FurtherTomogram {
  /** Whether its spectrum counts. */
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
  { train, isMatched, further }: Learned,
  reporter: Reporter,
  known: SeenTomograms | null = null,
): Promise<SeenData> {
  const tomograms = new Map(known ?? []);
  const own = readers.map((reader): Unread => {
    const name = reader.ref.run;
    return { reader, name, picks: picks.get(name)!, isMatched };
  });
  const all = [...own, ...further.map((each) => ({ ...each, isMatched: false }))];
  await readUnread(particles, all, tomograms, reporter);
  const first = new Map<string, SeenTomogram>();
  for (const { name, reader } of all) if (!first.has(name)) first.set(name, tomograms.get(reader.ref.path)!);
  const contrast = [...first].map(([name, { atPicks }]) => [name, atPicks] as const);
  const blank = [...first].flatMap(([name, { blank: share }]) => (share > 0 ? [[name, share] as const] : []));
  const differing = differingContrast(new Map(contrast));
  if (!known)
    for (const line of [
      ...blank.map(([name, share]) => blankText(name, share)),
      ...(differing ? [differing] : []),
    ])
      reporter.note(line);
  const isOwn = ([name]: readonly [string, unknown]): boolean => picks.has(name);
  const learned = readers
    .filter(({ ref }) => train.includes(ref.run))
    .map(({ ref }) => tomograms.get(ref.path)!);
  const also = further.map(({ reader }) => tomograms.get(reader.ref.path)!);
  return {
    contrast: Object.fromEntries(contrast.filter(isOwn)),
    blank: Object.fromEntries(blank.filter(isOwn)),
    trained: commonContrast([...learned, ...also].map(({ ofVoxels }) => ofVoxels)),
    ...(isMatched && { reference: meanPower(learned.map(({ power }) => power!)) }),
    tomograms,
  };
}

/** Reads those tomograms that are not known yet, each once. */
async function readUnread(
  particles: Dataset["particles"],
  all: readonly Unread[],
  tomograms: Map<string, SeenTomogram>,
  reporter: Reporter,
): Promise<void> {
  const unread = new Map(all.map((each) => [each.reader.ref.path, each]));
  for (const path of tomograms.keys()) unread.delete(path);
  if (unread.size === 0) return;
  let done = 0;
  const progress = reporter.progress("checking the data", unread.size, "tomograms", { isAside: true });
  try {
    for (const [path, { reader, name, picks, isMatched }] of unread) {
      const volume = withBlank(await reader.readAll(), reader.ref.nan === "blank");
      const intensity = measureVolume(volume, reader);
      tomograms.set(path, {
        atPicks: contrastAtPicks(volume, picks, particles),
        ofVoxels: contrastOfVoxels(volume),
        blank: rounded(blankShare(volume), 4),
        ...(isMatched && { power: normalisedPower(volume, intensity) }),
      });
      progress.update(++done, name);
    }
  } finally {
    progress.stop();
  }
}
