// Planes of volumes from the server, kept up to a bound; of what is wanted in a hurry, the last is loaded.
import { LastUsed } from "../../../studio/lastUsed.js";
import { planeOfBricks } from "../../../studio/volumes/stillBricks.js";
import { getBytes, isStill, named } from "../api.js";
import { type Axis, axisAt, type VolumeInfo } from "./stage.js";

/** Voxels of a plane, in 16 bits over the volume's range. */
export interface LoadedPlane {
  readonly rows: number;
  readonly columns: number;
  readonly words: Uint16Array;
}

/** Bytes of planes that are kept for each volume and axis. */
const mostBytes = 24 * 2 ** 20;

/** Which plane of a level. */
export interface PlaneWanted {
  readonly level: number;
  readonly index: number;
}

/** Planes that are on their way at once: one that is looked at, and those that come next. */
const atOnce = 3;

/** Loads planes of one volume across one axis, a few at a time: of those asked for meanwhile the last alone are loaded. */
export class PlaneLoader {
  readonly #info: VolumeInfo;
  readonly #axis: Axis;
  readonly #kept = new LastUsed<LoadedPlane>(mostBytes);
  readonly #bricks = new LastUsed<Uint8Array>(mostBytes);
  readonly #onChange: () => void;
  readonly #onFailure: (error: unknown, wanted: PlaneWanted) => void;
  readonly #end = new AbortController();
  #wanted: PlaneWanted[] = [];
  readonly #loading = new Set<string>();

  /** @param onChange called when a plane has come @param onFailure called where one could not be loaded */
  constructor(
    info: VolumeInfo,
    axis: Axis,
    onChange: () => void,
    onFailure: (error: unknown, wanted: PlaneWanted) => void,
  ) {
    this.#info = info;
    this.#axis = axis;
    this.#onChange = onChange;
    this.#onFailure = onFailure;
  }

  get(wanted: PlaneWanted): LoadedPlane | undefined {
    return this.#kept.get(keyOf(wanted));
  }

  /** Says which planes are wanted, the most urgent first, in place of those that were wanted before. */
  want(wanted: readonly PlaneWanted[]): void {
    this.#wanted = wanted.filter((each) => this.get(each) === undefined);
    this.#load();
  }

  close(): void {
    this.#end.abort();
  }

  #load(): void {
    while (this.#loading.size < atOnce) {
      const next = this.#wanted.shift();
      if (next === undefined) return;
      const key = keyOf(next);
      if (this.#loading.has(key)) continue;
      this.#loading.add(key);
      void this.#loadOne(next).finally(() => {
        this.#loading.delete(key);
        this.#load();
      });
    }
  }

  async #loadOne(next: PlaneWanted): Promise<void> {
    try {
      const plane = await this.#read(next);
      this.#kept.set(keyOf(next), plane, plane.words.byteLength);
      this.#onChange();
    } catch (error) {
      if (!this.#end.signal.aborted) this.#onFailure(error, next);
    }
  }

  async #read({ level, index }: PlaneWanted): Promise<LoadedPlane> {
    const volume = `api/volumes/${named(this.#info.id)}`;
    if (isStill) return this.#readStill(volume, level, index);
    const { data, numbers } = await getBytes(
      `${volume}/slice/${level}/${this.#axis}/${index}`,
      this.#end.signal,
    );
    const [rows = 0, columns = 0] = numbers("X-Shape");
    return { rows, columns, words: new Uint16Array(data) };
  }

  #readStill(volume: string, level: number, index: number): Promise<LoadedPlane> {
    const { shape } = this.#info.levels[level]!;
    return planeOfBricks(shape, axisAt[this.#axis], index, async (at) => {
      const path = `${volume}/brick/${level}/${at.join("/")}`;
      const kept = this.#bricks.get(path);
      if (kept) return kept;
      const { data } = await getBytes(path, this.#end.signal);
      const brick = new Uint8Array(data);
      this.#bricks.set(path, brick, brick.length);
      return brick;
    });
  }
}

const keyOf = ({ level, index }: PlaneWanted): string => `${level} ${index}`;

/**
 * Chooses the level to show: the coarsest whose voxels are no larger than a pixel and a half, or else the finest.
 *
 * @param zoom pixels an Å
 */
export function levelFor({ levels }: VolumeInfo, zoom: number): number {
  for (let level = levels.length - 1; level > 0; level--)
    if (Math.max(...levels[level]!.spacing) * zoom <= 1.5) return level;
  return 0;
}
