/** Whom fetching tells of itself, and what it has checked: begun with each data set that is opened. */
import { type Reporter, silentReporter } from "../../system/reporter.js";
import type { DataAccess } from "../model.js";

/** Begins to keep what was checked, for one caller. */
export const accessFor = (reporter: Reporter = silentReporter): DataAccess => ({
  reporter,
  compared: new Map(),
});
