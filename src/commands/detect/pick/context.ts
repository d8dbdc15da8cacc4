/** What surrounds the picks that were just written: their files get columns, and lose what an expression does not select. */
import { ownUserId, picksText } from "../../../formats/copickPicks.js";
import { copick } from "../../../formats/positions/programs/copick.js";
import { readPositionsFile } from "../../../formats/positions/readPositions.js";
import type { Contextualised } from "../../../infer/context/contextualise.js";
import type { PickedType } from "../../../infer/pick/store.js";
import { writeWhole } from "../../../system/files.js";
import type { Reporter } from "../../../system/reporter.js";
import type { AskedContext } from "../../shared/context/flags.js";
import { measured } from "../../shared/context/measured.js";

/** Where maps and tomograms are. */
interface Places {
  readonly maps: readonly string[];
  readonly data: string | undefined;
  readonly tomogram: string | undefined;
  readonly scale: number | undefined;
  readonly reporter: Reporter;
}

/**
 * Measures what surrounds picks, and writes their files again with it.
 *
 * @param sessionId of copick, as the picks were written
 * @throws PickbenchError as `measured`
 */
export async function addContext(
  picked: readonly PickedType[],
  sessionId: string,
  asked: AskedContext,
  places: Places,
): Promise<Contextualised> {
  const files: Awaited<ReturnType<typeof readPositionsFile>>[] = [];
  for (const { path } of picked) files.push(await readPositionsFile(path, { format: copick }));
  const found = await measured(files, asked, places, "table");
  for (const [i, { path, type, run }] of picked.entries()) {
    const [set] = found.files[i]!.sets;
    const isEmpty = set === undefined || set.positions.length === 0;
    const author = { userId: ownUserId, sessionId };
    await writeWhole(path, isEmpty ? picksText({ type, run, author }, []) : copick.write([set], {}).bytes);
  }
  return found;
}
