/**
 * What features do to each other's maps: competition, then interactions in order (Last et al., eLife 2024, and Ais's
 * program). The room `rules` computes on numbers alone. Every rule either keeps a voxel's value or makes it 0, so a feature
 * is its own map and a bit a voxel.
 */
import type { Shape3, Spacing3 } from "../../domain/volume.js";
import { type Bits, bothOn, clearWhereOff, keepWhere, makeBits, setSlab } from "./bits.js";
import { ballReach, type Dilate, discReach } from "./dilation.js";

/** `exact`: balls on floats; `ais`: discs slice by slice on bytes. */
export type RuleMode = "exact" | "ais";

/** A rule between two features, by their places in the list. */
export interface RuleOfTwo {
  /** The feature that is changed. */
  readonly feature: number;
  readonly type: "avoid" | "colocalise";
  /** The feature that is the condition. */
  readonly with: number;
  /** Radius in Å. */
  readonly radius: number;
  /** Voxels of the condition above it count; between 0 and 1. */
  readonly threshold: number;
}

/** What features do to each other. */
export interface Rules {
  /** Whether each feature pushes others out, and is pushed out, in competition. */
  readonly features: readonly { readonly emit: boolean; readonly absorb: boolean }[];
  /** Done in this order, each on maps that those before have changed. */
  readonly interactions: readonly RuleOfTwo[];
  readonly mode: RuleMode;
}

/** Returns one feature's values of some slices. */
export type ReadFeature = (feature: number) => Float32Array | Promise<Float32Array>;

/** Rules that take maps in slab by slab and then give out conditioned ones; one bit a voxel for each map and condition. */
export interface Conditions {
  /** Whether any rule changes any map; without one `observe` has nothing to see. */
  readonly isAny: boolean;
  /** Takes in slices from `zStart` on; all slices must be seen once, in any order. Values are not changed. */
  observe(zStart: number, read: ReadFeature): Promise<void>;
  /** Does the interactions, once all slices are seen. */
  settle(spacing: Spacing3, dilate: Dilate, onDone?: (done: number, total: number) => void): Promise<void>;
  /** Conditions slices of a feature in place: in mode `ais` they become multiples of 1/255. */
  apply(feature: number, zStart: number, values: Float32Array): void;
}

/** Prepares the rules for maps of one shape. */
export function conditionsOf(rules: Rules, shape: Shape3): Conditions {
  const { features, interactions, mode } = rules;
  const emitters = features.flatMap(({ emit }, at) => (emit ? [at] : []));
  const absorbers = emitters.length > 0 ? features.flatMap(({ absorb }, at) => (absorb ? [at] : [])) : [];
  const changed = new Set([...absorbers, ...interactions.map(({ feature }) => feature)]);
  const kept = new Map([...changed].map((feature) => [feature, makeBits(shape, true)]));
  const seen = new Map<string, { readonly rule: RuleOfTwo; readonly bits: Bits }>();
  for (const rule of interactions)
    if (!seen.has(keyOf(rule))) seen.set(keyOf(rule), { rule, bits: makeBits(shape) });
  const looked = new Set([...absorbers, ...interactions.map((rule) => rule.with)]);
  return {
    isAny: kept.size > 0,
    async observe(zStart, read) {
      const greatest = absorbers.length > 0 ? await greatestOf(emitters, read, mode) : undefined;
      for (const feature of looked) {
        const values = inMode(await read(feature), mode);
        if (greatest && absorbers.includes(feature))
          setSlab(kept.get(feature)!, zStart, values, (value, i) => value >= greatest[i]!);
        for (const { rule, bits } of seen.values()) {
          if (rule.with !== feature) continue;
          const above = mode === "ais" ? 255 * rule.threshold : Math.fround(rule.threshold);
          setSlab(bits, zStart, values, (value) => value > above);
        }
      }
    },
    async settle(spacing, dilate, onDone) {
      const reachOf = mode === "ais" ? discReach : ballReach;
      for (const [at, rule] of interactions.entries()) {
        const condition = bothOn(seen.get(keyOf(rule))!.bits, kept.get(rule.with));
        const near = await dilate(condition, reachOf(rule.radius, spacing));
        keepWhere(kept.get(rule.feature)!, near, rule.type === "avoid");
        onDone?.(at + 1, interactions.length);
      }
    },
    apply(feature, zStart, values) {
      if (mode === "ais") for (let i = 0; i < values.length; i++) values[i] = byteOf(values[i]!) / 255;
      const bits = kept.get(feature);
      if (bits) clearWhereOff(bits, zStart, values);
    },
  };
}

const keyOf = (rule: RuleOfTwo): string => `${rule.with} ${rule.threshold}`;

/** Returns a probability as the byte that Ais makes of it: 255·p in single precision, without its fraction. */
export const byteOf = (value: number): number =>
  Math.trunc(Math.fround(255 * Math.max(0, Math.min(value, 1))));

const inMode = (values: Float32Array, mode: RuleMode): Float32Array =>
  mode === "ais" ? values.map(byteOf) : values;

async function greatestOf(
  emitters: readonly number[],
  read: ReadFeature,
  mode: RuleMode,
): Promise<Float32Array> {
  const [first, ...others] = emitters;
  const greatest = inMode(await read(first!), mode).slice();
  for (const feature of others) {
    const values = inMode(await read(feature), mode);
    for (let i = 0; i < greatest.length; i++) if (values[i]! > greatest[i]!) greatest[i] = values[i]!;
  }
  return greatest;
}
