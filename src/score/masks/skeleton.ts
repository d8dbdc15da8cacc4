/** The morphological skeleton of a mask, in time linear in its voxels. */
import { yes } from "../../domain/maskValues.js";
import { type Shape3, voxelCount } from "../../domain/volume.js";
import { IndexList } from "./surface.js";

/** Depth of voxels that no erosion reaches; depths of more are not told apart. */
const unreached = 65_535;

/**
 * Marks the skeleton by erosion and opening (Lantuéjoul's formula), as the soft skeleton of Shit et al. (CVPR 2021, algorithm
 * 1) is on binary masks: the union over k ≥ 0 of Eᵏ − D(Eᵏ⁺¹), where Eᵏ is the mask eroded k times by the six neighbours and
 * D dilates by the 26. Unknown voxels and the volume's border neither erode nor are dilated into.
 *
 * A voxel is in Eᵏ where its depth, in steps over faces from the nearest known voxel outside the mask, exceeds k. It is in
 * the union exactly where none of its 26 neighbours is deeper. Parts that touch no known voxel outside never erode and have no
 * skeleton.
 *
 * @param mask values z, y, x as in `maskValues`
 * @param surface its surface (`surfaceVoxels`)
 * @returns flat indices, rising
 */
export function skeletonVoxels(mask: Uint8Array, shape: Shape3, surface: Int32Array): Int32Array {
  return deepestVoxels(depthsOf(mask, shape, surface), shape);
}

/** Floods the mask from its surface; background and unknown voxels have depth 0. */
function depthsOf(mask: Uint8Array, shape: Shape3, surface: Int32Array): Uint16Array {
  const [depth, height, width] = shape;
  const plane = height * width;
  const depths = new Uint16Array(voxelCount(shape));
  let size = 0;
  for (let i = 0; i < depths.length; i++)
    if (mask[i] === yes) {
      depths[i] = unreached;
      size++;
    }
  const queue = new Int32Array(size);
  queue.set(surface);
  let end = surface.length;
  for (const at of surface) depths[at] = 1;
  const visit = (at: number, steps: number): void => {
    if (depths[at] !== unreached) return;
    depths[at] = steps;
    queue[end++] = at;
  };
  for (let next = 0; next < end; next++) {
    const at = queue[next]!;
    const steps = depths[at]! + 1;
    if (steps === unreached) break;
    const x = at % width;
    const y = Math.floor(at / width) % height;
    if (x > 0) visit(at - 1, steps);
    if (x + 1 < width) visit(at + 1, steps);
    if (y > 0) visit(at - width, steps);
    if (y + 1 < height) visit(at + width, steps);
    if (at >= plane) visit(at - plane, steps);
    if (at + plane < depth * plane) visit(at + plane, steps);
  }
  return depths;
}

/** Lists the reached voxels without a deeper neighbour. */
function deepestVoxels(depths: Uint16Array, shape: Shape3): Int32Array {
  const [depth, height, width] = shape;
  const found = new IndexList();
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, at++) {
        const own = depths[at]!;
        if (own !== 0 && own !== unreached && !hasDeeper(depths, shape, z, y, x)) found.add(at);
      }
  return found.finish();
}

function hasDeeper(
  depths: Uint16Array,
  [depth, height, width]: Shape3,
  z: number,
  y: number,
  x: number,
): boolean {
  const own = depths[(z * height + y) * width + x]!;
  const [lowX, highX] = [Math.max(x - 1, 0), Math.min(x + 1, width - 1)];
  for (let atZ = Math.max(z - 1, 0); atZ <= z + 1 && atZ < depth; atZ++)
    for (let atY = Math.max(y - 1, 0); atY <= y + 1 && atY < height; atY++) {
      const row = (atZ * height + atY) * width;
      for (let atX = lowX; atX <= highX; atX++) if (depths[row + atX]! > own) return true;
    }
  return false;
}
