/** What is on the screen, for other programs: files to download, and for Neuroglancer what its page reads from here. */
import { randomBytes } from "node:crypto";
import { realpath } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Dataset, TomogramRef } from "../../data/model.js";
import { ensureLocal } from "../../data/remote/mirror.js";
import type { ParticlePick } from "../../domain/particles.js";
import { bytes, nothing, type Reply } from "../../serve/message.js";
import { fileWithin } from "../../serve/servedFiles.js";
import { PickbenchError } from "../../system/errors.js";
import { contrastRange } from "../../viewers/contrast.js";
import { pointFiles } from "../../viewers/neuroglancer.js";
import { layersOf, type PickerLayer, pickerName, type Scene } from "../../viewers/scene.js";
import { sceneVolume } from "../../viewers/sceneVolume.js";
import { servedNames, type Viewer, viewerFiles } from "../../viewers/viewerFiles.js";
import { LastUsed } from "../lastUsed.js";
import { pickAt } from "../picks/columns.js";
import type { PickSets } from "../picks/sets.js";

/** What is on the screen. */
export interface SceneAsked {
  readonly run: string;
  /** The tomogram's place. */
  readonly tomogram: TomogramRef;
  /** Sets of picks by id; of each type those of at least the threshold. */
  readonly sets: readonly { readonly id: string; readonly thresholds: Readonly<Record<string, number>> }[];
  readonly viewer: Viewer;
}

/** A scene for a program. */
export interface SceneFiles {
  readonly files: readonly { readonly name: string; readonly base64: string }[];
  /** What to type or to do. */
  readonly how: string;
  readonly notes: readonly string[];
  readonly link?: string;
}

interface ServedScene {
  readonly store: string | undefined;
  readonly points: ReadonlyMap<string, Uint8Array>;
}

/** Scenes that can still be read by Neuroglancer. */
const mostServed = 20;

/** Makes scenes, and serves those that were made for Neuroglancer. */
export class Scenes {
  readonly #dataset: Dataset;
  readonly #sets: PickSets;
  readonly #here: { readonly url: string };
  readonly #served = new LastUsed<ServedScene>(mostServed);

  /** @param here address of the server, once it is known */
  constructor(dataset: Dataset, sets: PickSets, here: { readonly url: string }) {
    this.#dataset = dataset;
    this.#sets = sets;
    this.#here = here;
  }

  /** @throws PickbenchError as reading picks and tomograms does */
  async make(asked: SceneAsked): Promise<SceneFiles> {
    const scene = await this.#sceneOf(asked);
    const { path } = scene.volume;
    const folders = [...this.#dataset.roots, dirname(path)];
    const server = asked.viewer === "neuroglancer" ? await this.#serve(scene) : undefined;
    const made = viewerFiles(asked.viewer, scene, { folders, url: undefined, server });
    return {
      files: [...made.files].map(([name, content]) => ({
        name,
        base64: Buffer.from(content).toString("base64"),
      })),
      how: made.how((name) => name),
      notes: made.notes,
      ...(made.link !== undefined && { link: made.link }),
    };
  }

  /** Answers what Neuroglancer reads of a scene. */
  async answer([id, ...below]: readonly string[]): Promise<Reply> {
    const scene = this.#served.get(id ?? "");
    if (scene === undefined) return nothing;
    const [name, ...inside] = below;
    if (name === servedNames.store && scene.store !== undefined && inside.length > 0)
      return fileWithin(scene.store, inside);
    const points = name === servedNames.points ? scene.points.get(inside.join("/")) : undefined;
    return points ? bytes(points) : nothing;
  }

  async #sceneOf({ run, tomogram, sets }: SceneAsked): Promise<Scene> {
    const { access, particles } = this.#dataset;
    const truth: ParticlePick[] = [];
    const pickers: PickerLayer[] = [];
    for (const { id, thresholds } of sets) {
      const { name, isTruth } = await this.#sets.nameOf(id);
      const columns = await this.#sets.read(id, run);
      const all = Array.from({ length: columns.type.length }, (_, at) => pickAt(columns, at));
      const shown = all.filter(({ type, score = Number.POSITIVE_INFINITY }) => {
        const least = thresholds[type];
        return least === undefined || score >= least;
      });
      if (isTruth) truth.push(...shown);
      else pickers.push({ name: pickerName(name, pickers), picks: shown });
    }
    const volume = {
      ...(await sceneVolume(tomogram, access)),
      contrast: await contrastRange(tomogram, access),
    };
    return { run, volume, layers: layersOf(particles, truth, pickers) };
  }

  /** Has a scene served, and returns its address. */
  async #serve(scene: Scene): Promise<string> {
    const { kind, path } = scene.volume;
    if (kind === "zarr") await ensureLocal(path, this.#dataset.access);
    const id = randomBytes(8).toString("hex");
    const store = kind === "zarr" ? await realpath(path) : undefined;
    this.#served.set(id, { store, points: pointFiles(scene) }, 1);
    return `${this.#here.url}/${scenesName}/${id}`;
  }
}

/** First name of the paths that Neuroglancer may read. */
export const scenesName = "scenes";

/** Returns the tomogram of a path in a run. @throws BadUsage where there is none */
export function tomogramAt(dataset: Dataset, run: string, path: string): TomogramRef {
  const found = dataset.runs
    .find(({ name }) => name === run)
    ?.tomograms.find((tomogram) => tomogram.path === path);
  if (found) return found;
  throw new PickbenchError("BadUsage", `${run} has no tomogram ${basename(path)} here; load the page anew`);
}
