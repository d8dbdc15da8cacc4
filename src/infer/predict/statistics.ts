/** Statistics of a network's normalisations, measured on tiles of a tomogram and then taken for all of it. */
import type { Engine, LoadOptions, MeasureOptions } from "../../engines/engine.js";
import { measuringNetwork, withConstantNorms } from "../../nets/constantNorms.js";
import { PickbenchError } from "../../system/errors.js";

/** What a network's normalisations are computed over. */
export const statisticsNames = ["tile", "tomogram"] as const;
/** Each tile by itself, or tiles spread over the tomogram. */
export type Statistics = (typeof statisticsNames)[number];

/**
 * Returns the network whose normalisations by a tile's own statistics are constants, which are the averages over tiles.
 *
 * @throws PickbenchError NotFinite where a statistic is NaN or infinite
 */
export async function withTomogramStatistics(
  engine: Engine,
  options: MeasureOptions,
): Promise<Pick<LoadOptions, "network" | "weights">> {
  const { network, weights } = options;
  const measures = await tomogramStatistics(engine, options);
  return measures === null ? { network, weights } : withConstantNorms(network, weights, measures);
}

/**
 * Measures, averaged over tiles, what `withConstantNorms` takes; null where the network normalises nothing by a tile's
 * statistics. Each layer is measured with the layers before it normalised by the measured tile.
 *
 * @throws PickbenchError NotFinite where a statistic is NaN or infinite
 */
export async function tomogramStatistics(
  engine: Engine,
  { network, weights, patch, tiles, threads }: MeasureOptions,
): Promise<Float64Array | null> {
  const measuring = measuringNetwork(network);
  if (measuring === null) return null;
  const loaded = await engine.load({
    ...{ network: measuring, weights, patch, threads },
    ...{ activation: "none", offsets: 0 },
  });
  const sums = new Float64Array(measuring.outputs);
  let count = 0;
  try {
    for (const tile of tiles) {
      (await loaded.run(tile)).forEach((measure, at) => {
        sums[at]! += measure;
      });
      count++;
    }
  } finally {
    await loaded.close();
  }
  if (!sums.every(Number.isFinite)) throw notFinite(network.architecture);
  return sums.map((sum) => sum / count);
}

const notFinite = (name: string): PickbenchError =>
  new PickbenchError(
    "NotFinite",
    `statistics of the tomogram: the network ${name} gives NaN or infinity on it; wanted numbers: check the tomogram for NaN and the checkpoint's training log`,
  );
