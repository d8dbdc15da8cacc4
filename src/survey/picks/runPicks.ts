/** The picks of one run from all sources: counted, judged against the truth, and as a table for the database. */
import { meanOf } from "../../domain/numbers.js";
import type { Particle, ParticlePick } from "../../domain/particles.js";
import { angstrom } from "../../domain/units.js";
import type { Shape3 } from "../../domain/volume.js";
import { isAbsent, isNumberOrAbsent } from "../../formats/positions/fields.js";
import { type PositionSet, type TomogramPosition, toFrame } from "../../formats/positions/frames.js";
import { judge, verdictCounts } from "../../score/diagnosis/verdicts.js";
import { PickbenchError } from "../../system/errors.js";
import type { ParticleFacts, SurveyEntry } from "../entry.js";
import { truthSource } from "../places.js";
import { type PicksFile, type PicksReader, pathOf } from "./sources.js";

/** A pick as a row of a table. */
export interface PickRow {
  readonly source: string;
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly score: number | null;
  /** `matched`, `duplicate` or `wrong`; null where no truth is known. */
  readonly verdict: string | null;
}

/** What the data set says of a run. */
interface RunTruth {
  /** Null where nobody picked the run. */
  readonly picks: readonly ParticlePick[] | null;
  readonly particles: readonly Particle[];
}

/** A pick with the values of its file's further columns. */
interface ReadPick extends ParticlePick {
  readonly extra: readonly string[];
}

/** Picks of one source and type, whose further columns have one order. */
interface TypePicks {
  readonly source: string;
  readonly type: string;
  readonly picks: ReadPick[];
  columns: readonly string[];
}

/**
 * Reads the picks of a run, judges and counts them.
 *
 * @param tomogram whose grid positions in voxels count in, where files do not say it
 * @throws PickbenchError BadDataset where a file is broken or one type of a source has several sessions; BadUsage where a
 * frame needs what is unknown
 */
export async function picksOfRun(
  run: string,
  files: readonly PicksFile[],
  {
    truth,
    tomogram,
    reader,
  }: { readonly truth: RunTruth; readonly tomogram: SurveyEntry["tomogram"]; readonly reader: PicksReader },
): Promise<{ readonly rows: PickRow[]; readonly particles: ParticleFacts[] }> {
  const groups = new Map<string, TypePicks>();
  const sessions = new Map<string, string>();
  for (const file of files)
    for (const set of (await reader.read(file)).get(run) ?? []) {
      checkSession(file, set, sessions);
      addSet(groups, file.source.name, inAngstrom(set, tomogram, pathOf(file)));
    }
  if (truth.picks !== null) for (const { name } of truth.particles) groupOf(groups, truthSource, name);
  for (const pick of truth.picks ?? [])
    groupOf(groups, truthSource, pick.type).picks.push({ ...pick, extra: [] });
  const rows: PickRow[] = [];
  const particles: ParticleFacts[] = [];
  for (const group of withMissed(groups, truth)) particles.push(counted(run, group, truth, rows));
  return { rows, particles };
}

/** Adds types that the truth has and a source lacks: all of them are missed. */
function withMissed(groups: ReadonlyMap<string, TypePicks>, { picks, particles }: RunTruth): TypePicks[] {
  const all = new Map(groups);
  const sources = new Set([...groups.values()].map(({ source }) => source));
  sources.delete(truthSource);
  const types = new Set(picks?.map(({ type }) => type) ?? []);
  for (const source of sources)
    for (const type of types) if (particles.some(({ name }) => name === type)) groupOf(all, source, type);
  return [...all.values()];
}

function groupOf(groups: Map<string, TypePicks>, source: string, type: string): TypePicks {
  const key = `${source}/${type}`;
  const group = groups.get(key) ?? { source, type, picks: [], columns: [] };
  groups.set(key, group);
  return group;
}

/** Of a source in copick's layout, one type of a run may be picked in several sessions, which are not to be mixed. */
function checkSession(
  file: PicksFile,
  { author, positions }: PositionSet,
  sessions: Map<string, string>,
): void {
  if (author === undefined) return;
  const session = `${author.userId ?? "?"}_${author.sessionId ?? "?"}`;
  for (const type of new Set(positions.map((position) => position.type))) {
    const key = `${file.source.name}/${type}`;
    const other = sessions.get(key);
    if (other !== undefined && other !== session)
      throw new PickbenchError(
        "BadDataset",
        `${pathOf(file)}: ${type} was picked in several sessions (${other}, ${session}); name one behind --picks, as in PATH@${session}`,
        { path: pathOf(file) },
      );
    sessions.set(key, session);
  }
}

/**
 * Converts positions to Å, those in voxels by the tomogram's grid where their file does not say its own.
 *
 * @throws PickbenchError BadUsage where the frame needs what is unknown
 */
export function inAngstrom(
  set: PositionSet,
  tomogram:
    | { readonly shape: Shape3; readonly spacing: readonly [number, number, number] }
    | null
    | undefined,
  what: string,
): PositionSet {
  if (set.frame === "angstrom") return set;
  const given = tomogram && {
    pixel: set.pixel ?? angstrom(tomogram.spacing[2]),
    volume: set.volume ?? { size: tomogram.shape, spacing: angstrom(tomogram.spacing[2]) },
  };
  return toFrame({ ...set, ...given }, { frame: "angstrom" }, what);
}

function addSet(groups: Map<string, TypePicks>, source: string, { positions, extra }: PositionSet): void {
  const columns = extra?.names ?? [];
  for (const {
    at,
    type = "particle",
    score,
    extra: values = [],
  } of positions as readonly TomogramPosition[]) {
    const group = groupOf(groups, source, type);
    if (group.columns.length === 0) group.columns = columns;
    const isSame = group.columns === columns || group.columns.every((name, i) => name === columns[i]);
    group.picks.push({
      ...{ type, x: angstrom(at[0]), y: angstrom(at[1]), z: angstrom(at[2]) },
      ...(score === undefined ? {} : { score }),
      extra: isSame ? values : group.columns.map((name) => values[columns.indexOf(name)] ?? ""),
    });
  }
}

function counted(run: string, group: TypePicks, truth: RunTruth, rows: PickRow[]): ParticleFacts {
  const { source, type, picks } = group;
  const particle = truth.particles.find(({ name }) => name === type);
  const isJudged = source !== truthSource && truth.picks !== null && particle !== undefined;
  const judged = isJudged
    ? judge(particle, new Map([[run, truth.picks]]), new Map([[run, picks]]))
    : undefined;
  for (const [at, { x, y, z, score = null }] of picks.entries())
    rows.push({ source, type, x, y, z, score, verdict: judged?.picks[at]?.verdict ?? null });
  const scores = picks.flatMap(({ score }) => (score === undefined ? [] : [score]));
  const counts = judged && verdictCounts(judged);
  return {
    ...{ source, type, count: picks.length },
    score: scores.length === 0 ? null : meanOf(scores),
    verdicts: counts
      ? {
          ...{ truths: counts.truths, matched: counts.matchedPicks, duplicates: counts.duplicates },
          ...{ wrong: counts.wrongPicks, missed: counts.fn },
        }
      : null,
    context: contextOf(group),
  };
}

/** Summarises the further columns whose values are all numbers, or absent. */
function contextOf({ columns, picks }: TypePicks): ParticleFacts["context"] {
  return columns.flatMap((name, at) => {
    const texts = picks.map(({ extra }) => extra[at] ?? "");
    if (!texts.every(isNumberOrAbsent)) return [];
    const values = texts
      .filter((text) => !isAbsent(text))
      .map(Number)
      .filter(Number.isFinite);
    if (values.length === 0) return [];
    const [least, largest] = values.reduce<[number, number]>(
      ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    );
    return [{ name, count: values.length, mean: meanOf(values), least, largest }];
  });
}
