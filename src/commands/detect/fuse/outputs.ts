/** Files that `fuse` writes: a submission, copick's picks, a STAR file. */
import { picksPath, writePicks } from "../../../data/picks.js";
import type { Particle } from "../../../domain/particles.js";
import { angstrom } from "../../../domain/units.js";
import type { Spacing3 } from "../../../domain/volume.js";
import { ownUserId } from "../../../formats/copickPicks.js";
import { relion4 } from "../../../formats/positions/programs/relion.js";
import type { KeptPick } from "../../../infer/consensus/fuseRuns.js";
import { writeSubmission } from "../../../score/submissionCsv.js";
import { writeWhole } from "../../../system/files.js";
import { checkLinks } from "../../../system/paths/names.js";
import { checkFree } from "../../../system/paths/overwriting.js";

/** Kept picks by run. */
type KeptByRun = ReadonlyMap<string, readonly KeptPick[]>;

/** Where picks go, and as what. */
interface OutputAsked {
  /** FILE.csv, or a folder of copick's files. */
  readonly out: string;
  readonly session: string;
  /** Whether the votes and each picker's score are written beside. */
  readonly byPicker: boolean;
  readonly overwrite: boolean;
  /** STAR file beside. */
  readonly star: string | undefined;
  /** Returns the voxels of a run in Å along z, y, x, for the STAR file. */
  readonly spacingOf: (run: string) => Promise<Spacing3>;
}

/** Writes picks. @throws BadUsage where a file is in the way */
export async function writeFused(
  picks: KeptByRun,
  particles: readonly Particle[],
  asked: OutputAsked,
): Promise<void> {
  const bytes = asked.star === undefined ? undefined : await starOf(picks, asked);
  if (asked.out.endsWith(".csv")) await writeSubmission(asked.out, picks);
  else await writeFolder(picks, particles, asked);
  if (asked.star !== undefined) await writeWhole(asked.star, bytes!);
}

/** A file for every type of every run, so that none of an earlier fusion stays. */
async function writeFolder(
  picks: KeptByRun,
  particles: readonly Particle[],
  { out, session: sessionId, overwrite, byPicker }: OutputAsked,
): Promise<void> {
  const author = { userId: ownUserId, sessionId };
  const places = [...picks.keys()].flatMap((run) =>
    particles.map(({ name }) => picksPath(out, run, name, author)),
  );
  await checkFree(places, overwrite, "another --out or --session");
  await checkLinks(out, places);
  for (const [run, list] of picks)
    for (const { name } of particles) {
      const ofType = list.filter(({ type }) => type === name);
      const detailed = byPicker ? ofType.map((pick) => ({ ...pick, metadata: columnsOf(pick) })) : ofType;
      await writePicks(out, run, name, detailed, author);
    }
}

/** Votes, and scores of the pickers that saw it, by the numbers of the pickers. */
const columnsOf = ({ votes, byPicker }: KeptPick): Record<string, number> => ({
  votes,
  ...Object.fromEntries(byPicker.flatMap((score, i) => (score === null ? [] : [[`score.${i + 1}`, score]]))),
});

/** Returns a RELION 4 STAR file, in voxels from the volume's corner; of picks without an orientation the angles are 0. */
async function starOf(picks: KeptByRun, { byPicker, spacingOf }: OutputAsked): Promise<Buffer> {
  const pickers = [...picks.values()].flat()[0]?.byPicker.length ?? 0;
  const names = byPicker
    ? ["pickbenchVotes", ...Array.from({ length: pickers }, (_, i) => `pickbenchScore${i + 1}`)]
    : [];
  const sets = [];
  for (const [run, list] of picks) {
    if (list.length === 0) continue;
    const [depth, height, width] = await spacingOf(run);
    sets.push({
      ...{ run, frame: "voxel" as const, pixel: angstrom(width) },
      extra: { family: "star" as const, names },
      positions: list.map(({ type, x, y, z, score, rotation, votes, byPicker: scores }) => ({
        ...{ at: [x / width, y / height, z / depth] as const, type, score },
        ...(rotation ? { rotation } : {}),
        extra: byPicker ? [votes, ...scores].map((value) => (value === null ? "nan" : String(value))) : [],
      })),
    });
  }
  return relion4.write(sets, {}).bytes;
}
