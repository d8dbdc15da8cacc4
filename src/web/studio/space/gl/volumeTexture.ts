/** A volume in the graphics card's memory, with the bounds of its blocks. */
import { type Block, blockBounds } from "../blockBounds.js";
import type { Vector } from "../vectors.js";
import { SpaceError } from "./program.js";

/** The textures of one volume. */
export interface VolumeTexture {
  readonly values: WebGLTexture;
  readonly bounds: WebGLTexture;
  /** Voxels along x, y, z. */
  readonly voxels: Vector;
  /** Å along x, y, z. */
  readonly spacing: Vector;
  /** Blocks along x, y, z. */
  readonly blocks: Vector;
}

const flipped = ([z, y, x]: Vector): Vector => [x, y, z];

/** Hands a volume to the graphics card. @throws SpaceError where it is too large for it, or its data too short */
export function uploadVolume(gl: WebGL2RenderingContext, block: Block): VolumeTexture {
  const { data, shape } = block;
  const most: number = gl.getParameter(gl.MAX_3D_TEXTURE_SIZE);
  const sides = shape.join(" × ");
  if (
    !shape.every((side) => Number.isInteger(side) && side > 0) ||
    data.length !== shape[0] * shape[1] * shape[2]
  )
    throw new SpaceError(`A volume of ${sides} voxels came with ${data.length} values.`);
  if (Math.max(...shape) > most)
    throw new SpaceError(
      `The volume has ${sides} voxels; this graphics card takes ${most} along a side at most.`,
    );
  const bounds = blockBounds(block);
  const drained = gl.getError();
  if (drained === gl.CONTEXT_LOST_WEBGL) throw new SpaceError("The graphics card has given the 3-D view up.");
  const values = texture3d(gl, gl.R8, gl.RED, shape, data);
  const texture = {
    values,
    bounds: texture3d(gl, gl.RG8, gl.RG, bounds.shape, bounds.data),
    voxels: flipped(shape),
    spacing: flipped(block.spacing),
    blocks: flipped(bounds.shape),
  };
  if (gl.getError() !== gl.OUT_OF_MEMORY) return texture;
  disposeVolume(gl, texture);
  throw new SpaceError(`The volume of ${sides} voxels does not fit in the graphics card's memory.`);
}

export function disposeVolume(gl: WebGL2RenderingContext, { values, bounds }: VolumeTexture): void {
  gl.deleteTexture(values);
  gl.deleteTexture(bounds);
}

function texture3d(
  gl: WebGL2RenderingContext,
  inner: number,
  format: number,
  [depth, height, width]: Vector,
  data: Uint8Array,
): WebGLTexture {
  const texture = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0);
  gl.bindTexture(gl.TEXTURE_3D, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.texImage3D(gl.TEXTURE_3D, 0, inner, width, height, depth, 0, format, gl.UNSIGNED_BYTE, data);
  for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R])
    gl.texParameteri(gl.TEXTURE_3D, side, gl.CLAMP_TO_EDGE);
  setFilter(gl, gl.NEAREST);
  return texture;
}

/** Sets how the bound volume is read between its voxels' centres. */
export function setFilter(gl: WebGL2RenderingContext, filter: number): void {
  gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_MIN_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_MAG_FILTER, filter);
}
