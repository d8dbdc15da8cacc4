/**
 * Kernels: a template turned, weighted by frequencies, and normalised under its mask, so that its correlation with a
 * tomogram over the tomogram's local deviation is the local normalised cross-correlation.
 */
import type { Rotation } from "../../domain/rotation.js";
import type { Support } from "../blocks/correlator.js";
import { CubeFilter } from "../blocks/cube.js";
import { goodLength } from "../blocks/pffft.js";
import type { Sampled, Template, TemplateMask } from "../template.js";

/** Free voxels about a template in the cube that it is weighted in. */
const margin = 3;

/** Returns the edge of the cube in which a template is weighted. */
export const cubeEdge = (template: Template): number =>
  goodLength(2 * (Math.ceil(Math.max(template.reach, maskReach(template.mask))) + margin) + 1);

/** Distance from the centre beyond which a mask is 0, in voxels. */
const maskReach = (mask: TemplateMask): number =>
  mask.kind === "sphere" ? mask.radius + 3 * mask.edge : mask.reach;

/** The template of one rotation: t̂/Σm, and the mask m/Σm, at the places of the support. */
export interface Kernel {
  readonly values: Float32Array;
  readonly mask: Float32Array;
}

/** Makes kernels of one template. Values of kernels are overwritten by the next pair. */
export class Kernels {
  /** Places of the mask, the same for all rotations. */
  readonly support: Support;
  /** Whether the mask turns, so that each rotation has deviations of its own. */
  readonly isTurning: boolean;
  readonly #template: Template;
  readonly #filter: CubeFilter;
  /** Indices of the support's places in the cube. */
  readonly #inCube: Int32Array;
  readonly #cubes: readonly [Float32Array, Float32Array];
  readonly #kernels: readonly [Kernel, Kernel];
  readonly #sign: number;

  private constructor(template: Template, filter: CubeFilter, sign: number) {
    this.#template = template;
    this.#filter = filter;
    this.#sign = sign;
    this.support = supportOf(template.mask);
    this.isTurning = template.mask.kind === "map";
    const { edge } = filter;
    const { places } = this.support;
    const count = places.length / 3;
    const middle = edge >> 1;
    this.#inCube = Int32Array.from(
      { length: count },
      (_, at) =>
        ((places[3 * at]! + middle) * edge + places[3 * at + 1]! + middle) * edge +
        places[3 * at + 2]! +
        middle,
    );
    this.#cubes = [new Float32Array(edge ** 3), new Float32Array(edge ** 3)];
    const kernel = (): Kernel => ({ values: new Float32Array(count), mask: new Float32Array(count) });
    this.#kernels = [kernel(), kernel()];
    for (const { mask } of this.#kernels)
      if (template.mask.kind === "sphere") fillSphere(mask, places, template.mask);
  }

  /**
   * @param weights of the frequencies of a cube of `cubeEdge` voxels
   * @param sign −1 where dense matter is dark in the tomogram, else 1
   */
  static async open(template: Template, weights: Float32Array, sign: number): Promise<Kernels> {
    return new Kernels(template, await CubeFilter.open(cubeEdge(template), weights), sign);
  }

  close(): void {
    this.#filter.close();
  }

  /** Makes the kernels of two rotations; of one alone where the second is absent. */
  pair(first: Rotation, second: Rotation | undefined): readonly [Kernel, Kernel | undefined] {
    const { map, centre, step, mask, reach } = this.#template;
    const { edge } = this.#filter;
    const rotations = [first, second];
    for (const [at, cube] of this.#cubes.entries()) {
      const rotation = rotations[at];
      if (rotation) sampleTurned(cube, edge, { map, centre, step, reach }, rotation);
      else cube.fill(0);
    }
    this.#filter.filter(...this.#cubes);
    for (const [at, kernel] of this.#kernels.entries()) {
      const rotation = rotations[at];
      if (!rotation) continue;
      if (mask.kind === "map")
        sampleMask(kernel.mask, this.support.places, { map: mask.map, centre, step }, rotation);
      normalise(kernel, this.#cubes[at]!, this.#inCube, this.#sign);
    }
    return [this.#kernels[0], second && this.#kernels[1]];
  }
}

/** All places within a mask's reach. */
function supportOf(mask: TemplateMask): Support {
  const far = maskReach(mask);
  const reach = Math.floor(far);
  const places: number[] = [];
  for (let z = -reach; z <= reach; z++)
    for (let y = -reach; y <= reach; y++)
      for (let x = -reach; x <= reach; x++) if (z * z + y * y + x * x <= far * far) places.push(z, y, x);
  return { reach, places: Int32Array.from(places) };
}

function fillSphere(
  mask: Float32Array,
  places: Int32Array,
  { radius, edge }: { readonly radius: number; readonly edge: number },
): void {
  let sum = 0;
  for (let at = 0; at < mask.length; at++) {
    const beyond = Math.hypot(places[3 * at]!, places[3 * at + 1]!, places[3 * at + 2]!) - radius;
    mask[at] = beyond <= 0 ? 1 : Math.exp(-((beyond / edge) ** 2));
    sum += mask[at]!;
  }
  for (let at = 0; at < mask.length; at++) mask[at] = mask[at]! / sum;
}

/** A map, the point about which it turns, and its voxels per voxel of the tomogram. */
interface Turning {
  readonly map: Sampled;
  readonly centre: readonly [number, number, number];
  readonly step: number;
}

/** Fills a cube with a map turned about its middle voxel: the value at p is the map's at R⁻¹p, by lines between voxels. */
function sampleTurned(
  cube: Float32Array,
  edge: number,
  { map, centre, step, reach }: Turning & { readonly reach: number },
  r: Rotation,
): void {
  const middle = edge >> 1;
  const most = Math.ceil(reach);
  cube.fill(0);
  for (let z = -most; z <= most; z++)
    for (let y = -most; y <= most; y++) {
      const across = reach * reach - z * z - y * y;
      if (across < 0) continue;
      const wide = Math.floor(Math.sqrt(across));
      const row = ((z + middle) * edge + y + middle) * edge + middle;
      for (let x = -wide; x <= wide; x++)
        cube[row + x] = sampled(
          map,
          centre[0] + step * (r[2] * x + r[5] * y + r[8] * z),
          centre[1] + step * (r[1] * x + r[4] * y + r[7] * z),
          centre[2] + step * (r[0] * x + r[3] * y + r[6] * z),
        );
    }
}

/** Fills a turned mask, made to the sum 1. */
function sampleMask(
  mask: Float32Array,
  places: Int32Array,
  { map, centre, step }: Turning,
  r: Rotation,
): void {
  let sum = 0;
  for (let at = 0; at < mask.length; at++) {
    const [z, y, x] = [places[3 * at]!, places[3 * at + 1]!, places[3 * at + 2]!];
    mask[at] = sampled(
      map,
      centre[0] + step * (r[2] * x + r[5] * y + r[8] * z),
      centre[1] + step * (r[1] * x + r[4] * y + r[7] * z),
      centre[2] + step * (r[0] * x + r[3] * y + r[6] * z),
    );
    sum += mask[at]!;
  }
  for (let at = 0; at < mask.length; at++) mask[at] = mask[at]! / sum;
}

/** Returns the value of a map at continuous indices, trilinear; 0 outside. */
function sampled({ data, shape }: Sampled, z: number, y: number, x: number): number {
  const [nz, ny, nx] = shape;
  const [z0, y0, x0] = [Math.floor(z), Math.floor(y), Math.floor(x)];
  if (z0 < -1 || y0 < -1 || x0 < -1 || z0 >= nz || y0 >= ny || x0 >= nx) return 0;
  const [fz, fy, fx] = [z - z0, y - y0, x - x0];
  const at = (z0 * ny + y0) * nx + x0;
  if (z0 >= 0 && y0 >= 0 && x0 >= 0 && z0 + 1 < nz && y0 + 1 < ny && x0 + 1 < nx) {
    const plane = ny * nx;
    const near = mixed(data[at]!, data[at + 1]!, data[at + nx]!, data[at + nx + 1]!, fy, fx);
    const p = at + plane;
    return near + fz * (mixed(data[p]!, data[p + 1]!, data[p + nx]!, data[p + nx + 1]!, fy, fx) - near);
  }
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const [dz, dy, dx] = [corner >> 2, (corner >> 1) & 1, corner & 1];
    if (z0 + dz < 0 || z0 + dz >= nz || y0 + dy < 0 || y0 + dy >= ny || x0 + dx < 0 || x0 + dx >= nx)
      continue;
    const share = (dz ? fz : 1 - fz) * (dy ? fy : 1 - fy) * (dx ? fx : 1 - fx);
    sum += share * data[at + (dz * ny + dy) * nx + dx]!;
  }
  return sum;
}

const mixed = (a: number, b: number, c: number, d: number, fy: number, fx: number): number => {
  const near = a + fx * (b - a);
  return near + fy * (c + fx * (d - c) - near);
};

/** Sets t̂/Σm = m·(t − mean)/std/Σm, with mean and deviation under the mask; 0 where the template is flat. */
function normalise({ values, mask }: Kernel, cube: Float32Array, inCube: Int32Array, sign: number): void {
  let [mean, square] = [0, 0];
  for (let at = 0; at < values.length; at++) mean += mask[at]! * cube[inCube[at]!]!;
  for (let at = 0; at < values.length; at++) square += mask[at]! * (cube[inCube[at]!]! - mean) ** 2;
  const scale = square > 0 ? sign / Math.sqrt(square) : 0;
  for (let at = 0; at < values.length; at++) values[at] = mask[at]! * (cube[inCube[at]!]! - mean) * scale;
}
