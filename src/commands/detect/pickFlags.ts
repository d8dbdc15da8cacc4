/** The flags of pick that belong to one method alone: filaments, and orientations of groups. */
import { angstrom } from "../../domain/units.js";
import type { FilamentSettings } from "../../infer/pick/filaments/filaments.js";
import type { Orienting, OrientSign } from "../../infer/pick/orientation.js";
import type { PickingSettings } from "../../infer/pick/picking.js";
import { PickbenchError } from "../../system/errors.js";

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

function refuse(flags: Readonly<Record<string, unknown>>, why: string): void {
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
