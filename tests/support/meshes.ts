/** Maps and checks of meshes for tests. */
import { randomFor } from "../../src/domain/random.js";
import { angstrom } from "../../src/domain/units.js";
import type { Shape3, Spacing3 } from "../../src/domain/volume.js";
import type { Mesh } from "../../src/meshes/mesh.js";
import { smoothed } from "../../src/meshes/smooth.js";
import type { SlabSource } from "../../src/meshes/surfaceOf.js";

/** A map in memory, read three slices at a time. */
export function mapOf(
  shape: Shape3,
  valueAt: (z: number, y: number, x: number) => number,
  spacing: Spacing3 = [angstrom(1), angstrom(1), angstrom(1)],
): SlabSource & { readonly data: Float32Array } {
  const data = new Float32Array(shape[0] * shape[1] * shape[2]);
  let at = 0;
  for (let z = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++) for (let x = 0; x < shape[2]; x++) data[at++] = valueAt(z, y, x);
  const plane = shape[1] * shape[2];
  return {
    ...{ data, shape, spacing, slabDepth: 3 },
    readSlab: async (start, end) => data.slice(start * plane, end * plane),
  };
}

/** White noise from 0 to 1. */
export function noise(shape: Shape3, seed: number): ReturnType<typeof mapOf> {
  const random = randomFor(seed, "mesh-noise", 0);
  return mapOf(shape, () => random.uniform());
}

/** A smooth random field with a mean of about ½: noise behind a Gaussian. */
export function randomField(shape: Shape3, sigma: number, seed: number): ReturnType<typeof mapOf> {
  const { data } = noise(shape, seed);
  const out = new Float32Array(data.length);
  const plane = shape[1] * shape[2];
  let filled = 0;
  const sink = smoothed(shape, [sigma, sigma, sigma], (slice) => {
    out.set(slice, filled);
    filled += plane;
  });
  for (let z = 0; z < shape[0]; z++) sink.add(data.subarray(z * plane, (z + 1) * plane));
  sink.finish();
  let at = 0;
  return mapOf(shape, () => out[at++]!);
}

/** How a mesh holds together. */
export interface Topology {
  /** Edges that do not belong to exactly two triangles, in opposite directions. */
  readonly badEdges: number;
  /** Vertices − edges + triangles. */
  readonly euler: number;
  /** Vertices that no triangle has, or whose triangles are no single fan. */
  readonly badVertices: number;
}

/** Looks at a mesh's edges and vertices, by the definition alone. */
export function topologyOf({ positions, faces }: Pick<Mesh, "positions" | "faces">): Topology {
  const vertices = positions.length / 3;
  const directed = new Map<number, number>();
  const around = Array.from({ length: vertices }, (): Map<number, number> => new Map());
  for (let i = 0; i < faces.length; i += 3)
    for (let k = 0; k < 3; k++) {
      const [a, b, c] = [faces[i + k]!, faces[i + ((k + 1) % 3)]!, faces[i + ((k + 2) % 3)]!];
      directed.set(a * vertices + b, (directed.get(a * vertices + b) ?? 0) + 1);
      around[a]!.set(b, c);
    }
  let badEdges = 0;
  for (const [edge, count] of directed) {
    const [a, b] = [Math.floor(edge / vertices), edge % vertices];
    if (count !== 1 || directed.get(b * vertices + a) !== 1) badEdges++;
  }
  const badVertices = around.filter((next) => {
    const [first] = next.keys();
    let steps = 0;
    let at = first;
    do at = at === undefined ? undefined : next.get(at);
    while (++steps <= next.size && at !== first);
    return first === undefined || steps !== next.size;
  }).length;
  return { badEdges, badVertices, euler: vertices - directed.size / 2 + faces.length / 3 };
}
