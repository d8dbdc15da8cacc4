/** The worker's side of rowThreads.ts. */
import { answering } from "../system/threads/pool.js";
import { readEntries } from "./entries.js";
import { differencesOf } from "./rowThreads.js";

export const entries = answering(readEntries);
export const differences = answering(differencesOf);
