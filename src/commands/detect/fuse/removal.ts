/** What `fuse` removes of what it kept: by other pickers, volumes and maps of features. */
import type { Particle, ParticlePick } from "../../../domain/particles.js";
import type { Shape3, Spacing3 } from "../../../domain/volume.js";
import { areaOf } from "../../../infer/areas/area.js";
import { type AreaTerm, parseAreaTerm } from "../../../infer/areas/terms.js";
import { type FusionRules, reachOf } from "../../../infer/consensus/fuseRuns.js";
import type { Picker } from "../../../infer/consensus/pickers.js";
import { notSeenBy, type Sieve } from "../../../infer/consensus/removal.js";
import { type FeatureMap, findFeatureMaps } from "../../../infer/maps/featureMaps.js";
import { PickbenchError } from "../../../system/errors.js";
import type { Reporter } from "../../../system/reporter.js";
import { type TomogramChoice, tomogramOf } from "../../shared/context/measured.js";

/** Terms of `--mask`. @throws BadUsage for one that is none */
export const maskTerms = (texts: readonly string[]): AreaTerm[] =>
  texts.map((text) => parseAreaTerm(text, { reach: { grow: 0 }, dust: undefined }));

/** What picks are removed by. */
interface RemovalAsked {
  readonly vetoes: readonly Picker[];
  readonly particles: readonly Particle[];
  readonly rules: FusionRules;
  /** Data set of `--inside`. */
  readonly volumes: TomogramChoice | undefined;
  readonly maps: readonly string[];
  /** Terms of `--mask`. */
  readonly terms: readonly AreaTerm[];
  readonly scale: number | undefined;
  readonly reporter: Reporter;
}

/**
 * Returns what makes the sieves of a run: what vetoing pickers saw, then the volume, then the area.
 *
 * @throws PickbenchError as `findFeatureMaps`; the sieves BadUsage for a run without a tomogram, or without a map of a
 * feature that picks must lie in
 */
export async function sievesFor(asked: RemovalAsked): Promise<(run: string) => Promise<Sieve[]>> {
  const { vetoes, particles, rules, volumes, terms, reporter } = asked;
  const features = [...new Set(terms.map(({ feature }) => feature))];
  const { scale } = asked;
  const maps =
    terms.length === 0
      ? []
      : await findFeatureMaps(asked.maps, { features, isPartial: true, scale, reporter });
  return async (run) => {
    const sieves = vetoes
      .filter(({ picks }) => picks.has(run))
      .map((picker) => notSeenBy(picker, run, particles, (particle) => reachOf(particle, rules)));
    if (volumes) sieves.push(await insideOf(volumes, run));
    if (terms.length > 0) sieves.push(...(await areaSieves(terms, maps, run, reporter)));
    return sieves;
  };
}

/** A volume's voxels. */
interface Grid {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
}

async function insideOf(volumes: TomogramChoice, run: string): Promise<Sieve> {
  const grid = await tomogramOf(volumes, run);
  if (!grid)
    throw new PickbenchError(
      "BadUsage",
      `--inside ${volumes.dataset.root} has no tomogram of ${run}, which has picks; name a data set that has, or leave the flag out`,
    );
  return { reason: "outside of the volume", keeps: (pick) => voxelAt(grid, pick) !== undefined };
}

/** Returns the index of the voxel that a pick lies in; undefined outside of the volume. */
function voxelAt({ shape, spacing }: Grid, { x, y, z }: ParticlePick): number | undefined {
  const [k, j, i] = [z / spacing[0], y / spacing[1], x / spacing[2]].map(Math.floor) as [
    number,
    number,
    number,
  ];
  const isInside = k >= 0 && j >= 0 && i >= 0 && k < shape[0] && j < shape[1] && i < shape[2];
  return isInside ? (k * shape[1] + j) * shape[2] + i : undefined;
}

async function areaSieves(
  terms: readonly AreaTerm[],
  maps: readonly FeatureMap[],
  run: string,
  reporter: Reporter,
): Promise<Sieve[]> {
  const ofRun = maps.filter((map) => map.run === run);
  const has = ({ feature }: AreaTerm) => ofRun.some(({ type }) => type === feature);
  const missing = terms.find((term) => !term.isOut && !has(term));
  if (missing)
    throw new PickbenchError(
      "BadUsage",
      `${run} has picks but no map of ${missing.feature}, outside of which --mask removes; add the map, or leave the run out`,
    );
  for (const term of terms.filter((each) => !has(each)))
    reporter.note(`${run}: no map of ${term.feature}, so that nothing is removed by it`);
  if (ofRun.length === 0) return [];
  const { mask, ...grid } = await areaOf(terms, ofRun, undefined);
  const asked = terms.map(({ isOut, feature }) => `${isOut ? "!" : ""}${feature}`).join(" ");
  return [
    { reason: "outside of the maps", keeps: (pick) => voxelAt(grid, pick) !== undefined },
    { reason: `by --mask ${asked}`, keeps: (pick) => mask[voxelAt(grid, pick)!] === 1 },
  ];
}
