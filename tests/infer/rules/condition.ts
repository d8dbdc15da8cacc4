/** Conditions whole maps in memory, slab by slab, for tests. */
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3, Spacing3 } from "../../../src/domain/volume.js";
import { type Dilate, dilateHere } from "../../../src/infer/rules/dilation.js";
import { conditionsOf, type Rules } from "../../../src/infer/rules/rules.js";

export const cubic = (spacing: number): Spacing3 => [angstrom(spacing), angstrom(spacing), angstrom(spacing)];

/** Returns conditioned copies; `depth` slices are seen at a time. */
export async function condition(
  rules: Rules,
  maps: readonly Float32Array[],
  shape: Shape3,
  spacing: Spacing3,
  { depth = shape[0], dilate = dilateHere }: { depth?: number; dilate?: Dilate } = {},
): Promise<Float32Array[]> {
  const area = shape[1] * shape[2];
  const conditions = conditionsOf(rules, shape);
  const slabOf = (map: Float32Array, z: number) => map.slice(z * area, Math.min(shape[0], z + depth) * area);
  for (let z = 0; z < shape[0]; z += depth)
    await conditions.observe(z, (feature) => slabOf(maps[feature]!, z));
  await conditions.settle(spacing, dilate);
  return maps.map((map, feature) => {
    const out = map.slice();
    for (let z = 0; z < shape[0]; z += depth) {
      const slab = slabOf(map, z);
      conditions.apply(feature, z, slab);
      out.set(slab, z * area);
    }
    return out;
  });
}
