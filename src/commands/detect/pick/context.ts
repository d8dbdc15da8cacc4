/** What surrounds the picks that were just written: their files get columns, and lose what an expression does not select. */
import { rm } from "node:fs/promises";
import { ownUserId, picksText } from "../../../formats/copickPicks.js";
import type { PositionSet } from "../../../formats/positions/frames.js";
import { isIdentity } from "../../../formats/positions/orientation.js";
import { copick } from "../../../formats/positions/programs/copick.js";
import { ais } from "../../../formats/positions/programs/relion.js";
import { type PositionsFile, readPositionsFile } from "../../../formats/positions/readPositions.js";
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

/** What surrounds picks, and the picks as their files are now. */
interface Surrounded {
  readonly context: Contextualised;
  /** Without the STAR files of which no pick is left. */
  readonly picked: readonly PickedType[];
}

/**
 * Measures what surrounds picks, and writes their files again with it, those of copick and the STAR files beside.
 *
 * @param sessionId of copick, as the picks were written
 * @throws PickbenchError as `measured`
 */
export async function addContext(
  picked: readonly PickedType[],
  sessionId: string,
  asked: AskedContext,
  places: Places,
): Promise<Surrounded> {
  const files: PositionsFile[] = [];
  for (const { path } of picked) files.push(oriented(await readPositionsFile(path, { format: copick })));
  const context = await measured(files, asked, places, "table");
  const left: PickedType[] = [];
  for (const [i, each] of picked.entries()) {
    const { star, ...others } = each;
    const { path, type, run } = others;
    const [set] = context.files[i]!.sets;
    const isEmpty = set === undefined || set.positions.length === 0;
    const author = { userId: ownUserId, sessionId };
    await writeWhole(path, isEmpty ? picksText({ type, run, author }, []) : copick.write([set], {}).bytes);
    if (star !== undefined)
      await (isEmpty ? rm(star, { force: true }) : writeKept(star, files[i]!.sets[0]!, set));
    left.push(isEmpty ? others : each);
  }
  return { context, picked: left };
}

/** Leaves the rotations of picks that have one: in files that were just picked, the identity says that there is none. */
const oriented = (file: PositionsFile): PositionsFile => ({
  ...file,
  sets: file.sets.map((set) => ({
    ...set,
    positions: set.positions.map(({ rotation, ...position }) => ({
      ...position,
      ...(rotation && !isIdentity(rotation) ? { rotation } : {}),
    })),
  })),
});

/**
 * Writes a STAR file again, with the rows of the picks that are kept and the columns that were measured.
 *
 * @param before all picks, in the order of the file's rows
 * @param kept some of them, with their columns
 */
async function writeKept(path: string, before: PositionSet, kept: PositionSet): Promise<void> {
  const [rows] = (await readPositionsFile(path, { format: ais })).sets;
  const ofPlace = new Map(kept.positions.map((position) => [position.at, position]));
  const added = kept.extra?.names ?? [];
  const positions = rows!.positions.flatMap((row, i) => {
    const pick = ofPlace.get(before.positions[i]!.at);
    if (pick === undefined) return [];
    return [{ ...row, extra: [...(row.extra ?? []), ...added.map((_, at) => pick.extra?.[at] || "nan")] }];
  });
  const names = [...(rows!.extra?.names ?? []), ...added];
  await writeWhole(path, ais.write([{ ...rows!, positions, extra: { family: "star", names } }], {}).bytes);
}
