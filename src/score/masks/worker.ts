/** The worker's side of pool.ts. */
import { answering } from "../../system/threads/pool.js";
import { scoreMask } from "./maskScore.js";

export default answering(scoreMask);
