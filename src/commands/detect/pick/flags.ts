/** The flags of pick: settings over the tuned or usual ones, and those of one method alone. */
import { challengeParticles, type Particle } from "../../../domain/particles.js";
import { type Angstrom, angstrom } from "../../../domain/units.js";
import type { FilamentSettings } from "../../../infer/pick/filaments/filaments.js";
import type { Orienting, OrientSign } from "../../../infer/pick/orientation.js";
import { defaultPicking, type PickingSettings } from "../../../infer/pick/picking.js";
import { PickbenchError } from "../../../system/errors.js";

type Method = PickingSettings["method"] | "filament";

interface MethodFlags {
  readonly method: Method | undefined;
  readonly threshold: number | undefined;
  readonly minVolume: number | undefined;
  readonly minSpacing: number | undefined;
  readonly radius: number | undefined;
  readonly orient: Orienting["axis"] | undefined;
  readonly orientSign: OrientSign | undefined;
  readonly spacing: number | undefined;
  readonly length: number | undefined;
}

/** Å of the shortest filament that is kept by default, as in Ais. */
const usualLength = 500;

/** The method, where it is of particles. */
export const pointMethod = (method: Method | undefined): PickingSettings["method"] | undefined =>
  method === "filament" ? undefined : method;

/**
 * The settings of filaments; undefined with another method.
 *
 * @throws PickbenchError BadUsage for a flag that the method does not have, or of a wrong value
 */
export function filamentSettings(
  flags: MethodFlags,
  checkpoint: readonly string[] | undefined,
): FilamentSettings | undefined {
  const { method, threshold = 0.5, minVolume = 0, spacing, length = usualLength, orientSign = "z" } = flags;
  if (method !== "filament") {
    refuse({ spacing, length: flags.length }, "is of --method filament alone");
    return undefined;
  }
  const { minSpacing, radius, orient } = flags;
  refuse(
    { "min-spacing": minSpacing, radius, orient, checkpoint },
    "is not of --method filament, which has --threshold, --min-volume, --spacing and --length",
  );
  if (spacing === undefined)
    throw new PickbenchError("BadUsage", "--method filament needs --spacing, the Å between points; give it");
  checkNumber("threshold", threshold, Number.NEGATIVE_INFINITY);
  checkNumber("min-volume", minVolume, 0);
  checkNumber("length", length, 0);
  if (!(Number.isFinite(spacing) && spacing >= leastSpacing))
    throw new PickbenchError(
      "BadUsage",
      `--spacing is ${spacing}, wanted Å between points, at least ${leastSpacing}; write it like --spacing 80`,
    );
  return {
    ...{ method, threshold, minVolume, sign: orientSign },
    ...{ spacing: angstrom(spacing), length: angstrom(length) },
  };
}

/** Least Å between points: with fewer there would be millions. */
const leastSpacing = 1;

/** How groups are given orientations. @throws PickbenchError BadUsage where the flags do not go together */
export function orientingOf({ method, orient, orientSign }: MethodFlags): Orienting | undefined {
  if (orient === undefined) {
    refuse({ "orient-sign": orientSign }, "needs --orient or --method filament");
    return undefined;
  }
  if (method === "peaks")
    throw new PickbenchError(
      "BadUsage",
      "--orient needs groups of voxels, which --method peaks has not; leave one out",
    );
  return { axis: orient, sign: orientSign ?? "z" };
}

/** @throws PickbenchError BadUsage for the first flag that is given */
export function refuse(flags: Readonly<Record<string, unknown>>, why: string): void {
  const [given] = Object.entries(flags).find(([, value]) => value !== undefined) ?? [];
  if (given !== undefined) throw new PickbenchError("BadUsage", `--${given} ${why}; leave it out`);
}

function checkNumber(flag: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return;
  throw new PickbenchError(
    "BadUsage",
    `--${flag} is ${value}, wanted ${least === 0 ? "0 or a positive number" : "a number"}; give one`,
  );
}

/** Picking settings that flags name. */
export type PickFlags = Partial<PickingSettings>;

/** @throws BadUsage where a number is not one, or negative where it cannot be */
export function checkedFlags(flags: {
  method: PickingSettings["method"] | undefined;
  threshold: number | undefined;
  minVolume: number | undefined;
  minSpacing: number | undefined;
  radius: number | undefined;
}): PickFlags {
  const number = (flag: string, value: number | undefined, least: number): number | undefined => {
    if (value === undefined || (Number.isFinite(value) && value >= least)) return value;
    throw new PickbenchError(
      "BadUsage",
      `--${flag} is not ${least === 0 ? "0 or a positive number" : "a number"}; write it like --${flag} 0.5`,
    );
  };
  const lengthOf = (flag: string, value: number | undefined): { value?: Angstrom } => {
    const checked = number(flag, value, 0);
    return checked === undefined ? {} : { value: angstrom(checked) };
  };
  const threshold = number("threshold", flags.threshold, Number.NEGATIVE_INFINITY);
  const minVolume = number("min-volume", flags.minVolume, 0);
  const { value: minSpacing } = lengthOf("min-spacing", flags.minSpacing);
  const { value: radius } = lengthOf("radius", flags.radius);
  return {
    ...(flags.method === undefined ? {} : { method: flags.method }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(minVolume === undefined ? {} : { minVolume }),
    ...(minSpacing === undefined ? {} : { minSpacing }),
    ...(radius === undefined ? {} : { radius }),
  };
}

/** The flags over the type's defaults. @throws BadUsage where a type has none and the flags do not replace them */
export function settingsFor(
  type: string,
  flags: PickFlags,
  particles: readonly Particle[] = challengeParticles,
): PickingSettings {
  const particle =
    particles.find(({ name }) => name === type) ?? challengeParticles.find(({ name }) => name === type);
  if (particle) return { ...defaultPicking(particle), ...flags };
  const { method = "watershed", threshold = 0.5, minVolume, minSpacing } = flags;
  if (minSpacing !== undefined && (minVolume !== undefined || method === "peaks"))
    return { ...flags, method, threshold, minVolume: minVolume ?? 0, minSpacing };
  throw new PickbenchError(
    "BadUsage",
    `${type} has no known radius to take settings from; give --min-spacing and --min-volume, or choose others with --type`,
  );
}

/** Tuned settings under flags; a threshold that is given stays, however many picks that makes. */
export function overridden({ density, ...tuned }: PickingSettings, flags: PickFlags): PickingSettings {
  return {
    ...tuned,
    ...(density !== undefined && flags.threshold === undefined && { density }),
    ...flags,
  };
}
