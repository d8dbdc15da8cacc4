/** Phantoms: simulated tomograms with known particles. */
import { type Random, randomFor } from "../../domain/random.js";
import type { Shape3 } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { emptyField, type Field, type Imaging, image } from "./imaging.js";
import { drawSlab } from "./placement.js";
import type { SpecimenSet } from "./population.js";
import { type ContentRanges, defaultContents, drawContents } from "./solution/contents.js";
import { drawSolution, paintSolution } from "./solution/scene.js";
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
  /** Noise relative to the challenge's tomograms. */
  readonly noise: number;
}

/** A simulated tomogram and its truth. */
export interface Phantom {
  readonly picks: readonly PhantomPick[];
  readonly imaging: Imaging;
  /** Voxels of the plan's shape, z slowest; protein is dark. */
  readonly wbp: Float32Array;
  readonly denoised: Float32Array;
}

/** Standard deviation of the challenge's tomograms. */
const tomogramDeviation = 7.2e-6;

/**
 * Simulates one tomogram. A type without a given count may come out fewer where space is short. Memory: two arrays of 4
 * bytes a voxel, slightly larger than the tomogram.
 *
 * @throws PickbenchError BadUsage where particles with a given count do not all fit
 */
export function simulatePhantom(
  plan: PhantomPlan,
  specimens: SpecimenSet,
  ranges: ContentRanges = defaultContents,
): Phantom {
  const drawn = (purpose: string): Random =>
    randomFor(plan.seed, `phantom ${plan.part} ${purpose}`, plan.run);
  const [z, y, x] = plan.shape.map((size) => size * plan.spacing) as [number, number, number];
  const slab = drawSlab({ x, y, z }, drawn("slab"));
  const pool = specimens.distractors.map(({ name }) => name);
  const contents = drawContents(ranges, pool, drawn("contents"));
  const solution = drawSolution(slab, contents, specimens, plan.counts, drawn);
  checkCounts(
    plan,
    solution.particles.map(({ density }) => density.name),
  );
  const field = emptyField(plan.shape, plan.spacing);
  const picks = paintSolution({ field, shape: plan.shape }, solution, contents.flexibility, drawn);
  return imaged(field, plan, slab.thickness, picks, drawn);
}

/**
 * Images a field of density and crops it to the tomogram, in place.
 *
 * @param thickness of the ice, Å
 * @param drawn makes the generator of a purpose
 */
export function imaged(
  field: Field,
  { noise, shape }: PhantomPlan,
  thickness: number,
  picks: readonly PhantomPick[],
  drawn: (purpose: string) => Random,
): Phantom {
  const imaging = drawImaging(noise, thickness, drawn("imaging"));
  const denoised = image(field, imaging, drawn("noise"));
  return {
    picks,
    imaging,
    wbp: scaledToDeviation(croppedInPlace(field.density, field, shape)),
    denoised: scaledToDeviation(croppedInPlace(denoised, field, shape)),
  };
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

/** Draws a microscope session as in the challenge: a Titan Krios at 300 kV, tilts to ±60° about y. */
function drawImaging(noise: number, thickness: number, random: Random): Imaging {
  return {
    optics: {
      voltage: 300,
      defocus: random.between(25000, 45000),
      sphericalAberration: 2.7e7,
      amplitudeContrast: 0.1,
      phaseFlipped: true,
      bFactor: random.between(700, 1100),
    },
    tilts: { maximum: random.between(58, 60), thickness },
    noise: noise * random.between(0.85, 1.15),
  };
}

/** Moves the tomogram's rows to the front of a field's values and returns that front part. */
function croppedInPlace(values: Float32Array, { shape, offset }: Field, [nz, ny, nx]: Shape3): Float32Array {
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const from = ((z + offset[0]) * shape[1] + y + offset[1]) * shape[2] + offset[2];
      values.copyWithin((z * ny + y) * nx, from, from + nx);
    }
  }
  return values.subarray(0, nz * ny * nx);
}

/** Scales values to the challenge's standard deviation, in place. */
function scaledToDeviation(values: Float32Array): Float32Array {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const deviation = Math.sqrt(squares / values.length - (sum / values.length) ** 2);
  const scale = deviation > 0 ? tomogramDeviation / deviation : 0;
  for (let i = 0; i < values.length; i++) values[i]! *= scale;
  return values;
}
