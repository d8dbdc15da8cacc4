/** The worker's side of the measuring in build.ts. */
import { answering } from "../../system/threads/pool.js";
import { type MeasureTask, measureRun } from "./measureRun.js";

export default answering((task: MeasureTask) => measureRun(task));
