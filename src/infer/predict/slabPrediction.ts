import type { Shape3, Volume } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { type Averaged, type Averaging, LogitPool, totalShares } from "./averaging.js";
import { imageOf, inverse, planeReading, type Symmetry } from "./testTime.js";
import { blendWeights, readTile, type TileGrid, tileCount, tileShape } from "./tiles.js";

/** Consecutive z planes of every type's probabilities, each k/65535 with k = 0 … 65535. */
export interface PredictedSlab {
  readonly zStart: number;
  readonly shape: Shape3;
  /** By particle type: (z, y, x). */
  readonly values: ReadonlyMap<string, Float32Array>;
}

/** What a network does with one tile: (z, y, x) in, (z, channels, y, x) out. */
export interface TileNetwork extends Averaged {
  /** What it sees; the prediction's own volume if absent. */
  readonly volume?: Volume;
  /** May take the tile's memory. */
  readonly run: (tile: Float32Array, shape: Shape3) => Promise<Float32Array>;
}

interface SlabPredictionOptions {
  readonly volume: Volume;
  readonly grid: TileGrid;
  readonly networks: readonly TileNetwork[];
  /** Every type of the networks' channels. */
  readonly types: readonly string[];
  readonly averaging: Averaging;
  readonly symmetries: readonly Symmetry[];
  /** Called after each tile that a network has seen, of `tiles`. */
  readonly onTile?: (done: number) => void;
}

/** A tile that a network is to see. */
interface Job {
  readonly view: Volume;
  readonly network: TileNetwork;
  readonly symmetry: Symmetry;
  readonly start: Shape3;
  /** Of the tile in the grid. */
  readonly index: Shape3;
}

/** Probabilities are kept as multiples of 1/levels, which 16 bits hold. */
export const levels = 65535;
const multiples = Float32Array.from({ length: levels + 1 }, (_, k) => k / levels);
const slabDepth = 16;

/**
 * Predicts a volume row by row of tiles along z. In memory stand the sums of one row's depth, plane z in place z modulo
 * that depth: as soon as no later tile reaches a plane it is given out, and its place is another's.
 */
export class SlabPrediction {
  /** Tiles that networks will see, each network and symmetry counted. */
  readonly tiles: number;
  readonly #options: SlabPredictionOptions;
  readonly #weights: readonly (readonly Float64Array[])[];
  readonly #totalShares: ReadonlyMap<string, number>;
  /** Joins what the networks say of one tile, where there are several and logits are averaged. */
  readonly #pool: LogitPool | undefined;
  readonly #sums: ReadonlyMap<string, Float32Array>;
  /** The first plane that was not given out. */
  #z = 0;
  #tilesDone = 0;
  readonly #jobs: Iterator<Job, undefined>;
  /** The tile that a network sees at present, and what it will say. */
  #pending: { readonly job: Job; readonly output: Promise<Float32Array> } | undefined;

  constructor(options: SlabPredictionOptions) {
    const { grid, networks, types, symmetries, volume } = options;
    this.#options = options;
    this.tiles = tileCount(grid) * networks.length * symmetries.length;
    this.#weights = grid.map(blendWeights);
    this.#totalShares = totalShares(networks);
    if (options.averaging === "logits" && networks.length > 1) this.#pool = new LogitPool(types, networks);
    const [, height, width] = volume.shape;
    this.#sums = new Map(types.map((type) => [type, new Float32Array(grid[0].size * height * width)]));
    this.#jobs = this.#allJobs();
    this.#pending = this.#startNext();
  }

  /** The next planes, or null after the last. Throws NotFinite where a network gave NaN or infinity. */
  async next(): Promise<PredictedSlab | null> {
    const [depth, height, width] = this.#options.volume.shape;
    if (this.#z === depth) return null;
    while (this.#finishedUntil() <= this.#z) await this.#predictOne();
    const planes = Math.min(slabDepth, this.#finishedUntil() - this.#z);
    const values = new Map<string, Float32Array>();
    for (const [type, sums] of this.#sums) values.set(type, this.#flush(type, sums, planes));
    const zStart = this.#z;
    this.#z += planes;
    return { zStart, shape: [planes, height, width], values };
  }

  /** Planes that no later tile reaches. */
  #finishedUntil(): number {
    const [{ starts, length }] = this.#options.grid;
    const { networks, symmetries, grid } = this.#options;
    const inRow = (tileCount(grid) / starts.length) * networks.length * symmetries.length;
    const rows = Math.floor(this.#tilesDone / inRow);
    return rows === 0 ? 0 : (starts[rows] ?? length);
  }

  /** Rounded values of the next planes, whose places are emptied. */
  #flush(type: string, sums: Float32Array, planes: number): Float32Array {
    const [, height, width] = this.#options.volume.shape;
    const size = height * width;
    const values = new Float32Array(planes * size);
    for (let plane = 0; plane < planes; plane++) {
      const place = this.#placeOf(this.#z + plane);
      const plain = sums.subarray(place, place + size);
      if (!areFinite(plain)) throw this.#notFinite(type, this.#z + plane, plain);
      roundInto(values.subarray(plane * size, (plane + 1) * size), plain);
      plain.fill(0);
    }
    return values;
  }

  /** Where a plane begins among the sums. */
  #placeOf(z: number): number {
    const [, height, width] = this.#options.volume.shape;
    return (z % this.#options.grid[0].size) * height * width;
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

  /** Every tile as every network is to see it, row by row along z. */
  *#allJobs(): Iterator<Job, undefined> {
    const { volume, grid, networks, symmetries } = this.#options;
    const [z, y, x] = grid;
    for (const [iz, startZ] of z.starts.entries())
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

  /** Gives the next tile to its network. */
  #startNext(): { job: Job; output: Promise<Float32Array> } | undefined {
    const job = this.#jobs.next().value;
    if (job === undefined) return undefined;
    const shape = tileShape(this.#options.grid);
    const tile = readTile(job.view, job.start, shape);
    const isPlain = job.symmetry === this.#options.symmetries[0];
    const output = job.network.run(isPlain ? tile : imageOf(tile, shape[1], shape[2], job.symmetry), shape);
    // A failure is thrown when its turn comes; until then it is not unhandled.
    output.catch(() => undefined);
    return { job, output };
  }

  /** Adds up a tile's output while the network computes the next one. */
  async #predictOne(): Promise<void> {
    const { job, output: pending } = this.#pending!;
    const output = await pending;
    this.#pending = this.#startNext();
    const { share = 1, channels } = job.network;
    const images = this.#options.symmetries.length;
    if (this.#pool) this.#addPooled(this.#pool, job, output, 1 / images);
    else this.#addAll(job, output, channels, (type) => share / (this.#totalShares.get(type)! * images));
    this.#tilesDone++;
    this.#options.onTile?.(this.#tilesDone);
  }

  /** Joins what the networks say of a tile, and adds it once the last has spoken. */
  #addPooled(pool: LogitPool, job: Job, output: Float32Array, share: number): void {
    const { networks, grid } = this.#options;
    const place = networks.indexOf(job.network);
    const [planes] = tileShape(grid);
    pool.add(place, output, planes);
    if (place === networks.length - 1) this.#addAll(job, pool.take(planes), pool.channels, () => share);
  }

  /** Adds each type's channel of a tile's output, turned back and weighted, to the type's sums. */
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
    const sums = this.#sums.get(type)!;
    const [weightsZ, weightsY, weightsX] = this.#weights.map((axis, i) => axis[index[i]!]!) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const { first, stepY, stepX } = planeReading(back, sizeY, sizeX);
    const planes = Math.min(sizeZ, depth - start[0]);
    const rows = Math.min(sizeY, height - start[1]);
    const columns = Math.min(sizeX, width - start[2]);
    for (let z = 0; z < planes; z++) {
      const plane = (z * outputs + channel) * sizeY * sizeX + first;
      const place = this.#placeOf(start[0] + z) + start[2];
      for (let y = 0; y < rows; y++) {
        const weight = share * weightsZ[z]! * weightsY[y]!;
        addRow(
          sums,
          place + (start[1] + y) * width,
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

/** A number that is none, or infinite, times 0 is no number. */
function areFinite(values: Float32Array): boolean {
  let zero = 0;
  for (let i = 0; i < values.length; i++) zero += values[i]! * 0;
  return zero === 0;
}

/** Each value, within 0 and 1, as the nearest multiple of 1/levels. */
export function roundInto(rounded: Float32Array, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    const clamped = Math.min(Math.max(values[i]!, 0), 1);
    rounded[i] = multiples[(clamped * levels + 0.5) | 0]!;
  }
}
