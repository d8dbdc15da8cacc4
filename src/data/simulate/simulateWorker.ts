import { join } from "node:path";
import { type ErrorTag, isPickbenchError } from "../../errors.js";
import { writeWhole } from "../../files.js";
import { challengeParticles, type Pick } from "../../particles.js";
import { angstrom } from "../../units.js";
import { renderSlice } from "../picture.js";
import { assembleCast, type Cast } from "./cast.js";
import { type Phantom, type PhantomPlan, simulatePhantom } from "./phantom.js";
import { type PhantomRoots, writePhantom } from "./writePhantom.js";

/** One tomogram to make and where it goes. */
export interface SimulateTask {
  readonly name: string;
  readonly plan: PhantomPlan;
  readonly roots: PhantomRoots;
  readonly densities?: string;
  /** Folder for a picture of its middle slice. */
  readonly previews?: string;
}

/** How many picks of each type it holds, or a PickbenchError's parts. */
export type SimulateAnswer =
  | { readonly counts: Readonly<Record<string, number>> }
  | { readonly tag: ErrorTag; readonly message: string; readonly path: string | undefined };

/** Pixels that a picture's shorter voxel row should at least come to. */
const pictureWidth = 600;

let cast: { readonly key: string; readonly made: Promise<Cast> } | undefined;

function castFor(spacing: number, densities: string | undefined): Promise<Cast> {
  const key = JSON.stringify([spacing, densities]);
  if (cast?.key !== key) cast = { key, made: assembleCast(spacing, densities) };
  return cast.made;
}

/** Simulates one tomogram and writes it. */
export default async function simulate(task: SimulateTask): Promise<SimulateAnswer> {
  try {
    const { plan, roots, name } = task;
    const { particles, ...others } = await castFor(plan.spacing, task.densities);
    const phantom = simulatePhantom(plan, { particles, ...others });
    await writePhantom(roots, name, plan, particles.keys(), phantom);
    if (task.previews !== undefined) {
      await writeWhole(join(task.previews, `${name}.png`), previewOf(plan, phantom));
    }
    const countOf = (type: string) => phantom.picks.filter((pick) => pick.type === type).length;
    return { counts: Object.fromEntries([...particles.keys()].map((type) => [type, countOf(type)])) };
  } catch (error) {
    if (!isPickbenchError(error)) throw error;
    return { tag: error.tag, message: error.message, path: error.path };
  }
}

/** The denoised slice that cuts the most particles, with its picks. */
function previewOf(plan: PhantomPlan, { denoised, picks }: Phantom): Uint8Array {
  const step = angstrom(plan.spacing);
  return renderSlice(
    { data: denoised, shape: plan.shape, spacing: [step, step, step] },
    {
      z: fullestPlane(plan, picks),
      zoom: Math.max(1, Math.round(pictureWidth / plan.shape[2])),
      picks,
      particles: challengeParticles,
    },
  );
}

function fullestPlane({ shape, spacing }: PhantomPlan, picks: readonly Pick[]): number {
  const cut = (z: number) =>
    picks.filter(({ type, z: height }) => {
      const radius = challengeParticles.find(({ name }) => name === type)?.radius ?? 0;
      return Math.abs(height - (z + 0.5) * spacing) < radius / 2;
    }).length;
  let fullest = Math.floor(shape[0] / 2);
  for (let z = 0; z < shape[0]; z++) if (cut(z) > cut(fullest)) fullest = z;
  return fullest;
}
