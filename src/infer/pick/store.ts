/** Picking from stores of probabilities: planning by type and run, and writing of picks. */
import { writePicks } from "../../data/picks.js";
import { angstrom } from "../../domain/units.js";
import { ownUserId } from "../../formats/copickPicks.js";
import { PickbenchError } from "../../system/errors.js";
import { openProbabilities } from "../predict/probabilityStores.js";
import { type MapChannel, type MapScale, readScaled } from "./mapScales.js";
import { type PickingSettings, type PickingSteps, pickParticles } from "./picking.js";

/** Outcome of picking one type in one run. */
export interface PickedType {
  readonly run: string;
  readonly type: string;
  readonly settings: PickingSettings;
  readonly steps: PickingSteps;
  /** The threshold that was used, which a density may have moved from the settings'. */
  readonly threshold: number;
  /** Path of the written copick file. */
  readonly path: string;
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

/** Where picks are written, and how they are shifted. */
export interface PickPlace {
  readonly folder: string;
  /** Session of copick in the file's name. */
  readonly session: string;
  /** Offset in Å along x, y, z that is added to every position. */
  readonly offset?: readonly [x: number, y: number, z: number] | undefined;
}

/** Greatest value that rounding leaves of a probability. */
const mostProbable = 1.001;

/** Reads a channel, picks it and writes DIR/ExperimentRuns/RUN/Picks/USER_SESSION_TYPE.json, with scores. */
export async function pickChannel(
  { store, run, type, channel, scale }: PickTask,
  settings: PickingSettings,
  { folder, session, offset = [0, 0, 0] }: PickPlace,
): Promise<PickedType> {
  const volume = await readScaled(store, channel, scale);
  const greatest = volume.data.reduce((most, value) => (value > most ? value : most), 0);
  const { picks, steps, threshold } = pickParticles(volume, settings);
  const path = await writePicks(
    folder,
    run,
    type,
    picks.map(({ x, y, z, score }) => ({
      type,
      x: angstrom(x + offset[0]),
      y: angstrom(y + offset[1]),
      z: angstrom(z + offset[2]),
      score,
    })),
    { userId: ownUserId, sessionId: session },
  );
  return {
    ...{ run, type, settings, steps, threshold, path },
    ...(scale ? { scale } : {}),
    ...(greatest > mostProbable ? { beyond: greatest } : {}),
  };
}
