/** Samples of voxels on which ensemble weights are fitted. */
import { matchFraction, type Particle } from "../../domain/particles.js";
import type { Shape3, Spacing3 } from "../../domain/volume.js";
import { levels } from "../../infer/predict/slabPrediction.js";
import type { Experiment } from "../experiment/schema.js";
import type { TuneTruth } from "../fit/tuneNetworks.js";
import type { TypeSample } from "./fit.js";
import { readStoredType, type StoredMaps } from "./storedMaps.js";

/** Number of voxels sampled outside particles, per type and run. */
const outsideVoxels = 200_000;

/** Collects every member's prediction of a type, in the balls of its particles and at even steps elsewhere. */
export async function sampleType(
  particle: Particle,
  experiment: Experiment,
  runs: readonly (TuneTruth & { readonly maps: readonly StoredMaps[] })[],
): Promise<TypeSample> {
  const perRun: TypeSample[] = [];
  for (const { maps, truth } of runs) {
    const { shape, spacing } = maps[0]!;
    const [dx, dy, dz] = experiment.data.offset;
    const centres = truth
      .filter(({ type }) => type === particle.name)
      .map(({ x, y, z }) => ({ x: x - dx, y: y - dy, z: z - dz }));
    const radius = particle.radius * fractionOf(experiment);
    const { places, labels } = placesOf(ballVoxels(centres, radius, shape, spacing), shape);
    const said: (Float32Array | null)[] = [];
    for (const each of maps) {
      const values = each.types.includes(particle.name) ? await readStoredType(each, particle.name) : null;
      said.push(values && Float32Array.from(places, (place) => values[place]! / levels));
    }
    perRun.push({ said, labels, weight: particle.weight });
  }
  return joined(perRun);
}

const fractionOf = ({ target }: Experiment): number =>
  target.kind === "ball" ? target.fraction : matchFraction;

type Centre = { readonly x: number; readonly y: number; readonly z: number };

/** Returns indices of the voxels whose centre lies within `radius` Å of a particle's. */
function ballVoxels(
  centres: readonly Centre[],
  radius: number,
  shape: Shape3,
  spacing: Spacing3,
): Set<number> {
  const places = new Set<number>();
  for (const { x, y, z } of centres) {
    const [rangeZ, rangeY, rangeX] = [z, y, x].map((at, axis) => {
      const first = Math.max(0, Math.ceil((at - radius) / spacing[axis]! - 0.5));
      const last = Math.min(shape[axis]! - 1, Math.floor((at + radius) / spacing[axis]! - 0.5));
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => {
        const index = first + i;
        return { index, square: ((index + 0.5) * spacing[axis]! - at) ** 2 };
      });
    });
    for (const iz of rangeZ!)
      for (const iy of rangeY!)
        for (const ix of rangeX!)
          if (iz.square + iy.square + ix.square <= radius ** 2)
            places.add((iz.index * shape[1] + iy.index) * shape[2] + ix.index);
  }
  return places;
}

/** Returns all voxels inside particles, and others at even steps. */
function placesOf(inside: ReadonlySet<number>, shape: Shape3): { places: number[]; labels: Uint8Array } {
  const voxels = shape[0] * shape[1] * shape[2];
  const step = Math.max(1, Math.floor(voxels / outsideVoxels));
  const places = [...inside].sort((a, b) => a - b);
  const count = places.length;
  for (let place = Math.floor(step / 2); place < voxels; place += step)
    if (!inside.has(place)) places.push(place);
  return { places, labels: Uint8Array.from(places, (_, i) => (i < count ? 1 : 0)) };
}

function joined(samples: readonly TypeSample[]): TypeSample {
  const [first] = samples;
  const joinFloats = (arrays: readonly Float32Array[]): Float32Array =>
    Float32Array.from(arrays.flatMap((array) => [...array]));
  return {
    said: first!.said.map((values, m) => values && joinFloats(samples.map(({ said }) => said[m]!))),
    labels: Uint8Array.from(samples.flatMap(({ labels }) => [...labels])),
    weight: first!.weight,
  };
}
