/**
 * Maps of features by run. Names alone tell which store is of which run, so that only stores that have changed are opened.
 * How integers become probabilities is judged once a kind of map, from some of them, and remembered.
 */
import * as z from "zod";
import type { FeatureMap } from "../infer/maps/featureMaps.js";
import { type MapScale, withScales } from "../infer/pick/mapScales.js";
import { planPicking, type TypeLabels } from "../infer/pick/store.js";
import { findStores, openProbabilities, runOfStore } from "../infer/predict/probabilityStores.js";
import { writeWhole } from "../system/files.js";
import type { Reporter } from "../system/reporter.js";
import { readNoted } from "../system/schema/noted.js";
import { placesIn } from "./places.js";

/** Paths of stores by run. */
export type StoresByRun = ReadonlyMap<string, readonly string[]>;

/** Finds the stores at paths, by run. @throws PickbenchError BadDataset where a path has none */
export async function storesByRun(paths: readonly string[]): Promise<StoresByRun> {
  const byRun = new Map<string, string[]>();
  for (const store of paths.length === 0 ? [] : await findStores(paths)) {
    const run = runOfStore(store);
    const stores = byRun.get(run);
    if (stores) stores.push(store);
    else byRun.set(run, [store]);
  }
  return byRun;
}

/** A map whose scale is known, with the type of its stored voxels. */
export interface ScaledMap extends FeatureMap {
  readonly voxelType: string;
}

/** Maps of one kind from which their scale is judged. */
const judged = 8;

const knownSchema = z.record(
  z.string(),
  z.strictObject({ divisor: z.number(), isUnsigned: z.boolean().exactOptional() }),
);

/** Opens maps and brings them to scale. */
export class MapOpener {
  readonly #path: string;
  readonly #stores: StoresByRun;
  readonly #asked: number | undefined;
  readonly #labels: TypeLabels | undefined;
  readonly #reporter: Reporter;
  readonly #known = new Map<string, Promise<MapScale>>();

  /** @param asked value that stands for p = 1, of all maps; where undefined, it follows from type and range */
  constructor(
    folder: string,
    stores: StoresByRun,
    asked: number | undefined,
    labels: TypeLabels | undefined,
    reporter: Reporter,
  ) {
    this.#path = placesIn(folder).scales;
    this.#stores = stores;
    this.#asked = asked;
    this.#labels = labels;
    this.#reporter = reporter;
  }

  /** Remembers what earlier builds judged; what cannot be read is judged again. */
  async begin(): Promise<void> {
    if (this.#asked !== undefined) return;
    const known = await readNoted(this.#path, knownSchema);
    for (const [kind, scale] of Object.entries(known ?? {})) this.#known.set(kind, Promise.resolve(scale));
  }

  async finish(): Promise<void> {
    if (this.#asked !== undefined || this.#known.size === 0) return;
    const known: Record<string, MapScale> = {};
    for (const [kind, scale] of [...this.#known].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const found = await scale.catch(() => undefined);
      if (found) known[kind] = found;
    }
    await writeWhole(this.#path, `${JSON.stringify(known, null, 2)}\n`);
  }

  /** Opens the maps of a store. @throws PickbenchError as `findFeatureMaps` */
  async open(store: string): Promise<ScaledMap[]> {
    const { voxelType, isWhole } = await openProbabilities(store);
    const maps = await planPicking([store], [], this.#labels);
    const scaled: ScaledMap[] = [];
    for (const map of maps) {
      if (map.scale !== undefined || (!isWhole && this.#asked === undefined))
        scaled.push({ ...map, voxelType });
      else if (this.#asked !== undefined)
        scaled.push({ ...(await withScales([map], this.#asked, this.#reporter))[0]!, voxelType });
      else scaled.push({ ...map, voxelType, scale: await this.#scaleOf(map, voxelType) });
    }
    return scaled;
  }

  #scaleOf(map: FeatureMap, voxelType: string): Promise<MapScale> {
    const kind = `${voxelType} ${map.store.endsWith(".zarr") ? "zarr" : "mrc"} ${map.type}`;
    const found = this.#known.get(kind) ?? this.#judge(map, voxelType);
    this.#known.set(kind, found);
    return found;
  }

  async #judge(map: FeatureMap, voxelType: string): Promise<MapScale> {
    const own = `_${map.type}.zarr`;
    const ofZarr = map.store.endsWith(own) ? own : ".zarr";
    const ending = map.store.endsWith(".zarr") ? ofZarr : `__${map.type}.`;
    const alike = [...this.#stores.values()]
      .flat()
      .filter((store) => store.includes(ending) && store !== map.store);
    const step = Math.max(1, Math.floor(alike.length / (judged - 1)));
    const maps = [map];
    for (let at = 0; at < alike.length && maps.length < judged; at += step) {
      const store = alike[at]!;
      if ((await openProbabilities(store)).voxelType !== voxelType) continue;
      maps.push(...(await planPicking([store], [], this.#labels)).filter(({ type }) => type === map.type));
    }
    return (await withScales(maps, undefined, this.#reporter))[0]!.scale!;
  }
}
