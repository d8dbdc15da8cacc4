/** The worker's side of statistics.ts. */
import { answering } from "../system/threads/pool.js";
import { readEntries } from "./entries.js";
import { differencesOf } from "./statistics.js";

export const entries = answering(readEntries);
export const differences = answering(differencesOf);
