/**
 * Soups: one network whose weights are the mean of several (Wortsman et al. 2022, "Model soups", ICML). Also the parts
 * of an unfinished ensemble on disk.
 */

import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { AnyNetwork, PredictNetwork } from "../../infer/predict/predictor.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashOf, writeWhole } from "../../system/files.js";
import { withLock } from "../../system/lock.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { makeFolder, removeEmpty } from "../run/runFolder.js";

/** A checkpoint with its path. */
interface Ingredient {
  readonly path: string;
  readonly checkpoint: Pick<Checkpoint, "networks">;
}

/**
 * Checks that weights can be averaged. @throws PickbenchError BadCheckpoint where networks differ or were trained
 * elsewhere
 */
export function checkSameNetworks(ingredients: readonly Ingredient[]): void {
  const [first] = ingredients;
  for (const { path, checkpoint } of ingredients) {
    const external = checkpoint.networks.find((network) => "external" in network);
    if (external)
      throw new PickbenchError(
        "BadCheckpoint",
        `${path}: its network was trained elsewhere, and weights are averaged of our own alone; average probabilities instead`,
        { path },
      );
    const [got, wanted] = [checkpoint, first!.checkpoint].map(described);
    if (got !== wanted)
      throw new PickbenchError(
        "BadCheckpoint",
        `${path}: its networks (${got}) are not those of ${first!.path} (${wanted}), and only weights of the same network have a mean; average probabilities instead`,
        { path },
      );
  }
}

const described = ({ networks }: Pick<Checkpoint, "networks">): string =>
  networks
    .map((given) => {
      const { network, activation, channels, radii, share } = given as PredictNetwork;
      const { architecture, ...rest } = network;
      return `${architecture} ${canonicalJson({ ...rest, activation, channels, radii, share })}`;
    })
    .join(" + ");

/** Averages each tensor over checkpoints of the same networks, summed in 64 bits. */
export function soupOf(checkpoints: readonly Pick<Checkpoint, "networks">[]): AnyNetwork[] {
  return checkpoints[0]!.networks.map((network, at) => {
    const all = checkpoints.map(({ networks }) => networks[at] as PredictNetwork);
    const first = network as PredictNetwork;
    const weights = new Map(
      [...first.weights].map(([name, { length }]) => {
        const tensors = all.map((each) => each.weights.get(name)!);
        const mean = (i: number): number =>
          tensors.reduce((sum, tensor) => sum + tensor[i]!, 0) / tensors.length;
        return [name, Float32Array.from({ length }, (_, i) => mean(i))];
      }),
    );
    return { ...first, weights };
  });
}

/**
 * Results of an ensemble in the making, in a folder beside its file: scores, and members' maps of the tune runs. Each
 * is named by a hash of everything that it depends on, so that a stopped command continues where it was, and a changed
 * one starts anew.
 */
export interface EnsembleParts {
  /** Returns the score of a key, found only once. */
  score(key: unknown, find: () => Promise<number>): Promise<number>;
  /** Returns the folder for the maps of a key. */
  mapsFolder(key: unknown): string;
  remove(): Promise<void>;
}

const scoreSchema = z.strictObject({ score: z.number().nonnegative() });

/**
 * Reserves an ensemble's parts for this process while `work` runs. @throws PickbenchError BadUsage where another
 * process makes that file
 */
export async function withEnsembleParts<T>(
  out: string,
  work: (parts: EnsembleParts) => Promise<T>,
): Promise<T> {
  const folder = `${out}.parts`;
  const made = await makeFolder(folder);
  const place = (key: unknown): string => join(folder, hashOf(canonicalJson(key)).slice(0, 32));
  const parts: EnsembleParts = {
    mapsFolder: (key) => `${place(key)}.maps`,
    async score(key, find) {
      const path = `${place(key)}.json`;
      const known = await readScore(path);
      if (known !== undefined) return known;
      const score = await find();
      await writeWhole(path, JSON.stringify({ score }));
      return score;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  try {
    return await withLock(join(folder, "ensemble.lock"), out, () => work(parts));
  } finally {
    await removeEmpty(folder, made ?? folder);
  }
}

async function readScore(path: string): Promise<number | undefined> {
  try {
    return scoreSchema.parse(JSON.parse(await readFile(path, "utf8"))).score;
  } catch {
    return undefined;
  }
}
