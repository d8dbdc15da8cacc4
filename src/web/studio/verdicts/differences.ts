/** Two sets of picks side by side: what both found, and what one found and the other did not. */
import type { ParticlePick } from "../../../domain/particles.js";
import { matchDistanceOf } from "../../../score/diagnosis/verdicts.js";
import { pointGrid } from "../../../score/match/pointGrid.js";
import type { JudgedPick, TypeVerdicts } from "./verdict.js";

/** Which of two sets has something. */
export type Whose = "both" | "A" | "B";

/** A pick's displacement from the particle that it found. */
interface Displacement {
  /** Pick − particle along x, y, z, and the distance, in Å. */
  readonly dx: number;
  readonly dy: number;
  readonly dz: number;
  readonly distance: number;
}

/** A true particle, and which sets found it. */
export interface ComparedTruth {
  readonly type: string;
  /** Number of the particle in the truth. */
  readonly index: number;
  readonly truth: ParticlePick;
  readonly whose: Whose | "neither";
  /** Of the pick of each set that found it. */
  readonly a: Displacement | undefined;
  readonly b: Displacement | undefined;
}

/** A false pick, and whether the other set has one there too. */
export interface ComparedFalse<Pick extends ParticlePick = ParticlePick> {
  readonly type: string;
  /** The set that the pick is of. */
  readonly of: "A" | "B";
  readonly index: number;
  readonly pick: Pick;
  /** `both` where the other set has a false pick of this type within the match distance. */
  readonly whose: Whose;
}

/** Numbers of one type. Of false picks in both, `both` counts those of A. */
export interface DifferenceCounts {
  readonly type: string;
  readonly truths: Readonly<Record<Whose | "neither", number>>;
  readonly falsePicks: Readonly<Record<Whose, number>>;
}

/** How two sets differ on one type. */
export interface TypeDifference<Pick extends ParticlePick = ParticlePick> {
  readonly type: string;
  readonly truths: readonly ComparedTruth[];
  readonly falsePicks: readonly ComparedFalse<Pick>[];
  readonly counts: DifferenceCounts;
}

/**
 * Compares two sets on one type, each judged against the same truth at its own threshold. False picks are those in no
 * particle's reach; two of them are one where they lie within the match distance, inclusive, as `fuse --not` has it.
 */
export function differenceOf<Pick extends ParticlePick>(
  a: TypeVerdicts<Pick>,
  b: TypeVerdicts<Pick>,
): TypeDifference<Pick> {
  const type = a.particle.name;
  const truths = a.truths.map(({ index, truth, match }, at): ComparedTruth => {
    const other = b.truths[at]!.match;
    return {
      ...{ type, index, truth },
      whose: match ? (other ? "both" : "A") : other ? "B" : "neither",
      a: match && displacement(truth, match.pick),
      b: other && displacement(truth, other.pick),
    };
  });
  const falsePicks = [...falseOf("A", a, b), ...falseOf("B", b, a)];
  return { type, truths, falsePicks, counts: counted(type, truths, falsePicks) };
}

export function displacement(truth: ParticlePick, pick: ParticlePick): Displacement {
  const [dx, dy, dz] = [pick.x - truth.x, pick.y - truth.y, pick.z - truth.z];
  return { dx, dy, dz, distance: Math.sqrt(dx * dx + dy * dy + dz * dz) };
}

const isWrong = ({ verdict }: JudgedPick): boolean => verdict === "false";

function falseOf<Pick extends ParticlePick>(
  of: "A" | "B",
  own: TypeVerdicts<Pick>,
  other: TypeVerdicts<Pick>,
): ComparedFalse<Pick>[] {
  const distance = matchDistanceOf(own.particle);
  const places = other.picks.filter(isWrong).flatMap(({ pick }) => [pick.x, pick.y, pick.z]);
  const grid = pointGrid(Float64Array.from(places), distance);
  const found: number[] = [];
  return own.picks.filter(isWrong).map(({ index, pick }) => {
    const isShared = grid.within(pick.x, pick.y, pick.z, distance, found) > 0;
    return { type: own.particle.name, of, index, pick, whose: isShared ? "both" : of };
  });
}

function counted(
  type: string,
  truths: readonly ComparedTruth[],
  falsePicks: readonly ComparedFalse[],
): DifferenceCounts {
  const ofTruths = { both: 0, A: 0, B: 0, neither: 0 };
  for (const { whose } of truths) ofTruths[whose]++;
  const ofFalse = { both: 0, A: 0, B: 0 };
  for (const { whose, of } of falsePicks) if (whose !== "both" || of === "A") ofFalse[whose]++;
  return { type, truths: ofTruths, falsePicks: ofFalse };
}
