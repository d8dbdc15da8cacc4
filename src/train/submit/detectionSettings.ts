/** What maps and picks depend on besides the tomogram. */
import { canonicalJson, hashFile } from "../../system/files.js";
import { ownVersion } from "../../system/version.js";
import type { Detector, DetectorOptions } from "./detector.js";

/** Everything that maps and picks depend on besides the tomogram. */
export interface DetectionSettings {
  /** SHA-256 of each checkpoint, in the order given. */
  readonly checkpoints: readonly string[];
  readonly tomogram: string;
  readonly engine: string;
  readonly threads: number;
  readonly precision: string;
  /** Tiling given in place of the checkpoints', as canonical JSON. */
  readonly tiles: string;
  /** Whether NaN is blank, where a flag says so. */
  readonly nan?: "blank";
  /** Å per voxel, where it was given in place of what the files say. */
  readonly spacing?: number;
  /** Version of pickbench. */
  readonly version: string;
}

/** Returns the settings of checkpoints that were opened with options. @param spacing where it was given */
export async function detectionSettings(
  checkpoints: readonly string[],
  { tomogram, precision }: Pick<Detector, "tomogram" | "precision">,
  {
    engine,
    threads,
    tiling = {},
    nan,
    spacing,
  }: Pick<DetectorOptions, "engine" | "threads" | "tiling" | "nan"> & {
    readonly spacing?: number | undefined;
  },
): Promise<DetectionSettings> {
  return {
    checkpoints: await Promise.all(checkpoints.map(hashFile)),
    ...{ tomogram, engine, threads, precision },
    tiles: canonicalJson({ ...tiling }),
    ...(nan && { nan }),
    ...(spacing === undefined ? {} : { spacing }),
    version: ownVersion(),
  };
}
