/** The worker that gives a volume in shared memory another spectrum. */
import { answering } from "../../system/threads/pool.js";
import { type MatchTask, matchVolume } from "./match.js";

export default answering((task: MatchTask) => matchVolume(task));
