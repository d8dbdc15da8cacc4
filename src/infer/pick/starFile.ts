/** Picks of one type in one run as Ais's STAR file of coordinates: RUN__TYPE_coords.star. */
import { aisSeparator } from "../../data/layouts/volumeFolder.js";
import type { ParticlePick } from "../../domain/particles.js";
import type { Spacing3 } from "../../domain/volume.js";
import { ais } from "../../formats/positions/programs/relion.js";
import { writeWhole } from "../../system/files.js";
import { checkedName, inside, type NameOrigin } from "../../system/paths/names.js";

/** A pick with what Ais notes of it. */
export interface StarPick extends ParticlePick {
  /** Å³ */
  readonly size: number;
  /** Values of the further columns, in their order. */
  readonly extra?: readonly string[];
}

/** Returns the file's place. @throws PickbenchError BadDataset where a name cannot be part of a file's name */
export function starPath(folder: string, run: string, type: string): string {
  const origin: NameOrigin = { what: "run or type" };
  const stem = `${checkedName(run, origin)}${aisSeparator}${checkedName(type, origin)}`;
  return inside(folder, `${stem}_coords.star`, origin);
}

/**
 * Writes the file, with coordinates in voxels from the volume's corner. A pick without an orientation has the angles 0, 0, 0
 * where others have one.
 *
 * @param spacing of the map, Å along z, y, x
 * @param columns names of the further columns
 */
export async function writeStarPicks(
  path: string,
  run: string,
  picks: readonly StarPick[],
  spacing: Spacing3,
  columns: readonly string[] = [],
): Promise<void> {
  const { bytes } = ais.write(
    [
      {
        run,
        frame: "voxel",
        positions: picks.map(({ x, y, z, size, rotation, extra }) => ({
          at: [x / spacing[2], y / spacing[1], z / spacing[0]],
          score: size,
          ...(rotation === undefined ? {} : { rotation }),
          ...(extra === undefined ? {} : { extra }),
        })),
        extra: { family: "star", names: columns },
      },
    ],
    {},
  );
  await writeWhole(path, bytes);
}
