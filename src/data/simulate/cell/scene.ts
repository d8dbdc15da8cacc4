/**
 * Simulated cells: membranes, filaments, gold, carbon and ice around the particles, each with its mask. The room `cell`
 * draws what surrounds particles in cells.
 */
import { type Random, randomFor } from "../../../domain/random.js";
import { voxelCount } from "../../../domain/volume.js";
import { emptyField } from "../field.js";
import { checkCounts, imaged, type Phantom, type PhantomPick, type PhantomPlan } from "../phantom.js";
import { drawSlab, type Slab } from "../placement.js";
import { drawCounts, referenceVolume, type SpecimenSet } from "../population.js";
import { drawFrom } from "../range.js";
import { positionOf } from "../rotation.js";
import { stamp } from "../stamp.js";
import { drawCarbon, paintCarbon } from "./carbon.js";
import { type PlacedProtein, placeCytosol, placeMembraneProteins, placeParticles } from "./cytosol.js";
import { type CellFeature, featuresOf } from "./features.js";
import { drawFilaments, drawPaths, filamentKinds } from "./filaments.js";
import { drawGold, paintGold } from "./gold.js";
import { crystalClearance, drawIce, paintIce } from "./ice.js";
import { drawMembranes, drawSheets, drawVesicles } from "./membranes.js";
import { Occupancy } from "./occupancy.js";
import { cellProteins, filamentSubunits } from "./proteins.js";
import type { Canvas } from "./raster.js";
import type { Membrane } from "./surfaces.js";

/** What a cell shall hold. */
export interface CellSettings {
  /** Features of every tomogram; without it, by quota. */
  readonly features?: readonly CellFeature[];
}

/** A simulated cell and its truth. */
export interface Cell extends Phantom {
  /** Bits of the features of each voxel, z slowest; see `bitOf`. */
  readonly masks: Uint8Array;
  readonly membranes: readonly Membrane[];
  /** Share of the cytosol that was to be small proteins. */
  readonly crowding: number;
  readonly proteins: readonly PlacedProtein[];
}

/** Greatest share of a tomogram's depth that the ice fills, so that its faces lie in view. */
const deepest = 0.84;

/**
 * Simulates one tomogram of a cell. Equal plans and settings give equal voxels. Memory: that of `simulatePhantom`, and a
 * byte for each voxel.
 *
 * @throws PickbenchError BadUsage where particles with a given count do not all fit
 */
export function simulateCell(plan: PhantomPlan, settings: CellSettings, specimens: SpecimenSet): Cell {
  const drawn = (purpose: string): Random => randomFor(plan.seed, `cell ${plan.part} ${purpose}`, plan.run);
  const slab = drawCellSlab(plan, drawn("slab"));
  const volume = slab.size.x * slab.size.y * slab.size.z;
  const share = volume / referenceVolume;
  const features = featuresOf(plan.run, settings.features);
  const occupancy = new Occupancy(slab);
  const proteins = cellProteins(plan.spacing);

  const film = features.has("carbon") ? drawCarbon(slab, drawn("carbon")) : undefined;
  if (film) occupancy.addSolid(film);
  const crystals = features.has("ice") ? drawIce(slab, share, drawn("ice")) : [];
  for (const crystal of crystals) occupancy.addSolid(crystalClearance(crystal));
  const sheets = features.has("membrane") ? drawSheets(slab, drawn("sheets")) : [];
  for (const membrane of sheets) occupancy.addMembrane(membrane);
  const { microtubule, actin } = filamentKinds;
  const tubes = features.has("microtubule")
    ? drawFilaments(microtubule, share, occupancy, drawn("microtubules"))
    : [];
  const vesicles = features.has("membrane") ? drawVesicles(slab, share, occupancy, drawn("vesicles")) : [];
  const threads = features.has("actin") ? drawFilaments(actin, share, occupancy, drawn("actin")) : [];
  const beads = features.has("gold") ? drawGold(share, occupancy, drawn("gold")) : [];
  const membranes = [...sheets, ...vesicles];
  const counts = drawCounts(volume, plan.counts, drawn("population"));
  const particles = placeParticles(specimens.particles, counts, membranes, occupancy, drawn("placement"));
  checkCounts(
    plan,
    particles.map(({ density }) => density.name),
  );
  const standing = placeMembraneProteins(proteins.membrane, membranes, occupancy, drawn("membrane proteins"));
  const crowding = drawFrom(plan.ranges.crowding, drawn("crowding"));
  const kinds = [...proteins.cytosol, ...specimens.mappedDistractors];
  const cytosol = placeCytosol(kinds, crowding, occupancy, drawn("cytosol"));

  const field = emptyField(plan.shape, plan.spacing);
  const canvas: Canvas = { field, shape: plan.shape, masks: new Uint8Array(voxelCount(plan.shape)) };
  drawMembranes(canvas, membranes, (x, y, z) => occupancy.isWithin(x, y, z));
  const subunits = filamentSubunits(plan.spacing);
  drawPaths(canvas, microtubule, subunits.microtubule, tubes);
  drawPaths(canvas, actin, subunits.actin, threads);
  paintGold(canvas, beads);
  if (film) paintCarbon(canvas, film, slab, drawn("carbon grain"));
  paintIce(canvas, crystals);
  const picks = particles.map((protein) => stamped(canvas, protein));
  for (const protein of [...standing, ...cytosol]) stamped(canvas, protein);
  return {
    ...imaged(field, plan, slab.thickness, picks, drawn),
    masks: canvas.masks,
    membranes,
    crowding,
    proteins: [...particles, ...standing, ...cytosol],
  };
}

/** Draws a layer of ice that leaves room for its faces. */
function drawCellSlab({ shape, spacing, ranges }: PhantomPlan, random: Random): Slab {
  const [z, y, x] = shape.map((size) => size * spacing) as [number, number, number];
  const slab = drawSlab({ x, y, z }, ranges.ice, random);
  return { ...slab, thickness: Math.min(slab.thickness, deepest * z) };
}

const stamped = ({ field }: Canvas, { density, at, rotation }: PlacedProtein): PhantomPick => ({
  type: density.name,
  ...stamp(field, density, rotation, positionOf(at)),
  rotation,
});
