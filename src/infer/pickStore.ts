import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { openOmeZarr, openTomogram } from "../data/omeZarr.js";
import { ownUserId, writePicks } from "../data/picks.js";
import { PickbenchError } from "../errors.js";
import { angstrom } from "../units.js";
import { type PickingSettings, type PickingSteps, pickParticles } from "./picking.js";

/** One type picked in one run. */
export interface PickedType {
  readonly run: string;
  readonly type: string;
  readonly settings: PickingSettings;
  readonly steps: PickingSteps;
  /** The copick file that was written. */
  readonly path: string;
}

/** One channel of one OME-Zarr folder, and the run it is of. */
export interface PickTask {
  readonly store: string;
  readonly run: string;
  readonly type: string;
  readonly channel: number;
}

/**
 * The OME-Zarr folders that paths lead to: a path that is one, or those named `<run>.zarr` in a folder, by name.
 *
 * @throws BadDataset where there is none
 */
export async function findStores(paths: readonly string[]): Promise<string[]> {
  return (await Promise.all(paths.map(storesAt))).flat();
}

async function storesAt(path: string): Promise<string[]> {
  const names = await readdir(path).catch((cause: unknown) => {
    throw new PickbenchError(
      "BadDataset",
      `${path}: no such folder; wanted an OME-Zarr folder of probabilities`,
      {
        path,
        cause,
      },
    );
  });
  if (names.includes(".zattrs") || names.includes("zarr.json")) return [path];
  const stores = names.filter((name) => name.endsWith(".zarr") && !name.startsWith(".")).sort();
  if (stores.length === 0)
    throw new PickbenchError(
      "BadDataset",
      `${path}: neither an OME-Zarr folder nor a folder with RUN.zarr in it; write one with pickbench predict`,
      { path },
    );
  return stores.map((name) => join(path, name));
}

/**
 * What to pick: the asked types of every store, all its named channels but the background if none are asked. A store
 * without named channels is of the one type asked.
 *
 * @throws BadDataset where a store lacks a type, BadUsage where a lone volume's type is not asked or two stores are of
 *   one run
 */
export async function planPicking(stores: readonly string[], asked: readonly string[]): Promise<PickTask[]> {
  const seen = new Map<string, string>();
  const tasks: PickTask[] = [];
  for (const store of stores) {
    const { run, channels } = await openOmeZarr(store);
    const other = seen.get(run);
    if (other !== undefined)
      throw new PickbenchError(
        "BadUsage",
        `${store} and ${other} are both of run ${run}; their picks would overwrite each other: pick them into two folders`,
      );
    seen.set(run, store);
    for (const { type, channel } of channelsOf(store, channels, asked))
      tasks.push({ store, run, type, channel });
  }
  return tasks;
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

/** Where picks go. */
export interface PickPlace {
  readonly folder: string;
  /** The copick session in the file's name. */
  readonly session: string;
  /** Å along x, y, z added to every position. */
  readonly offset?: readonly [x: number, y: number, z: number] | undefined;
}

/** Reads a channel, picks it and writes DIR/ExperimentRuns/RUN/Picks/USER_SESSION_TYPE.json, scores kept. */
export async function pickChannel(
  { store, run, type, channel }: PickTask,
  settings: PickingSettings,
  { folder, session, offset = [0, 0, 0] }: PickPlace,
): Promise<PickedType> {
  const reader = await openTomogram(await openOmeZarr(store));
  const { picks, steps } = pickParticles(await reader.readAll(channel), settings);
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
