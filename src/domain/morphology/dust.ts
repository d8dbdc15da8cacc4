/** Dust: small connected components of a mask, which are taken away. */
import { type Shape3, type Spacing3, voxelVolume } from "../volume.js";
import { connectedComponents, runsOfMask } from "./components.js";
import { voxelsOf } from "./stack.js";

/** Which components stay: those of at least so many Å³, or the so many largest. */
export type DustRule = { readonly least: number } | { readonly largest: number };

/** Components of a mask before, and how many of them were taken away. */
interface Dusted {
  readonly components: number;
  readonly removed: number;
}

/**
 * Sets the voxels of small components of a mask (z, y, x; 0 and 1) to 0, in place. Voxels that touch by a face, an edge or
 * a corner are of one component; of components of one size the earlier one in the volume counts as larger.
 *
 * @throws PickbenchError Unsupported for a volume of 2³¹ voxels or more
 */
export function removeDust(mask: Uint8Array, shape: Shape3, spacing: Spacing3, rule: DustRule): Dusted {
  const runs = runsOfMask(mask, shape);
  const parts = connectedComponents(runs);
  const sizes = voxelsOf(runs, parts);
  const eachRun = (part: number, visit: (run: number) => void) => {
    for (let i = parts.start[part]!; i < parts.start[part + 1]!; i++) visit(parts.runs[i]!);
  };
  const dust = dustOf(sizes, spacing, rule);
  for (const part of dust)
    eachRun(part, (run) => {
      const base = runs.row[run]! * shape[2];
      mask.fill(0, base + runs.first[run]!, base + runs.end[run]!);
    });
  return { components: parts.count, removed: dust.length };
}

/** Least difference of volumes relative to one another: below it, a component has the volume asked for. */
const slack = 1e-9;

/** Returns the numbers of the components to take away. */
export function dustOf(sizes: Float64Array, spacing: Spacing3, rule: DustRule): number[] {
  const parts = Array.from(sizes.keys());
  if ("largest" in rule) return parts.sort((a, b) => sizes[b]! - sizes[a]! || a - b).slice(rule.largest);
  const least = (rule.least / voxelVolume(spacing)) * (1 - slack);
  return parts.filter((part) => sizes[part]! < least);
}
