import { expect, it } from "vitest";
import { scoreMask } from "../../../src/score/masks/maskScore.js";
import { openMaskPool } from "../../../src/score/masks/pool.js";
import { spacingOf } from "../../support/pickingFixtures.js";

it("scores as scoreMask does, masks in shared memory too, and passes errors on", async () => {
  const truth = new Uint8Array(new SharedArrayBuffer(8));
  truth.set([0, 1, 1, 0, 2, 1, 0, 0]);
  const pair = {
    truth,
    prediction: Uint8Array.of(0, 1, 0, 0, 1, 1, 1, 0),
    shape: [2, 2, 2],
    spacing: spacingOf(10),
  } as const;
  const pool = openMaskPool();
  try {
    expect(await pool.score(pair)).toEqual(scoreMask(pair));
    await expect(pool.score({ ...pair, shape: [2, 2, 3] })).rejects.toThrow(/has 12/);
  } finally {
    await pool.close();
  }
});
