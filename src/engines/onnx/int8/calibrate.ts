import type { MeasureOptions } from "../../engine.js";
import { machineBlock, openSession } from "../session.js";
import { Calibration, measuringGraph } from "./calibration.js";

/** What a network's values are on tiles of one shape, computed in floats. */
export async function calibrate({
  network,
  weights,
  patch,
  tiles,
  threads,
}: MeasureOptions): Promise<Calibration> {
  const graph = measuringGraph(network, weights, patch, await machineBlock());
  const session = await openSession(graph, { threads, memoryPattern: false });
  const calibration = new Calibration(network);
  try {
    for (const tile of tiles)
      calibration.add(await session.run({ image: { data: tile, dims: [1, 1, ...patch] } }));
  } finally {
    await session.release();
  }
  return calibration;
}
