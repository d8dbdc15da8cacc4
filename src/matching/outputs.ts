/** Files of a search: maps of scores and rotations, picks for copick and RELION. */
import { join } from "node:path";
import { picksPath, writePicks } from "../data/picks.js";
import type { Rotation } from "../domain/rotation.js";
import type { Position } from "../domain/units.js";
import type { Shape3, Spacing3 } from "../domain/volume.js";
import { ownUserId } from "../formats/copickPicks.js";
import { anglesOf } from "../formats/positions/orientation.js";
import { writeStar } from "../formats/star.js";
import { createProbabilities, probabilityPaths } from "../infer/predict/probabilityFiles.js";
import { writeWhole } from "../system/files.js";
import type { MatchResult } from "./search/matchTemplate.js";

/** A particle that was found. */
export interface MatchedPick extends Position {
  readonly score: number;
  /** Turns the template into the particle as it lies in the tomogram. */
  readonly rotation: Rotation;
}

/** Session of the picks' copick files. */
const session = "match";

/** Places of the files of one template in one run. */
export const outputPaths = (out: string, run: string, name: string) => ({
  scores: mapPath(out, "scores", run, name),
  angles: mapPath(out, "angles", run, name),
  picks: picksPath(out, run, name, { userId: ownUserId, sessionId: session }),
  star: join(out, "star", `${run}__${name}.star`),
});

const mapPath = (out: string, kind: "scores" | "angles", run: string, name: string): string =>
  probabilityPaths("mrc", { folder: join(out, kind), run, types: [name], voxelSpacing: 0, session })[0]!;

/** Writes a template's scores, and the indices of its rotations, as MRC files of 32-bit floats. */
export async function writeMaps(
  out: string,
  { run, name, shape, spacing }: { run: string; name: string; shape: Shape3; spacing: Spacing3 },
  { scores, rotations }: Pick<MatchResult, "scores" | "rotations">,
): Promise<void> {
  const plane = shape[1] * shape[2];
  for (const [kind, values] of [
    ["scores", scores],
    ["angles", rotations],
  ] as const) {
    const files = await createProbabilities("mrc", {
      ...{ folder: join(out, kind), run, types: [name], particles: [], shape, spacing },
      ...{ voxelSpacing: spacing[2], session, zarr: 2, voxels: "float32" },
    });
    try {
      for (let z = 0; z < shape[0]; z++)
        await files.writeSlab(
          z,
          new Map([[name, Float32Array.from(values.subarray(z * plane, (z + 1) * plane))]]),
        );
      await files.close();
    } catch (error) {
      await files.discard();
      throw error;
    }
  }
}

/** What stands beside the picks of one template in one run. */
interface PicksOf {
  readonly run: string;
  readonly name: string;
  /** Å per voxel. */
  readonly spacing: number;
  readonly cutOff: number;
  readonly std: number;
}

/** Writes picks as copick's JSON with scores and matrices, and as a STAR file. @returns their paths */
export async function writeMatches(
  out: string,
  { run, name, spacing, cutOff, std }: PicksOf,
  picks: readonly MatchedPick[],
): Promise<void> {
  const paths = outputPaths(out, run, name);
  const author = { userId: ownUserId, sessionId: session };
  await writePicks(
    out,
    run,
    name,
    picks.map((pick) => ({ type: name, ...pick })),
    author,
  );
  const rows = picks.map(({ x, y, z, score, rotation }) => [
    run,
    ...[x, y, z].map((length) => (length / spacing).toFixed(6)),
    ...anglesOf(rotation, "relion").map((angle) => angle.toFixed(6)),
    ...[score, cutOff, std].map((value) => value.toFixed(6)),
    spacing.toFixed(6),
  ]);
  const loops = [{ columns: starColumns, rows }];
  await writeWhole(paths.star, writeStar([{ name: "particles", values: new Map(), loops }]));
}

const starColumns = [
  "rlnMicrographName",
  ...["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"],
  ...["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"],
  ...["rlnLCCmax", "rlnCutOff", "rlnSearchStd"],
  "rlnDetectorPixelSize",
];

/** Writes what the indices of rotations mean: RELION's angles and the matrix of each. */
export async function writeRotations(out: string, rotations: readonly Rotation[]): Promise<void> {
  const rows = rotations.map((rotation, index) => [
    index,
    ...anglesOf(rotation, "relion").map((angle) => angle.toFixed(6)),
    ...rotation.map((entry) => entry.toFixed(9)),
  ]);
  const columns = ["index", "rot", "tilt", "psi", ...["xx", "xy", "xz", "yx", "yy", "yz", "zx", "zy", "zz"]];
  await writeWhole(
    join(out, "rotations.csv"),
    `${[columns, ...rows].map((row) => row.join(",")).join("\n")}\n`,
  );
}
