/** Picking from stores of probabilities: planning by type and run, and writing of picks. */
import { rm } from "node:fs/promises";
import { writePicks } from "../../data/picks.js";
import { angstrom } from "../../domain/units.js";
import { type Volume, voxelVolume } from "../../domain/volume.js";
import { ownUserId } from "../../formats/copickPicks.js";
import { PickbenchError } from "../../system/errors.js";
import { openProbabilities } from "../predict/probabilityStores.js";
import { type FilamentSettings, traceFilaments } from "./filaments/filaments.js";
import { type MapChannel, type MapScale, readScaled } from "./mapScales.js";
import { type Orienting, rotationTo } from "./orientation.js";
import { type PickingSettings, type PickingSteps, pickParticles } from "./picking.js";
import { type StarPick, starPath, writeStarPicks } from "./starFile.js";

/** How a channel is picked: particles, or points on filaments. */
export type ChannelSettings = PickingSettings | FilamentSettings;

/** Filaments that were traced. */
interface FilamentCounts {
  readonly count: number;
  /** Lines that are shorter than the least length. */
  readonly short: number;
  /** Å of all filaments together. */
  readonly length: number;
}

/** Outcome of picking one type in one run. */
export interface PickedType {
  readonly run: string;
  readonly type: string;
  readonly settings: ChannelSettings;
  readonly steps: PickingSteps;
  /** The threshold that was used, which a density may have moved from the settings'. */
  readonly threshold: number;
  /** Of filaments; then the steps count components and, after spacing, points. */
  readonly filaments?: FilamentCounts;
  /** Path of the written copick file. */
  readonly path: string;
  /** Path of the written STAR file. */
  readonly star?: string;
  /** How integers became probabilities. */
  readonly scale?: MapScale;
  /** Greatest value of the map, where it is no probability. */
  readonly beyond?: number;
}

/** One channel of one store of probabilities, with its run and type. */
export interface PickTask extends MapChannel {
  readonly run: string;
}

/** Labels of types, as a copick configuration has them. */
export type TypeLabels = readonly { readonly name: string; readonly label: number }[];

/**
 * Plans what to pick: the asked types of every store or, if none are asked, all its named channels but the background. A
 * store without named channels holds the one type asked. A volume of labels holds the types of a copick configuration.
 *
 * @param labels of that configuration; with them, integers without a known type are labels
 * @throws PickbenchError BadDataset where a store lacks a type, BadUsage where the type of a store without named channels
 * is not asked, or two stores hold one type of one run
 */
export async function planPicking(
  stores: readonly string[],
  asked: readonly string[],
  labels?: TypeLabels,
): Promise<PickTask[]> {
  const seen = new Map<string, string>();
  const tasks: PickTask[] = [];
  for (const store of stores) {
    const opened = await openProbabilities(store);
    const { run, channels, isOneType } = opened;
    const isLabels = holdsLabels(opened, labels);
    if (isOneType && !isLabels && asked.length > 0 && channels && !asked.includes(channels[0]!)) continue;
    const found = isLabels
      ? labelledTypes(store, asked, labels)
      : channelsOf(store, channels, isOneType ? [] : asked);
    for (const { type, ...place } of found) {
      const other = seen.get(`${run}/${type}`);
      if (other !== undefined)
        throw new PickbenchError(
          "BadUsage",
          `${store} and ${other} are both of run ${run}; their picks of ${type} would overwrite each other: pick them into two folders`,
        );
      seen.set(`${run}/${type}`, store);
      tasks.push({ store, run, type, ...place });
    }
  }
  const [type] = asked;
  if (tasks.length > 0 || type === undefined) return tasks;
  throw new PickbenchError(
    "BadDataset",
    `${stores.join(", ")}: none of ${asked.join(", ")}; choose others with --type`,
  );
}

type Found = Pick<PickTask, "type" | "channel" | "scale">;

/** Tells whether a store's voxels are labels: its name says so, or they are integers of no type that is known. */
const holdsLabels = (
  { isLabels, isWhole, isOneType, channels }: Awaited<ReturnType<typeof openProbabilities>>,
  labels: TypeLabels | undefined,
): boolean =>
  isLabels ||
  (labels !== undefined &&
    isWhole &&
    (channels === undefined || (isOneType && !labels.some(({ name }) => name === channels[0]))));

function labelledTypes(store: string, asked: readonly string[], labels: TypeLabels | undefined): Found[] {
  if (labels === undefined)
    throw new PickbenchError(
      "BadUsage",
      `${store}: a volume of labels, one number a type, not of probabilities; name the copick configuration with the types' labels by --config`,
      { path: store },
    );
  const types = asked.length > 0 ? [...new Set(asked)] : labels.map(({ name }) => name);
  return types.map((type) => {
    const label = labels.find(({ name }) => name === type)?.label;
    if (label !== undefined) return { type, channel: 0, scale: { label } };
    throw new PickbenchError(
      "BadUsage",
      `${store}: the configuration has no label of ${type}; there is ${labels.map(({ name }) => name).join(", ")}`,
      { path: store },
    );
  });
}

const background = "background";

function channelsOf(
  store: string,
  channels: readonly string[] | undefined,
  asked: readonly string[],
): Found[] {
  if (channels === undefined) {
    const [type, ...others] = asked;
    if (type !== undefined && others.length === 0) return [{ type, channel: 0 }];
    throw new PickbenchError(
      "BadUsage",
      `${store}: a volume without channels, which says nothing about its particle; name the one with --type`,
    );
  }
  const types = asked.length > 0 ? [...new Set(asked)] : channels.filter((name) => name !== background);
  return types.map((type) => {
    const channel = channels.indexOf(type);
    if (channel >= 0) return { type, channel };
    throw new PickbenchError("BadDataset", `${store}: no channel ${type}; there is ${channels.join(", ")}`, {
      path: store,
    });
  });
}

/** Where picks are written, how they are shifted, and what is written of them. */
export interface PickPlace {
  readonly folder: string;
  /** Session of copick in the file's name. */
  readonly session: string;
  /** Offset in Å along x, y, z that is added to every position. */
  readonly offset?: readonly [x: number, y: number, z: number] | undefined;
  /** How groups of the watershed are given orientations; none are if absent. */
  readonly orienting?: Orienting | undefined;
  /** Folder for Ais's STAR files; none are written if absent. */
  readonly star?: string | undefined;
}

/** Greatest value that rounding leaves of a probability. */
const mostProbable = 1.001;

/** Picks of a channel, before they are written. */
interface ChannelPicks {
  readonly picks: readonly Omit<StarPick, "type">[];
  readonly steps: PickingSteps;
  readonly threshold: number;
  /** Further columns of the STAR file. */
  readonly columns?: readonly string[];
  readonly filaments?: FilamentCounts;
}

/**
 * Reads a channel, picks it and writes DIR/ExperimentRuns/RUN/Picks/USER_SESSION_TYPE.json, with scores, and a STAR file
 * where one is wanted and something was picked; where nothing was, one of earlier picks is removed.
 */
export async function pickChannel(
  { store, run, type, channel, scale }: PickTask,
  settings: ChannelSettings,
  { folder, session, orienting, star, offset = [0, 0, 0] }: PickPlace,
): Promise<PickedType> {
  const volume = await readScaled(store, channel, scale);
  const greatest = volume.data.reduce((most, value) => (value > most ? value : most), 0);
  const found =
    settings.method === "filament" ? traced(volume, settings) : picked(volume, settings, orienting);
  const picks = found.picks.map((pick) => ({
    ...pick,
    type,
    x: angstrom(pick.x + offset[0]),
    y: angstrom(pick.y + offset[1]),
    z: angstrom(pick.z + offset[2]),
  }));
  const path = await writePicks(folder, run, type, picks, { userId: ownUserId, sessionId: session });
  const isStarred = star !== undefined && picks.length > 0;
  if (star !== undefined && !isStarred) await rm(starPath(star, run, type), { force: true });
  if (isStarred) await writeStarPicks(starPath(star, run, type), run, picks, volume.spacing, found.columns);
  return {
    ...{ run, type, settings, steps: found.steps, threshold: found.threshold, path },
    ...(found.filaments ? { filaments: found.filaments } : {}),
    ...(isStarred ? { star: starPath(star, run, type) } : {}),
    ...(scale ? { scale } : {}),
    ...(greatest > mostProbable ? { beyond: greatest } : {}),
  };
}

function picked(volume: Volume, settings: PickingSettings, orienting: Orienting | undefined): ChannelPicks {
  const { picks, ...rest } = pickParticles(volume, settings, orienting);
  const size = voxelVolume(volume.spacing);
  return { picks: picks.map((pick) => ({ ...pick, size: pick.voxels * size })), ...rest };
}

/** Columns of points on filaments in Ais's STAR files. */
const filamentColumns = [
  "aisRadiusOfCurvature",
  "aisLog10RadiusOfCurvature",
  "aisFilamentID",
  "aisFilamentConnectivity",
];

function traced(volume: Volume, settings: FilamentSettings): ChannelPicks {
  const { filaments, aboveThreshold, components, short } = traceFilaments(volume, settings);
  const picks = filaments.flatMap(({ points }, i) =>
    points.map(({ direction, radius, connectivity, ...point }) => ({
      ...point,
      rotation: rotationTo(direction),
      instance: i + 1,
      extra: [radius.toFixed(3), Math.log10(radius).toFixed(6), String(i + 1), String(connectivity)],
    })),
  );
  return {
    picks,
    steps: {
      ...{ aboveThreshold, groups: components, afterVolume: components },
      afterSpacing: picks.length,
    },
    threshold: settings.threshold,
    columns: filamentColumns,
    filaments: {
      ...{ count: filaments.length, short },
      length: filaments.reduce((sum, { length }) => sum + length, 0),
    },
  };
}
