/** Writes a scene for IMOD: one model file. */
import { type PositionSet, toFrame } from "../formats/positions/frames.js";
import { imodModelBytes, type ObjectStyle } from "../formats/positions/programs/imodModelWrite.js";
import type { Scene } from "./scene.js";

/** Transparency in percent: truth is transparent, picks are not. */
const truthTransparency = 60;

/**
 * Writes an IMOD model with one object per layer: its name, colour, and spheres of its radius. `3dmod TOMOGRAM MODEL`
 * shows it.
 */
export function imodModelOf({ volume, layers }: Scene): Buffer {
  const [z, y, x] = volume.spacing;
  const inVoxels: PositionSet = {
    frame: "voxel",
    pixel: x,
    volume: { size: volume.shape, spacing: x },
    positions: layers.flatMap(({ name, points }) =>
      points.map((pick) => ({ at: [pick.x / x, pick.y / y, pick.z / z] as const, type: name })),
    ),
  };
  const styles = new Map(
    layers.map(({ name, isTruth, colour, radius }): [string, ObjectStyle] => [
      name,
      { colour, radius: Math.max(1, Math.round(radius / x)), transparency: isTruth ? truthTransparency : 0 },
    ]),
  );
  return imodModelBytes(toFrame(inVoxels, { frame: "imod" }, "the scene"), styles);
}
