/** Worker entry of measure.ts: ends the process without its parent while a step keeps the main thread, perhaps for ever. */
import { workerData } from "node:worker_threads";
import { endWithParent } from "../../system/parent.js";

endWithParent(workerData as number);
