/** The worker that simulates a tomogram and writes its reconstructions and picks. */
import { join } from "node:path";
import { challengeParticles, type ParticlePick } from "../../domain/particles.js";
import { angstrom } from "../../domain/units.js";
import { writeVolume } from "../../formats/voxelTypes.js";
import { createOmeZarr } from "../../formats/zarr/writer.js";
import { renderSlice } from "../../present/pictures/slice.js";
import { writeWhole } from "../../system/files.js";
import { answering } from "../../system/threads/pool.js";
import { cellFeatures } from "./cell/features.js";
import { type Cell, type CellSettings, simulateCell } from "./cell/scene.js";
import { tintsOf, writeSegmentations } from "./cell/segmentations.js";
import { type Phantom, type PhantomPlan, simulatePhantom } from "./phantom.js";
import { assembleSpecimens, type SpecimenSet } from "./population.js";
import type { PhantomPick } from "./stamp.js";

/** A tomogram to simulate, and the folders it goes to. */
export interface SimulateTask {
  readonly name: string;
  readonly plan: PhantomPlan;
  readonly roots: PhantomRoots;
  /** File for what was drawn. */
  readonly record: string;
  readonly densities?: string;
  /** Makes a cell in place of a solution. */
  readonly cell?: CellSettings;
  /** Folder for a picture of the middle slice. */
  readonly previews?: string;
}

/** How many picks of each type a tomogram holds. */
export type PickCounts = Readonly<Record<string, number>>;

/** What a tomogram holds: picks of each type and, in a cell, voxels of each feature. */
export interface Made {
  readonly counts: PickCounts;
  readonly features?: Readonly<Record<string, number>>;
}

/** Least width of a preview in pixels. */
const pictureWidth = 600;

let specimens: { readonly key: string; readonly made: Promise<SpecimenSet> } | undefined;

function specimensFor(spacing: number, densities: string | undefined): Promise<SpecimenSet> {
  const key = JSON.stringify([spacing, densities]);
  if (specimens?.key !== key) specimens = { key, made: assembleSpecimens(spacing, densities) };
  return specimens.made;
}

/** Simulates one tomogram and writes it. */
export default answering(async (task: SimulateTask): Promise<Made> => {
  const { plan, roots, name, cell } = task;
  const set = await specimensFor(plan.spacing, task.densities);
  const types = [...set.particles.keys()];
  const phantom: Phantom & Partial<Cell> = cell ? simulateCell(plan, cell, set) : simulatePhantom(plan, set);
  const { masks } = phantom;
  const features = cell && masks ? await writeMasks(task, masks, cell) : undefined;
  await writeWhole(task.record, `${JSON.stringify(drawnOf(phantom), null, 1)}\n`);
  await writePhantom(roots, name, plan, types, phantom);
  if (task.previews !== undefined)
    await writeWhole(join(task.previews, `${name}.png`), previewOf(plan, phantom));
  const countOf = (type: string) => phantom.picks.filter((pick) => pick.type === type).length;
  const counts = Object.fromEntries(types.map((type) => [type, countOf(type)]));
  return { counts, ...(features ? { features } : {}) };
});

/** What was drawn for a tomogram, for its record. */
const drawnOf = ({ imaging, contents, crowding, like }: Phantom & Partial<Cell>) => ({
  ...imaging,
  ...(contents ? { contents } : {}),
  ...(like === undefined ? {} : { like: like ?? "mean" }),
  ...(crowding === undefined ? {} : { crowding }),
});

const writeMasks = (
  { plan: { shape, spacing }, roots, name }: SimulateTask,
  masks: Uint8Array,
  { features = cellFeatures }: CellSettings,
): Promise<Readonly<Record<string, number>>> =>
  writeSegmentations(roots.overlayRoot, { run: name, shape, spacing, masks }, features);

/** Renders the denoised slice that cuts the most particles, with its picks. */
function previewOf(plan: PhantomPlan, { denoised, picks, masks }: Phantom & Partial<Cell>): Uint8Array {
  const step = angstrom(plan.spacing);
  const z = fullestPlane(plan, picks);
  return renderSlice(
    { data: denoised, shape: plan.shape, spacing: [step, step, step] },
    {
      z,
      zoom: Math.max(1, Math.round(pictureWidth / plan.shape[2])),
      picks,
      particles: challengeParticles,
      ...(masks ? { tints: tintsOf(masks, plan.shape, z) } : {}),
    },
  );
}

function fullestPlane({ shape, spacing }: PhantomPlan, picks: readonly ParticlePick[]): number {
  const cut = (z: number) =>
    picks.filter(({ type, z: height }) => {
      const radius = challengeParticles.find(({ name }) => name === type)?.radius ?? 0;
      return Math.abs(height - (z + 0.5) * spacing) < radius / 2;
    }).length;
  let fullest = Math.floor(shape[0] / 2);
  for (let z = 0; z < shape[0]; z++) if (cut(z) > cut(fullest)) fullest = z;
  return fullest;
}

/** Folders of a part of a data set. */
export interface PhantomRoots {
  readonly staticRoot: string;
  readonly overlayRoot: string;
}

/** Levels and chunks of the challenge's reconstructions. */
const levels = 3;
const chunkShape = [256, 256, 256] as const;

/**
 * Writes the picks and then the reconstructions `wbp` and `denoised` of one run, each whole or not at all; a kill never
 * leaves a tomogram without its picks.
 */
async function writePhantom(
  { staticRoot, overlayRoot }: PhantomRoots,
  run: string,
  plan: PhantomPlan,
  types: readonly string[],
  phantom: Phantom,
): Promise<void> {
  for (const type of types) {
    const picks = phantom.picks.filter((pick) => pick.type === type);
    await writeWhole(
      join(overlayRoot, "ExperimentRuns", run, "Picks", `${type}.json`),
      `${JSON.stringify(picksDocument(run, type, picks), null, 1)}\n`,
    );
  }
  const voxels = join(staticRoot, "ExperimentRuns", run, `VoxelSpacing${plan.spacing.toFixed(3)}`);
  const step = angstrom(plan.spacing);
  const write = async (kind: string, values: Float32Array): Promise<void> => {
    const writer = await createOmeZarr(join(voxels, `${kind}.zarr`), {
      shape: plan.shape,
      spacing: [step, step, step],
      levels,
      format: 2,
      chunkShape,
      compressor: "blosc-lz4",
    });
    await writeVolume(writer, () => writer.writeSlab(0, values));
  };
  await write("wbp", phantom.wbp);
  await write("denoised", phantom.denoised);
  if (phantom.halfDifference) await writeHalves(phantom.wbp, phantom.halfDifference, write);
}

/** Writes the reconstructions of the even and of the odd tilts, whose mean is the whole; `difference` is spent. */
async function writeHalves(
  whole: Float32Array,
  difference: Float32Array,
  write: (kind: string, values: Float32Array) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < whole.length; i++) difference[i]! += whole[i]!;
  await write("wbp-even", difference);
  for (let i = 0; i < whole.length; i++) difference[i] = 2 * whole[i]! - difference[i]!;
  await write("wbp-odd", difference);
}

const thousandth = (value: number): number => Math.round(value * 1000) / 1000;

/** Returns picks in the format of the challenge's truth, with each particle's own orientation. */
function picksDocument(run: string, type: string, picks: readonly PhantomPick[]): unknown {
  return {
    pickable_object_name: type,
    user_id: "curation",
    session_id: "0",
    run_name: run,
    voxel_spacing: null,
    unit: "angstrom",
    points: picks.map(({ x, y, z, rotation }) => {
      const m = rotation.map((entry) => Math.round(entry * 1e6) / 1e6);
      return {
        location: { x: thousandth(x), y: thousandth(y), z: thousandth(z) },
        transformation_: [
          [...m.slice(0, 3), 0],
          [...m.slice(3, 6), 0],
          [...m.slice(6, 9), 0],
          [0, 0, 0, 1],
        ],
        instance_id: 0,
      };
    }),
  };
}
