// Simulated tomograms for the studio's tests.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { simulateDataset } from "../../src/data/simulate/simulateDataset.js";
import type { Shape3 } from "../../src/domain/volume.js";

/**
 * Has a data set simulated before all tests of a file, and removed after them: TS_S1 and so on, voxels of 10 Å, two ribosomes
 * in each.
 *
 * @returns a folder of the file's own, and the data set in it
 */
export function simulatedForFile(
  shape: Shape3,
  runs = 1,
): { readonly scratch: string; readonly folder: string } {
  const scratch = mkdtempSync(join(tmpdir(), "pickbench-studio-"));
  const folder = join(scratch, "data");
  beforeAll(() =>
    simulateDataset({
      ...{ out: folder, runs, shape, spacing: 10, seed: 1, part: "train", flat: true },
      counts: new Map([["ribosome", 2]]),
    }),
  );
  afterAll(() => rmSync(scratch, { recursive: true }));
  return { scratch, folder };
}
