/** Positions of a file that was dropped on the page: read out of the way, shown as long as the page is, and kept nowhere. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import type { ParticlePick } from "../../domain/particles.js";
import { type Angstrom, angstrom } from "../../domain/units.js";
import type { Shape3 } from "../../domain/volume.js";
import { convertPositions } from "../../formats/positions/convert.js";
import { memory } from "../../formats/positions/format.js";
import { type PositionsFile, readPositionsFile } from "../../formats/positions/readPositions.js";
import { runNameOf } from "../../formats/runNames.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";

/** Bytes that a dropped file may have. */
export const mostDroppedBytes = 64 * 2 ** 20;
/** Positions that are shown of one file. */
const mostDroppedPositions = 100_000;

/** The volume that is looked at. */
export interface LookedAt {
  readonly run: string;
  /** Å per voxel. */
  readonly spacing: Angstrom;
  /** Voxels along z, y, x. */
  readonly size: Shape3;
}

/** Picks of one run out of a file. */
export interface DroppedPicks {
  readonly name: string;
  /** In words, such as "a RELION 5 .star file". */
  readonly format: string;
  readonly picks: readonly ParticlePick[];
  /** Remarks for whoever dropped it. */
  readonly notes: readonly string[];
}

/**
 * Reads the positions of the run that is looked at. Where the file names no run, all are taken; where it states no voxel
 * size, that of the volume counts.
 *
 * @param name the file's own name, of which only the last part counts
 * @throws PickbenchError BadDataset or BadUsage in one sentence that names the file
 */
export async function readDropped(name: string, bytes: Buffer, at: LookedAt): Promise<DroppedPicks> {
  const shown = name.split(/[\\/]/).at(-1)!;
  const file = await readOutOfTheWay(shown, bytes);
  checkRun(
    shown,
    file.sets.map(({ run }) => run),
    at.run,
  );
  const { sets, notes } = convertPositions([file], memory, {
    ...{ run: at.run, spacing: at.spacing, size: at.size, toFrame: "angstrom" },
  });
  const positions = sets.flatMap((set) => set.positions);
  if (positions.length > mostDroppedPositions)
    throw new PickbenchError(
      "BadUsage",
      `${shown} has ${positions.length} positions of ${at.run}, and the page shows ${mostDroppedPositions} at most; open it as picks instead`,
    );
  const stem = shown.replace(/\.[^.]*$/, "");
  const picks = positions.map(
    ({ at: [x, y, z], type, score, rotation, instance }): ParticlePick => ({
      type: type ?? stem,
      ...{ x: angstrom(x), y: angstrom(y), z: angstrom(z) },
      ...(score === undefined ? {} : { score }),
      ...(rotation === undefined ? {} : { rotation }),
      ...(instance === undefined ? {} : { instance }),
    }),
  );
  return { name: shown, format: file.format.title, picks, notes };
}

/** Reads bytes as a file, which readers take, in a folder of its own that is gone afterwards. */
async function readOutOfTheWay(name: string, bytes: Buffer): Promise<PositionsFile> {
  const folder = await mkdtemp(join(tmpdir(), "pickbench-dropped-"));
  const safe = name.replace(/[^\w.() -]/g, "_").slice(-100);
  try {
    const path = join(folder, /^\.*$/.test(safe) ? "positions" : safe);
    await writeFile(path, bytes);
    return { ...(await readPositionsFile(path)), path: name };
  } catch (error) {
    if (!isPickbenchError(error)) throw error;
    throw new PickbenchError(error.tag, withoutFlags(error.message.replaceAll(`${folder}${sep}`, "")));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Names what can be done here in place of a command's flags. */
const withoutFlags = (message: string): string =>
  message
    .replace(/ \(--[\w-]+\)/g, "")
    .replace(/give --from-format (\w+) or (\w+)/, "have its name end in .$1 or .$2")
    .replace(
      /; (?:give|name their format with) --.*$/s,
      "; bring it into a plain form with pickbench convert first",
    );

/** Checks that a file that names several runs, or one, names the one that is looked at; a number alone names none. */
function checkRun(name: string, runs: readonly (string | undefined)[], wanted: string): void {
  const named = [...new Set(runs)].filter((run) => run !== undefined);
  if (named.length === 0 || runs.includes(undefined)) return;
  if (named.length === 1 && /^\d+$/.test(named[0]!)) return;
  if (named.includes(wanted) || named.includes(runNameOf(wanted))) return;
  const listed = `${named.slice(0, 5).join(", ")}${named.length > 5 ? ", …" : ""}`;
  throw new PickbenchError(
    "BadUsage",
    `${name} has positions of ${listed}, and none of ${wanted}, which is looked at`,
  );
}
