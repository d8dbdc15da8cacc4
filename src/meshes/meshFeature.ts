/** One map of a feature to one file with its mesh. */
import { rm } from "node:fs/promises";
import { aisSeparator } from "../data/layouts/volumeFolder.js";
import { challengeParticles } from "../domain/particles.js";
import { type MeshFormatName, meshFormats } from "../formats/meshes/catalogue.js";
import type { MeshPart } from "../formats/meshes/meshFile.js";
import { type FeatureMap, openFeatureMap } from "../infer/maps/featureMaps.js";
import { checkedName, inside, type NameOrigin } from "../system/paths/names.js";
import { type Mesh, measureMesh, vertexNormals } from "./mesh.js";
import { type SlabSource, type SurfaceSettings, surfaceOf } from "./surfaceOf.js";

/** Units of files, as shares of an Å. */
const unitsInAngstrom = { A: 1, nm: 10 } as const;
export const meshUnits = ["A", "nm"] as const;

/** Points of a volume that can be a mesh's 0: its corner, its centre, or the centre of its first voxel. */
export const meshOrigins = ["corner", "centre", "voxel"] as const;

/** Where and how meshes are written. */
export interface MeshTarget {
  readonly folder: string;
  readonly format: MeshFormatName;
  readonly unit: (typeof meshUnits)[number];
  readonly origin: (typeof meshOrigins)[number];
  /** Whether every component is a thing of its own in the file. */
  readonly perComponent: boolean;
}

/** What a mesh of one feature in one run became. */
export interface WrittenMesh {
  readonly run: string;
  readonly feature: string;
  /** Null where no voxel reaches the level in a component that is no dust: then no file is written. */
  readonly path: string | null;
  readonly vertices: number;
  readonly faces: number;
  /** Triangles before simplification. */
  readonly facesBefore: number;
  /** Å² */
  readonly area: number;
  /** Å³ that the surface encloses. */
  readonly volume: number;
  readonly components: number;
  /** Components that were left out as dust. */
  readonly dust: number;
}

/** Returns where a map's mesh is written. @throws PickbenchError BadDataset where a name cannot be part of a file's name */
export function meshPath({ folder, format }: MeshTarget, { run, type }: FeatureMap): string {
  const origin: NameOrigin = { what: "run or feature" };
  const name = `${checkedName(run, origin)}${aisSeparator}${checkedName(type, origin)}.${format}`;
  return inside(folder, name, origin);
}

/** Makes the mesh of a map and writes it; where there is none, a file of an earlier one is removed. @throws PickbenchError as `surfaceOf`, naming the map */
export async function meshFeature(
  map: FeatureMap,
  settings: SurfaceSettings,
  target: MeshTarget,
  onSlice?: (done: number) => void,
): Promise<WrittenMesh> {
  const reader = await openFeatureMap(map);
  const { mesh, components, dust, facesBefore } = await surfaceOf(reader, settings, onSlice);
  const isEmpty = mesh.faces.length === 0;
  const path = isEmpty ? null : meshPath(target, map);
  const size = measureMesh(mesh);
  if (path === null) await rm(meshPath(target, map), { force: true });
  else {
    place(mesh, reader, target);
    await meshFormats[target.format].write(path, {
      positions: mesh.positions,
      normals: vertexNormals(mesh),
      faces: mesh.faces,
      parts: target.perComponent ? partsOf(mesh, map.type) : [wholeOf(mesh, map.type)],
      colour: colourOf(map.type),
      notes: {
        ...{ run: map.run, feature: map.type, unit: target.unit, origin: target.origin },
        level: String(settings.level),
      },
    });
  }
  return {
    ...{ run: map.run, feature: map.type, path },
    ...{ vertices: mesh.parts.length, faces: mesh.faces.length / 3, facesBefore },
    ...{ ...size, components: components.length, dust },
  };
}

/** Brings a mesh's positions, in place, from Å and the volume's corner to a file's unit and origin. */
function place({ positions }: Mesh, { shape, spacing }: SlabSource, { unit, origin }: MeshTarget): void {
  const zero = spacing
    .map((step, axis) => ({ corner: 0, voxel: step / 2, centre: (shape[axis]! * step) / 2 })[origin])
    .reverse();
  for (let i = 0; i < positions.length; i++)
    positions[i] = (positions[i]! - zero[i % 3]!) / unitsInAngstrom[unit];
}

const wholeOf = ({ parts, faces }: Mesh, name: string): MeshPart => ({
  ...{ name, firstVertex: 0, vertices: parts.length, firstFace: 0, faces: faces.length / 3 },
});

/** Lists the parts, whose vertices and triangles follow each other. */
function partsOf({ parts, faces }: Mesh, name: string): MeshPart[] {
  const found: { -readonly [Key in keyof MeshPart]: MeshPart[Key] }[] = [];
  for (let vertex = 0; vertex < parts.length; vertex++) {
    if (vertex === 0 || parts[vertex] !== parts[vertex - 1])
      found.push({
        name: `${name}_${found.length + 1}`,
        firstVertex: vertex,
        vertices: 0,
        firstFace: 0,
        faces: 0,
      });
    found.at(-1)!.vertices++;
  }
  let face = 0;
  for (const part of found) {
    part.firstFace = face;
    while (3 * face < faces.length && faces[3 * face]! < part.firstVertex + part.vertices) face++;
    part.faces = face - part.firstFace;
  }
  return found;
}

/** Returns a particle's own colour, or one that follows from the feature's name: the same in all runs. */
function colourOf(feature: string): readonly [number, number, number] {
  const particle = challengeParticles.find(({ name }) => name === feature);
  if (particle) return particle.colour;
  let hash = 0;
  for (const character of feature) hash = (Math.imul(hash, 31) + character.codePointAt(0)!) >>> 0;
  const hue = (hash % 360) / 60;
  const at = (shift: number): number => {
    const away = Math.abs(((hue + shift) % 6) - 3) - 1;
    return Math.round(60 + 165 * Math.min(1, Math.max(0, away)));
  };
  return [at(0), at(4), at(2)];
}
