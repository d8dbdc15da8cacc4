/** Bench part: time and memory of whole commands as the work grows, along several axes. */
import { statfs } from "node:fs/promises";
import { undoAtEnd } from "../../system/ending.js";
import { checkpointsToMeasure } from "../detector.js";
import { type AxisName, growthChoice, pointsOf } from "../growth/axes.js";
import { featureSets } from "../growth/featureSets.js";
import { Growth } from "../growth/grow.js";
import type { Series, SeriesContext } from "../growth/series.js";
import { submissions } from "../growth/submissions.js";
import { tables } from "../growth/tables.js";
import { volumes } from "../growth/volumes.js";
import type { BenchPart } from "../measured.js";
import { withScratchFolder } from "../scratch.js";

/** Measures within the limit, the cheapest point first; Ctrl-C ends what is under way, and what was measured is kept. */
export const part: BenchPart = {
  run: ({ reporter: asked, ...options }) => {
    // Ctrl-C asks to stop here: what is to be undone is undone where the process ends.
    const reporter = { ...asked, onEnd: undoAtEnd };
    return asked.stoppable("moment", () =>
      withScratchFolder(reporter, async (folder) => {
        const { axes, ends } = options.growth ?? growthChoice(undefined, undefined);
        const checkpoints = await checkpointsToMeasure(options.checkpoints, folder);
        const context = { ...options, checkpoints, folder, reporter };
        const series = await Promise.all(
          axes.map((axis) => seriesOf(axis, pointsOf(axis, ends[axis]), context)),
        );
        const freeBytes = async () => {
          const { bavail, bsize } = await statfs(folder);
          return bavail * bsize;
        };
        const growth = new Growth(series.flat(), { ...options, reporter, freeBytes });
        await growth.measure();
        return growth.rows;
      }),
    );
  },
};

async function seriesOf(
  axis: AxisName,
  points: readonly number[],
  context: SeriesContext,
): Promise<Series[]> {
  if (axis === "features") return [featureSets(points, context)];
  if (axis === "picks") return tables(points, context);
  const submitted = await submissions(axis, points, context);
  return axis === "voxels" ? [submitted, volumes(points, context)] : [submitted];
}
