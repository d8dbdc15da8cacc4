/** Demands of networks on tiles and precision, and the settings that meet them all. */
import { leastCommonMultiple } from "../../domain/numbers.js";
import type { Shape3 } from "../../domain/volume.js";
import type { EngineName, Precision } from "../../engines/engine.js";
import type { ExternalSpec } from "../../engines/externalSpec.js";
import { loadEngine } from "../../engines/load.js";
import { loadNetwork, type NetworkSpec } from "../../nets/library/catalogue.js";
import { PickbenchError } from "../../system/errors.js";
import type { PredictSettings } from "./predictor.js";
import type { ShrinkableTiles } from "./smallerTiles.js";
import type { Statistics } from "./statistics.js";

/** Tiles that a network takes. */
export interface TileDemand {
  /** Name of the network, for messages. */
  readonly name: string;
  /** Divisors of the sizes along z, y, x. */
  readonly multiple: Shape3;
  /** Only sizes that the network takes; null leaves an axis open. */
  readonly fixed: readonly [z: number | null, y: number | null, x: number | null];
  /** Voxels along z, y, x that an output voxel depends on, where that is known. */
  readonly sees?: Shape3;
}

/** Sizes of a network that takes tiles of any multiple. */
export const openSizes = [null, null, null] as const;

/**
 * Finds the tiles that all networks take: multiples of all their divisors, and the fixed size where a network has one.
 *
 * @throws PickbenchError BadExperiment where the networks take no tile in common, or one that cannot be turned by 90° has to
 * be
 */
export function tileSettings(
  { tile, overlap, rotations }: Pick<PredictSettings, "tile" | "overlap" | "rotations">,
  demands: readonly TileDemand[],
): ShrinkableTiles {
  const multiple = [0, 1, 2].map((axis) =>
    demands.reduce((common, demand) => leastCommonMultiple(common, demand.multiple[axis]!), 1),
  ) as [number, number, number];
  const fixed = [0, 1, 2].map(
    (axis) => demands.find((demand) => demand.fixed[axis] !== null)?.fixed[axis] ?? null,
  );
  const sizes = fixed.map((size, axis) => size ?? tile[axis]!) as [number, number, number];
  const names = demands.map(({ name }) => name).join(", ");
  if (fixed.some((size, axis) => size !== null && size !== multiple[axis]))
    throw new PickbenchError(
      "BadExperiment",
      `${names} take no tile in common: one is made for ${sizes.join("×")} voxels, the multiples of all are ${multiple.join("×")}; predict with them one by one`,
    );
  if (rotations && fixed[1] !== fixed[2])
    throw new PickbenchError(
      "BadExperiment",
      `predict.rotations: ${names} is made for tiles of ${sizes.join("×")} voxels, which cannot be turned by 90°; leave rotations out`,
    );
  const least = fixed.map(
    (size, axis) => size ?? Math.max(multiple[axis]!, ...demands.map(({ sees }) => sees?.[axis] ?? 1)),
  ) as [number, number, number];
  return { tile: sizes, overlap, multiple, square: rotations, least };
}

/** A network that was trained here or elsewhere, by its specification. */
export type Checked = { readonly network: NetworkSpec } | { readonly external: ExternalSpec };

/**
 * Checks that the engine and all networks support a precision.
 *
 * @throws PickbenchError Unsupported where one of them does not
 */
export async function checkPrecision(
  precision: Precision | undefined,
  engine: EngineName,
  networks: readonly Checked[],
): Promise<void> {
  if (precision !== "int8") return;
  const { int8 } = await loadEngine(engine);
  if (!int8)
    throw new PickbenchError(
      "Unsupported",
      `precision int8: engine ${engine} computes in 32-bit floats; choose engine onnx-cpu or precision float32`,
    );
  for (const network of networks) {
    if ("external" in network)
      throw new PickbenchError(
        "Unsupported",
        `precision int8: ${network.external.file} was trained elsewhere and keeps its own numbers; choose precision float32`,
      );
    await int8.check(await loadNetwork(network.network));
  }
}

/**
 * Checks that all networks can be normalised by statistics of the whole tomogram.
 *
 * @throws PickbenchError Unsupported where one was trained elsewhere
 */
export function checkStatistics(statistics: Statistics | undefined, networks: readonly Checked[]): void {
  if (statistics !== "tomogram") return;
  for (const network of networks)
    if ("external" in network)
      throw new PickbenchError(
        "Unsupported",
        `statistics tomogram: ${network.external.file} was trained elsewhere and keeps its own normalisation; choose statistics tile`,
      );
}
