/** Planes and blocks of a volume, as they are sent to the page. */

import { isMirrored } from "../../data/remote/mirror.js";
import type { Box, Shape3, Spacing3 } from "../../domain/volume.js";
import { voxelCount } from "../../domain/volume.js";
import { boxOfChunk } from "../../formats/zarr/chunkGrid.js";
import { PickbenchError } from "../../system/errors.js";
import { LastUsed } from "../lastUsed.js";
import { type Block, blockEnds, blockOf, mostBlock } from "./block.js";
import { BrickCache, boxOfBricks } from "./bricks.js";
import type { OpenVolume, VolumePlace } from "./place.js";
import { bytesOfWords, type Shades, shadesOf } from "./shades.js";
import { stampOf } from "./stamp.js";
import { type BrickPlace, brickPlaces, brickShape } from "./stillBricks.js";

export type Axis = "z" | "y" | "x";
const axes: readonly Axis[] = ["z", "y", "x"];

/** What the page has to know of a volume. */
export interface VolumeInfo extends Shades {
  readonly id: string;
  readonly run: string;
  readonly name: string;
  readonly kind: VolumePlace["kind"];
  readonly levels: readonly { readonly shape: Shape3; readonly spacing: Spacing3 }[];
}

/** A plane of voxels. */
export interface Plane {
  /** Rows and columns: y and x of a plane across z, z and x across y, z and y across x. */
  readonly size: readonly [rows: number, columns: number];
  readonly words: Uint16Array;
}

interface Ready {
  readonly volume: OpenVolume;
  readonly shades: Shades;
  /** Name of its bricks: another one for each state of the file. */
  readonly key: string;
}

/** A volume as its file was when it was opened. */
interface Opening {
  readonly stamp: string;
  readonly ready: Promise<Ready>;
}

/** Voxels along its longest side that a level has at least which fills a view at first. */
const leastSeen = 300;
/** Open volumes that are kept. */
const mostOpen = 200;

/** The volumes of a studio. */
export class Volumes {
  readonly places: readonly VolumePlace[];
  readonly #places: ReadonlyMap<string, VolumePlace>;
  readonly #open = new LastUsed<Opening>(mostOpen);
  /** Grids of volumes that the page was told. */
  readonly #told = new Map<string, string>();
  readonly #bricks = new BrickCache();

  constructor(places: readonly VolumePlace[]) {
    this.places = places;
    this.#places = new Map(places.map((place) => [place.id, place]));
  }

  /** Returns the place of a volume. @throws BadUsage where there is none of this id */
  place(id: string): VolumePlace {
    const place = this.#places.get(id);
    if (place) return place;
    throw new PickbenchError("BadUsage", `there is no volume ${id} here; load the page anew`);
  }

  /** Opens and reads what a page shows first, while the browser starts. What fails is said when the page asks for it. */
  async openFirst(): Promise<void> {
    const first = this.places.find(({ isShown }) => isShown);
    if (first === undefined || isMirrored(first.path)) return;
    const { id } = first;
    const { levels } = await this.info(id);
    const level = levels.findLastIndex(({ shape }) => Math.max(...shape) >= leastSeen);
    const [depth] = levels[Math.max(0, level)]!.shape;
    await this.plane(id, Math.max(0, level), "z", depth >> 1);
  }

  ids(): string[] {
    return this.places.map(({ id }) => id);
  }

  async info(id: string): Promise<VolumeInfo> {
    const { run, name, kind } = this.place(id);
    const { volume, shades } = await this.#ready(id);
    const levels = volume.levels.map(({ shape, spacing }) => ({ shape, spacing }));
    this.#told.set(id, gridsText(volume));
    return { id, run, name, kind, levels, ...shades };
  }

  /** @param axis that the plane lies across @param index of the plane along it */
  async plane(id: string, level: number, axis: Axis, index: number): Promise<Plane> {
    const { volume, shades, key } = await this.#known(id);
    const { shape } = gridOf(volume, level, id);
    const across = axes.indexOf(axis) as 0 | 1 | 2;
    checkIndex(index, shape[across]!, `${id} has no plane ${index} across ${axis}`);
    const box: Box = {
      start: [0, 1, 2].map((at) => (at === across ? index : 0)) as unknown as Shape3,
      end: shape.map((size, at) => (at === across ? index + 1 : size)) as unknown as Shape3,
    };
    const [down, right] = [0, 1, 2].filter((at) => at !== across) as [number, number];
    const size = [shape[down]!, shape[right]!] as const;
    const words = new Uint16Array(size[0] * size[1]);
    for (const brick of await this.#bricks.bricks(key, volume, level, shades.range, box, across))
      copyPlane(words, size[1], brick.words, brick.box, [across, down, right], index);
    return { size, words };
  }

  /** Reads the value of a voxel of the finest level. */
  async value(id: string, at: Shape3): Promise<number> {
    const { volume } = await this.#known(id);
    const { shape } = volume.levels[0]!;
    for (const [axis, index] of at.entries())
      checkIndex(index, shape[axis]!, `${id} has no voxel ${at.join(", ")}`);
    const end = at.map((index) => index + 1) as unknown as Shape3;
    return (await volume.read(0, { start: at, end }))[0]!;
  }

  /** Reads the finest level of at most 10⁷ voxels; where none is as small, means over cubes of the coarsest. */
  async block(id: string): Promise<Block> {
    const { volume, shades } = await this.#known(id);
    const level = volume.levels.findIndex(({ shape }) => voxelCount(shape) <= mostBlock);
    const from = level < 0 ? volume.levels.length - 1 : level;
    return blockOf(volume, from, blockEnds(shades.contrast, this.place(id).kind), this.place(id).kind);
  }

  /** Lists the bricks of all levels of a volume. */
  async brickList(id: string): Promise<BrickPlace[]> {
    const { volume } = await this.#ready(id);
    return volume.levels.flatMap(({ shape }, level) => brickPlaces(shape).map((at) => ({ level, at })));
  }

  /** Reads a brick in bytes over `byteRange`. @throws BadUsage where there is none */
  async brick(id: string, { level, at }: BrickPlace): Promise<Uint8Array> {
    const { volume, shades, key } = await this.#known(id);
    const { shape } = gridOf(volume, level, id);
    for (const [axis, index] of at.entries())
      checkIndex(index, Math.ceil(shape[axis]! / brickShape[axis]!), `${id} has no brick ${at.join(", ")}`);
    const box = boxOfChunk(at, brickShape, shape);
    const chunks = await this.#bricks.bricks(key, volume, level, shades.range, box, 0);
    return bytesOfWords(boxOfBricks(chunks, box), shades, this.place(id).kind === "labels");
  }

  /** Opens a volume whose planes the page knows. @throws BadUsage where its file has other grids than the page was told */
  async #known(id: string): Promise<Ready> {
    const ready = await this.#ready(id);
    const told = this.#told.get(id);
    if (told === undefined || told === gridsText(ready.volume)) return ready;
    const { run, name } = this.place(id);
    throw new PickbenchError(
      "BadUsage",
      `${name} of ${run} was replaced by a volume of another size; load the page anew`,
    );
  }

  /** Opens a volume, again where its file was replaced; one of the same grids keeps the shades that the page knows. */
  async #ready(id: string): Promise<Ready> {
    const place = this.place(id);
    const stamp = await stampOf(place);
    const known = this.#open.get(id);
    if (known?.stamp === stamp) return known.ready;
    const earlier = known?.ready.catch(() => undefined);
    const ready = place.open().then(async (volume): Promise<Ready> => {
      const before = await earlier;
      const isAlike = before !== undefined && gridsText(before.volume) === gridsText(volume);
      const shades = isAlike ? before.shades : await shadesOf(volume, place.kind);
      return { volume, shades, key: `${id} ${stamp}` };
    });
    this.#open.set(id, { stamp, ready }, 1);
    ready.catch(() => this.#open.delete(id));
    return ready;
  }
}

const gridsText = ({ levels }: OpenVolume): string =>
  JSON.stringify(levels.map(({ shape, spacing }) => [shape, spacing]));

function gridOf(volume: OpenVolume, level: number, id: string): OpenVolume["levels"][number] {
  const grid = volume.levels[level];
  if (grid) return grid;
  throw new PickbenchError(
    "BadUsage",
    `${id} has ${volume.levels.length} levels, and none of number ${level}`,
  );
}

function checkIndex(index: number, size: number, what: string): void {
  if (Number.isInteger(index) && index >= 0 && index < size) return;
  throw new PickbenchError("BadUsage", `${what}; wanted 0 to ${size - 1}`);
}

function copyPlane(
  words: Uint16Array,
  width: number,
  brick: Uint16Array,
  { start, end }: Box,
  [across, down, right]: readonly [number, number, number],
  index: number,
): void {
  const sizes = [0, 1, 2].map((axis) => end[axis]! - start[axis]!);
  const strides = [sizes[1]! * sizes[2]!, sizes[2]!, 1];
  const origin = (index - start[across]!) * strides[across]!;
  for (let row = 0; row < sizes[down]!; row++) {
    let from = origin + row * strides[down]!;
    let to = (start[down]! + row) * width + start[right]!;
    for (let column = 0; column < sizes[right]!; column++, from += strides[right]!)
      words[to++] = brick[from]!;
  }
}
