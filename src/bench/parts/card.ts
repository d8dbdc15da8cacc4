/**
 * Bench part: everything on a graphics card, in one call that ends in time: steps, inference, a tomogram, a run, on every
 * engine that starts, beside PyTorch.
 */
import { findTorch, measureNetworks } from "../card/networks.js";
import { CardScene } from "../card/scene.js";
import { measureRuns, measureSubmissions } from "../card/whole.js";
import type { BenchPart } from "../measured.js";
import { withScratchFolder } from "../scratch.js";

/** Measures within the limit; Ctrl-C ends what is under way, and what was measured is kept. */
export const part: BenchPart = {
  run: ({ reporter, ...options }) =>
    reporter.stoppable("moment", async () => {
      const scene = new CardScene({ ...options, reporter });
      try {
        await scene.look();
        await measureNetworks(scene, await findTorch(scene));
        await withScratchFolder(scene.reporter, async (folder) => {
          await measureSubmissions(scene, folder);
          await measureRuns(scene, folder);
        });
      } finally {
        scene.close();
      }
      return scene.rows;
    }),
};
