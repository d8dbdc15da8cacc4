/** The worker's side of statistics.ts. */
import { answering } from "../system/threads/pool.js";
import { differencesOf, intervalsOf } from "./statistics.js";

export const intervals = answering(intervalsOf);
export const differences = answering(differencesOf);
