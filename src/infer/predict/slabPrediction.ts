/** Prediction of one volume, row by row of tiles, passed on as slabs of finished planes. */
import type { Shape3, Volume } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { type Averaged, type Averaging, LogitPool, totalShares } from "./averaging.js";
import { imageOf, inverse, planeReading, type Symmetry } from "./testTime.js";
import { blendWeights, readTile, type TileGrid, tileCount, tileShape } from "./tiles.js";

/** Consecutive z planes of every type's probabilities, whose values are k/65535 with k = 0 … 65535. */
export interface PredictedSlab {
  readonly zStart: number;
  readonly shape: Shape3;
  /** Probabilities (z, y, x) by particle type. */
  readonly values: ReadonlyMap<string, Float32Array>;
}

/** A network as it is run on tiles. */
export interface TileNetwork extends Averaged {
  /** Volume that the network sees, by default the prediction's own. */
  readonly volume?: Volume;
  /** Runs the network on a tile (z, y, x) of the given shape; returns (z, channels, y, x). May take the tile's memory. */
  readonly run: (tile: Float32Array, shape: Shape3) => Promise<Float32Array>;
  /** Hears of an output that is not needed any more. */
  readonly onAdded?: (output: Float32Array) => void;
}

/** Volume, tiles, networks and averaging of a prediction. */
export interface SlabPredictionOptions {
  readonly volume: Volume;
  readonly grid: TileGrid;
  readonly networks: readonly TileNetwork[];
  /** Types of all networks' channels. */
  readonly types: readonly string[];
  readonly averaging: Averaging;
  readonly symmetries: readonly Symmetry[];
  /** Tiles that are run at a time, by default one. */
  readonly atOnce?: number;
  /** First plane to be predicted, where others have been by other tiles; by default 0. */
  readonly from?: number;
  /** Called with the count of finished tiles after each tile and network. */
  readonly onTile?: (done: number) => void;
}

/** One tile for one network under one symmetry. */
interface Job {
  readonly view: Volume;
  readonly network: TileNetwork;
  readonly symmetry: Symmetry;
  readonly start: Shape3;
  /** Indices of the tile in the grid. */
  readonly index: Shape3;
}

/** A tile that a network is running on, and its output to come. */
interface Pending {
  readonly job: Job;
  readonly output: Promise<Float32Array>;
}

/** Steps of a probability: values are multiples of 1/levels, which 16 bits hold. */
export const levels = 65535;
const multiples = Float32Array.from({ length: levels + 1 }, (_, k) => k / levels);

/**
 * Prediction of a volume, row by row of tiles along z. Memory holds the sums of the planes that tiles have reached, at most one
 * row's depth: a plane that no later tile reaches is rounded in its place and returned with its memory.
 */
export class SlabPrediction {
  /** Count of tiles to be run, over all networks and symmetries. */
  readonly tiles: number;
  readonly #options: SlabPredictionOptions;
  readonly #weights: readonly (readonly Float64Array[])[];
  readonly #totalShares: ReadonlyMap<string, number>;
  /** Pool of the networks' outputs of one tile, where there are several networks and logits are averaged. */
  readonly #pool: LogitPool | undefined;
  /** Sums of each type by plane, from the first tile that reaches it. */
  readonly #sums: ReadonlyMap<string, Map<number, Float32Array>>;
  /** First plane that has not been returned. */
  #z: number;
  #tilesDone: number;
  readonly #jobs: Iterator<Job, undefined>;
  /** The tiles that networks are running on, and their outputs to come, in the jobs' order. */
  readonly #pending: Pending[] = [];

  constructor(options: SlabPredictionOptions) {
    const { grid, networks, types, symmetries } = options;
    this.#options = options;
    this.#z = options.from ?? 0;
    this.tiles = tileCount(grid) * networks.length * symmetries.length;
    this.#weights = grid.map(blendWeights);
    this.#totalShares = totalShares(networks);
    if (options.averaging === "logits" && networks.length > 1) this.#pool = new LogitPool(types, networks);
    this.#tilesDone = this.#rowsBefore() * this.#tilesInRow();
    this.#sums = new Map(types.map((type) => [type, new Map()]));
    this.#jobs = this.#allJobs();
    for (let at = 0; at < (options.atOnce ?? 1); at++) this.#startNext();
  }

  /**
   * Returns the next plane, or null after the last.
   *
   * @throws PickbenchError NotFinite where a network's output is NaN or infinite
   */
  async next(): Promise<PredictedSlab | null> {
    const [depth, height, width] = this.#options.volume.shape;
    if (this.#z === depth) return null;
    while (this.#finishedUntil() <= this.#z) await this.#predictOne();
    const zStart = this.#z++;
    const values = new Map<string, Float32Array>();
    for (const [type, sums] of this.#sums) {
      values.set(type, this.#rounded(type, zStart, sums.get(zStart)!));
      sums.delete(zStart);
    }
    return { zStart, shape: [1, height, width], values };
  }

  /** First plane that has not been returned. */
  get plane(): number {
    return this.#z;
  }

  /** Counts the rows of tiles that end before the first plane. */
  #rowsBefore(): number {
    const [{ starts, size }] = this.#options.grid;
    return starts.filter((start) => start + size <= this.#z).length;
  }

  #tilesInRow(): number {
    const { networks, symmetries, grid } = this.#options;
    return (tileCount(grid) / grid[0].starts.length) * networks.length * symmetries.length;
  }

  /** Returns the end of the planes that no later tile reaches. */
  #finishedUntil(): number {
    const [{ starts, length }] = this.#options.grid;
    const rows = Math.floor(this.#tilesDone / this.#tilesInRow());
    return rows === 0 ? 0 : (starts[rows] ?? length);
  }

  /** Rounds a plane's sums in their place; blank voxels become 0: nothing is picked in them. */
  #rounded(type: string, z: number, plane: Float32Array): Float32Array {
    if (!areFinite(plane)) throw this.#notFinite(type, z, plane);
    roundInto(plane, plane);
    const { blank } = this.#options.volume;
    const first = z * plane.length;
    if (blank) for (let i = 0; i < plane.length; i++) if (blank[first + i] === 1) plane[i] = 0;
    return plane;
  }

  #notFinite(type: string, z: number, plane: Float32Array): PickbenchError {
    const width = this.#options.volume.shape[2];
    const at = plane.findIndex((value) => !Number.isFinite(value));
    const y = Math.floor(at / width);
    return new PickbenchError(
      "NotFinite",
      `the prediction of ${type} at voxel z, y, x = ${z}, ${y}, ${at % width} is ${plane[at]}; wanted a number: check the tomogram for NaN and the checkpoint's training log`,
    );
  }

  /** Yields the jobs of all tiles, symmetries and networks, row by row along z. */
  *#allJobs(): Iterator<Job, undefined> {
    const { volume, grid, networks, symmetries } = this.#options;
    const [z, y, x] = grid;
    const first = this.#rowsBefore();
    for (const [iz, startZ] of [...z.starts.entries()].slice(first))
      for (const [iy, startY] of y.starts.entries())
        for (const [ix, startX] of x.starts.entries())
          for (const symmetry of symmetries)
            for (const network of networks)
              yield {
                view: network.volume ?? volume,
                network,
                symmetry,
                start: [startZ, startY, startX],
                index: [iz, iy, ix],
              };
    return undefined;
  }

  /** Starts a network on the next tile, if there is one. */
  #startNext(): void {
    const job = this.#jobs.next().value;
    if (job === undefined) return;
    const shape = tileShape(this.#options.grid);
    const tile = readTile(job.view, job.start, shape);
    const isPlain = job.symmetry === this.#options.symmetries[0];
    const output = job.network.run(isPlain ? tile : imageOf(tile, shape[1], shape[2], job.symmetry), shape);
    // A failure is thrown when the output is awaited; until then it must not count as unhandled.
    output.catch(() => undefined);
    this.#pending.push({ job, output });
  }

  /** Awaits the output of the tile that was started first, and adds it to the sums while networks run on the next tiles. */
  async #predictOne(): Promise<void> {
    const { job, output: pending } = this.#pending.shift()!;
    const output = await pending;
    this.#startNext();
    const { share = 1, channels } = job.network;
    const images = this.#options.symmetries.length;
    if (this.#pool) this.#addPooled(this.#pool, job, output, 1 / images);
    else this.#addAll(job, output, channels, (type) => share / (this.#totalShares.get(type)! * images));
    job.network.onAdded?.(output);
    this.#tilesDone++;
    this.#options.onTile?.(this.#tilesDone);
  }

  /** Pools a network's output of a tile; adds the pooled maps to the sums after the last network. */
  #addPooled(pool: LogitPool, job: Job, output: Float32Array, share: number): void {
    const { networks, grid } = this.#options;
    const place = networks.indexOf(job.network);
    const [planes] = tileShape(grid);
    pool.add(place, output, planes);
    if (place === networks.length - 1) this.#addAll(job, pool.take(planes), pool.channels, () => share);
  }

  /** Adds each type's channel of a tile's output, transformed back and weighted, to the type's sums. */
  #addAll(
    { symmetry, start, index }: Job,
    output: Float32Array,
    channels: readonly (string | null)[],
    shareOf: (type: string) => number,
  ): void {
    const back = inverse(symmetry);
    for (const [channel, type] of channels.entries())
      if (type !== null)
        this.#add(
          output,
          { channel, outputs: channels.length },
          { type, share: shareOf(type) },
          back,
          start,
          index,
        );
  }

  /** Returns a type's sums of a plane. */
  #planeOf(type: string, z: number): Float32Array {
    const [, height, width] = this.#options.volume.shape;
    const planes = this.#sums.get(type)!;
    const plane = planes.get(z) ?? new Float32Array(height * width);
    planes.set(z, plane);
    return plane;
  }

  /** Adds a channel of a tile's output to the type's sums. */
  #add(
    output: Float32Array,
    { channel, outputs }: { readonly channel: number; readonly outputs: number },
    { type, share }: { readonly type: string; readonly share: number },
    back: Symmetry,
    start: Shape3,
    index: Shape3,
  ): void {
    const [sizeZ, sizeY, sizeX] = tileShape(this.#options.grid);
    const [depth, height, width] = this.#options.volume.shape;
    const [weightsZ, weightsY, weightsX] = this.#weights.map((axis, i) => axis[index[i]!]!) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const { first, stepY, stepX } = planeReading(back, sizeY, sizeX);
    const planes = Math.min(sizeZ, depth - start[0]);
    const rows = Math.min(sizeY, height - start[1]);
    const columns = Math.min(sizeX, width - start[2]);
    for (let z = Math.max(0, (this.#options.from ?? 0) - start[0]); z < planes; z++) {
      const plane = (z * outputs + channel) * sizeY * sizeX + first;
      const sums = this.#planeOf(type, start[0] + z);
      for (let y = 0; y < rows; y++) {
        const weight = share * weightsZ[z]! * weightsY[y]!;
        addRow(
          sums,
          (start[1] + y) * width + start[2],
          output,
          plane + y * stepY,
          stepX,
          weight,
          weightsX,
          columns,
        );
      }
    }
  }
}

/** Adds weight·weights[x]·from[first + x·step] to each of `count` sums. */
function addRow(
  sums: Float32Array,
  to: number,
  from: Float32Array,
  first: number,
  step: number,
  weight: number,
  weights: Float64Array,
  count: number,
): void {
  for (let x = 0, at = first; x < count; x++, at += step) sums[to + x]! += weight * weights[x]! * from[at]!;
}

/** Tells whether all values are finite: NaN and infinity times 0 are NaN. */
function areFinite(values: Float32Array): boolean {
  let zero = 0;
  for (let i = 0; i < values.length; i++) zero += values[i]! * 0;
  return zero === 0;
}

/** Clamps values to 0 … 1 and rounds them to the nearest multiple of 1/levels. */
export function roundInto(rounded: Float32Array, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    const clamped = Math.min(Math.max(values[i]!, 0), 1);
    rounded[i] = multiples[(clamped * levels + 0.5) | 0]!;
  }
}
