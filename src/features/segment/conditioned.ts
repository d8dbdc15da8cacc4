/** Maps of a run's features with the set's rules applied, slab by slab, in memory that does not grow with the rules. */
import { gaussianReach } from "../../domain/gaussian.js";
import type { Shape3, Spacing3 } from "../../domain/volume.js";
import type { MapReader } from "../../infer/maps/featureMaps.js";
import type { Dilate } from "../../infer/rules/dilation.js";
import { beginContest, blurOf, blurVolume, enter } from "../../infer/rules/identity.js";
import { type Conditions, conditionsOf, type Rules } from "../../infer/rules/rules.js";
import type { Reporter } from "../../system/reporter.js";
import type { FeatureSet } from "../set/schema.js";

/** Raw maps of one run, one a feature in the set's order, on one grid. */
export interface RawRun {
  readonly run: string;
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  readonly readers: readonly MapReader[];
}

/** Slices of all features after the rules, by name. */
export interface ConditionedSlab {
  readonly zStart: number;
  readonly zEnd: number;
  readonly values: ReadonlyMap<string, Float32Array>;
}

/** A run's maps after the rules. */
export interface Conditioned {
  /** Passes all slices in z order, each once. */
  eachSlab(onSlab: (slab: ConditionedSlab) => void | Promise<void>): Promise<void>;
  /** Passes the label of every voxel's feature, from 1 in the set's order, 0 where it is of none, as `eachSlab` does. */
  eachLabels(onSlab: (zStart: number, labels: Uint8Array) => void | Promise<void>): Promise<void>;
}

/** What features of a set do to each other, by their places. */
export function rulesOf({ features, interactions, mode }: FeatureSet): Rules {
  const place = (wanted: string): number => features.findIndex(({ name }) => name === wanted);
  return {
    features: features.map(({ emit, absorb }) => ({ emit, absorb })),
    interactions: interactions.map((rule) => ({
      ...rule,
      feature: place(rule.feature),
      with: place(rule.with),
    })),
    mode,
  };
}

/**
 * Does the rules of a set on a run: one pass over the raw maps, then the interactions on a bit a voxel each. Raw maps are
 * read again when conditioned slices are asked for.
 *
 * @throws the signal's reason once the reporter's signal is aborted
 */
export async function conditionRun(
  set: FeatureSet,
  raw: RawRun,
  dilate: Dilate,
  reporter: Reporter,
): Promise<Conditioned> {
  const conditions = conditionsOf(rulesOf(set), raw.shape);
  if (conditions.isAny) await observeAll(conditions, raw, reporter);
  if (set.interactions.length > 0) {
    const progress = reporter.progress(`interactions in ${raw.run}`, set.interactions.length, "rules");
    const onDone = (done: number): void => progress.update(done);
    await conditions
      .settle(
        raw.spacing,
        async (bits, reach) => {
          reporter.signal.throwIfAborted();
          return dilate(bits, reach);
        },
        onDone,
      )
      .finally(() => progress.stop());
  }
  return {
    async eachSlab(onSlab) {
      await forSlabs(raw, reporter, "writing maps of", async (zStart, zEnd) => {
        const values = new Map<string, Float32Array>();
        for (const [at, { name }] of set.features.entries()) {
          const slab = await raw.readers[at]!.readSlab(zStart, zEnd);
          conditions.apply(at, zStart, slab);
          values.set(name, slab);
        }
        await onSlab({ zStart, zEnd, values });
      });
    },
    async eachLabels(onSlab) {
      await forSlabs(raw, reporter, "labelling", async (zStart, zEnd) =>
        onSlab(zStart, await labelsOf(set, raw, conditions, [zStart, zEnd])),
      );
    },
  };
}

async function observeAll(conditions: Conditions, raw: RawRun, reporter: Reporter): Promise<void> {
  await forSlabs(raw, reporter, "comparing maps of", (zStart, zEnd) =>
    conditions.observe(zStart, (feature) => raw.readers[feature]!.readSlab(zStart, zEnd)),
  );
}

/** Slices that are read together: the depth of the stores' chunks, within what memory allows. */
function slabDepth({ readers, shape }: RawRun): number {
  const area = shape[1] * shape[2];
  const deepest = readers.reduce((most, reader) => Math.max(most, reader.slabDepth), 1);
  return Math.max(1, Math.min(deepest, Math.floor(mostSlab / area)));
}

/** Most voxels of one map that are held at once: 64 slices of 630×630, 102 MB. */
const mostSlab = 64 * 630 * 630;

async function forSlabs(
  raw: RawRun,
  reporter: Reporter,
  what: string,
  work: (zStart: number, zEnd: number) => Promise<void>,
): Promise<void> {
  const [slices] = raw.shape;
  const depth = slabDepth(raw);
  const progress = reporter.progress(`${what} ${raw.run}`, slices, "slices");
  try {
    for (let z = 0; z < slices; z += depth) {
      reporter.signal.throwIfAborted();
      await work(z, Math.min(slices, z + depth));
      progress.update(Math.min(slices, z + depth));
    }
  } finally {
    progress.stop();
  }
}

async function labelsOf(
  { features, identity, mode }: FeatureSet,
  { shape, spacing, readers }: RawRun,
  conditions: Conditions,
  [zStart, zEnd]: readonly [number, number],
): Promise<Uint8Array> {
  const blur = blurOf(identity.blur, spacing, mode);
  const halo = blur[0] === 0 ? 0 : gaussianReach(blur[0]);
  const [from, to] = [Math.max(0, zStart - halo), Math.min(shape[0], zEnd + halo)];
  const area = shape[1] * shape[2];
  const contest = beginContest((zEnd - zStart) * area, identity.unknown);
  for (const at of contestOrder(
    features.map(({ name }) => name),
    identity.priorities,
  )) {
    const values = await readers[at]!.readSlab(from, to);
    conditions.apply(at, from, values);
    if (identity.blur > 0) blurVolume(values, [to - from, shape[1], shape[2]], blur);
    enter(contest, at + 1, values.subarray((zStart - from) * area, (zEnd - from) * area));
  }
  return contest.labels;
}

/** Returns the places of features in the order in which they win ties. */
export const contestOrder = (names: readonly string[], priorities: readonly string[]): number[] => [
  ...priorities.map((name) => names.indexOf(name)),
  ...names.flatMap((name, at) => (priorities.includes(name) ? [] : [at])),
];
