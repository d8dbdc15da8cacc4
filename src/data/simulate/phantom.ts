/** Phantoms: simulated tomograms with known particles. */
import { type Random, randomFor } from "../../domain/random.js";
import { angstrom } from "../../domain/units.js";
import type { Shape3 } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { croppedInPlace, emptyField, type Field } from "./field.js";
import { drawLike, makeLike } from "./like/apply.js";
import type { TargetTomogram } from "./like/targets.js";
import { type DrawnImaging, drawImaging } from "./microscope/ranges.js";
import { image } from "./microscope/reconstruct.js";
import { drawSlab } from "./placement.js";
import type { SpecimenSet } from "./population.js";
import type { SimulationRanges } from "./rangesFile.js";
import { type Contents, drawContents } from "./solution/contents.js";
import { countsOf, drawSolution, paintSolution } from "./solution/scene.js";
import type { PhantomPick } from "./stamp.js";

/** The plan of one phantom; equal plans give equal bytes. */
export interface PhantomPlan {
  readonly seed: number;
  /** Part of a data set, and number of the run in it; both enter every random draw. */
  readonly part: string;
  readonly run: number;
  readonly shape: Shape3;
  /** Å per voxel. */
  readonly spacing: number;
  /** Counts given by the user, by the particle's name. */
  readonly counts: ReadonlyMap<string, number>;
  /** What is drawn for every tomogram. */
  readonly ranges: SimulationRanges;
  /** Makes half sets too. */
  readonly halves?: boolean;
  /** Tomograms whose spectra and grey values the reconstructions are given; none if absent. */
  readonly like?: readonly TargetTomogram[];
}

/** A simulated tomogram and its truth. */
export interface Phantom {
  readonly picks: readonly PhantomPick[];
  readonly imaging: DrawnImaging;
  /** Voxels of the plan's shape, z slowest; protein is dark. */
  readonly wbp: Float32Array;
  readonly denoised: Float32Array;
  /** What a solution holds; a cell tells of itself. */
  readonly contents?: Contents & { readonly placed: Readonly<Record<string, number>> };
  /** The reconstruction of the even tilts less `wbp`; that of the odd ones is as much on the other side. */
  readonly halfDifference?: Float32Array;
  /** Run that its spectra were taken from, or null for the mean of all; absent where they are its own. */
  readonly like?: string | null;
}

/** Standard deviation of the challenge's tomograms. */
const tomogramDeviation = 7.2e-6;

/**
 * Simulates one tomogram. A type without a given count may come out fewer where space is short. Memory: two arrays of 4
 * bytes a voxel, slightly larger than the tomogram; two more with half sets, and two more for a filter to another spectrum.
 *
 * @throws PickbenchError BadUsage where particles with a given count do not all fit
 */
export function simulatePhantom(plan: PhantomPlan, specimens: SpecimenSet): Phantom {
  const drawn = (purpose: string): Random =>
    randomFor(plan.seed, `phantom ${plan.part} ${purpose}`, plan.run);
  const [z, y, x] = plan.shape.map((size) => size * plan.spacing) as [number, number, number];
  const slab = drawSlab({ x, y, z }, plan.ranges.ice, drawn("slab"));
  const pool = specimens.distractors.map(({ name }) => name);
  const contents = drawContents(plan.ranges, pool, drawn("contents"));
  const solution = drawSolution(slab, contents, specimens, plan.counts, drawn);
  checkCounts(
    plan,
    solution.particles.map(({ density }) => density.name),
  );
  const field = emptyField(plan.shape, plan.spacing);
  const picks = paintSolution({ field, shape: plan.shape }, solution, contents.flexibility, drawn);
  return {
    ...imaged(field, plan, slab.thickness, picks, drawn),
    contents: { ...contents, placed: countsOf(solution) },
  };
}

/**
 * Draws how a field of density is imaged, images it and crops it to the tomogram, in place.
 *
 * @param thickness of the ice, Å
 * @param drawn makes the generator of a purpose
 */
export function imaged(
  field: Field,
  plan: PhantomPlan,
  thickness: number,
  picks: readonly PhantomPick[],
  drawn: (purpose: string) => Random,
): Phantom {
  const imaging = drawImaging(plan.ranges, thickness, drawn("imaging"));
  const { denoised, halfDifference } = image(field, imaging, {
    noise: drawn("noise"),
    ...(plan.halves ? { halves: drawn("noise of halves") } : {}),
  });
  const cropped = (values: Float32Array) => croppedInPlace(values, field, plan.shape);
  const wbp = cropped(field.density);
  const scale = scaleOf(wbp);
  const shown = cropped(denoised);
  const phantom = {
    picks,
    imaging,
    wbp: scaled(wbp, scale),
    denoised: scaled(shown, scaleOf(shown)),
    ...(halfDifference ? { halfDifference: scaled(cropped(halfDifference), scale) } : {}),
  };
  return plan.like ? madeLike(phantom, plan, plan.like, drawn("like")) : phantom;
}

function madeLike(
  phantom: Phantom,
  { shape, spacing }: PhantomPlan,
  targets: readonly TargetTomogram[],
  random: Random,
): Phantom {
  const { target, wanted } = drawLike(targets, random);
  const step = angstrom(spacing);
  const volumeOf = (data: Float32Array) => ({ data, shape, spacing: [step, step, step] as const });
  const { wbp, denoised, halfDifference } = phantom;
  if (wanted.denoised) makeLike(volumeOf(denoised), wanted.denoised);
  if (wanted.wbp) makeLike(volumeOf(wbp), wanted.wbp, halfDifference ? [volumeOf(halfDifference)] : []);
  return { ...phantom, like: target };
}

/** Checks that all particles with a given count are among the placed kinds. @throws PickbenchError BadUsage */
export function checkCounts({ counts, shape }: PhantomPlan, placed: readonly string[]): void {
  for (const [name, wanted] of counts) {
    const found = placed.filter((kind) => kind === name).length;
    if (found < wanted) {
      throw new PickbenchError(
        "BadUsage",
        `${wanted} ${name} were asked for, but ${found} found room in ${shape.join(" × ")} voxels: ask for fewer particles or a larger tomogram`,
      );
    }
  }
}

/** Returns the factor that brings values to the challenge's standard deviation. */
function scaleOf(values: Float32Array): number {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const deviation = Math.sqrt(squares / values.length - (sum / values.length) ** 2);
  return deviation > 0 ? tomogramDeviation / deviation : 0;
}

/** Multiplies values in place. */
function scaled(values: Float32Array, scale: number): Float32Array {
  for (let i = 0; i < values.length; i++) values[i]! *= scale;
  return values;
}
