/** Picking from stores of probabilities: planning by type and run, and writing of picks. */
import { writePicks } from "../../data/picks.js";
import { angstrom } from "../../domain/units.js";
import { ownUserId } from "../../formats/copickPicks.js";
import { PickbenchError } from "../../system/errors.js";
import { openProbabilities } from "../predict/probabilityStores.js";
import { type PickingSettings, type PickingSteps, pickParticles } from "./picking.js";

/** Outcome of picking one type in one run. */
export interface PickedType {
  readonly run: string;
  readonly type: string;
  readonly settings: PickingSettings;
  readonly steps: PickingSteps;
  /** Path of the written copick file. */
  readonly path: string;
}

/** One channel of one store of probabilities, with its run and type. */
export interface PickTask {
  readonly store: string;
  readonly run: string;
  readonly type: string;
  readonly channel: number;
}

/**
 * Plans what to pick: the asked types of every store or, if none are asked, all its named channels but the background. A
 * store without named channels holds the one type asked.
 *
 * @throws PickbenchError BadDataset where a store lacks a type, BadUsage where the type of a store without named channels
 * is not asked, or two stores hold one type of one run
 */
export async function planPicking(stores: readonly string[], asked: readonly string[]): Promise<PickTask[]> {
  const seen = new Map<string, string>();
  const tasks: PickTask[] = [];
  for (const store of stores) {
    const { run, channels, isOneType } = await openProbabilities(store);
    if (isOneType && asked.length > 0 && channels && !asked.includes(channels[0]!)) continue;
    for (const { type, channel } of channelsOf(store, channels, isOneType ? [] : asked)) {
      const other = seen.get(`${run}/${type}`);
      if (other !== undefined)
        throw new PickbenchError(
          "BadUsage",
          `${store} and ${other} are both of run ${run}; their picks of ${type} would overwrite each other: pick them into two folders`,
        );
      seen.set(`${run}/${type}`, store);
      tasks.push({ store, run, type, channel });
    }
  }
  const [type] = asked;
  if (tasks.length > 0 || type === undefined) return tasks;
  throw new PickbenchError(
    "BadDataset",
    `${stores.join(", ")}: none of ${asked.join(", ")}; choose others with --type`,
  );
}

const background = "background";

function channelsOf(
  store: string,
  channels: readonly string[] | undefined,
  asked: readonly string[],
): { type: string; channel: number }[] {
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

/** Reads a channel, picks it and writes DIR/ExperimentRuns/RUN/Picks/USER_SESSION_TYPE.json, with scores. */
export async function pickChannel(
  { store, run, type, channel }: PickTask,
  settings: PickingSettings,
  { folder, session, offset = [0, 0, 0] }: PickPlace,
): Promise<PickedType> {
  const { read } = await openProbabilities(store);
  const { picks, steps } = pickParticles(await read(channel), settings);
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
  return { run, type, settings, steps, path };
}
