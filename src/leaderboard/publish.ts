/** Publishing a finished run as a submission. */
import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { PickbenchError } from "../system/errors.js";
import { writeFolderWhole } from "../system/files.js";
import { inside } from "../system/paths/names.js";
import { filesOf, foldsFile, readSubmissionFolder } from "./submissionFolder.js";

/** Copies a finished run's CSV, report and record to `submissions/NAME/`, replacing an older submission as a whole. */
export async function publishSubmission(
  runFolder: string,
  submissionsRoot: string,
  name: string,
): Promise<string> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    throw new PickbenchError(
      "BadUsage",
      `"${name}" cannot name a submission, wanted letters, digits, dots, dashes and underscores; choose another name`,
    );
  const target = inside(submissionsRoot, name, {
    what: "submission",
    remedy: "choose another name",
    tag: "BadUsage",
  });
  const { report } = await readSubmissionFolder(runFolder, name);
  await writeFolderWhole(target, async (partial) => {
    for (const file of filesOf(report)) await copyFile(join(runFolder, file), join(partial, file));
    if (existsSync(join(runFolder, foldsFile)))
      await copyFile(join(runFolder, foldsFile), join(partial, foldsFile));
  });
  return target;
}
