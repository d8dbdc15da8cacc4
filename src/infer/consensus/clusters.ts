/** Clusters of points with moving centres in a hashed grid, the spatial index of pick fusion. */
import { bucketOf } from "../pick/spacing.js";

const nobody = -1;
const around = [-1, 0, 1] as const;

/**
 * Clusters whose centres move as points join, with a search for the nearest cluster that a voter has not joined yet.
 * Centres lie in a hashed grid with cells as wide as the clusters' reach; cells that share a bucket only make it longer.
 */
export class Clusters {
  /** Centres x, y, z in Å, flat. */
  readonly centres: Float64Array;
  count = 0;
  readonly #reach: number;
  readonly #voters: number;
  /** 1 at cluster·voters + voter for a voter with a point in the cluster, else 0. */
  readonly #joined: Uint8Array;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #before: Int32Array;
  readonly #bucket: Int32Array;

  /**
   * @param most limit of clusters: the count of points
   * @param voters count of them; 0 where any point may join any cluster
   * @param reach largest distance in Å, inclusive, from a centre to a point that joins it
   */
  constructor(most: number, voters: number, reach: number) {
    this.centres = new Float64Array(3 * most);
    this.#reach = reach;
    this.#voters = voters;
    this.#joined = new Uint8Array(most * voters);
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(most + 1) + 1)).fill(nobody);
    this.#next = new Int32Array(most);
    this.#before = new Int32Array(most);
    this.#bucket = new Int32Array(most);
  }

  /** Adds a cluster around a point of the voter; returns its number. */
  add(x: number, y: number, z: number, voter: number): number {
    const cluster = this.count++;
    this.centres.set([x, y, z], 3 * cluster);
    this.#joined[cluster * this.#voters + voter] = 1;
    this.#insert(cluster, this.#bucketAt(x, y, z));
    return cluster;
  }

  /** Adds a point of the voter to a cluster, whose centre moves the given share of the way to the point. */
  join(cluster: number, x: number, y: number, z: number, share: number, voter: number): void {
    const { centres } = this;
    const at = 3 * cluster;
    centres[at]! += (x - centres[at]!) * share;
    centres[at + 1]! += (y - centres[at + 1]!) * share;
    centres[at + 2]! += (z - centres[at + 2]!) * share;
    this.#joined[cluster * this.#voters + voter] = 1;
    const bucket = this.#bucketAt(centres[at]!, centres[at + 1]!, centres[at + 2]!);
    if (bucket === this.#bucket[cluster]) return;
    this.#remove(cluster);
    this.#insert(cluster, bucket);
  }

  hasJoined(cluster: number, voter: number): boolean {
    return this.#joined[cluster * this.#voters + voter] === 1;
  }

  /** Returns the nearest cluster in reach that the voter has not joined, the first of equally near ones; −1 for none. */
  nearest(x: number, y: number, z: number, voter: number): number {
    const { centres } = this;
    let nearest = nobody;
    let least = this.#reach * this.#reach;
    for (const dz of around) {
      for (const dy of around) {
        for (const dx of around) {
          const bucket = this.#bucketAt(x, y, z, dx, dy, dz);
          for (let each = this.#heads[bucket]!; each !== nobody; each = this.#next[each]!) {
            const stepX = x - centres[3 * each]!;
            const stepY = y - centres[3 * each + 1]!;
            const stepZ = z - centres[3 * each + 2]!;
            const squared = stepX * stepX + stepY * stepY + stepZ * stepZ;
            if (squared > least || this.hasJoined(each, voter)) continue;
            if (squared === least && nearest !== nobody && each > nearest) continue;
            nearest = each;
            least = squared;
          }
        }
      }
    }
    return nearest;
  }

  #bucketAt(x: number, y: number, z: number, dx = 0, dy = 0, dz = 0): number {
    const width = this.#reach;
    return bucketOf(
      Math.floor(z / width) + dz,
      Math.floor(y / width) + dy,
      Math.floor(x / width) + dx,
      this.#heads.length,
    );
  }

  #insert(cluster: number, bucket: number): void {
    const head = this.#heads[bucket]!;
    this.#bucket[cluster] = bucket;
    this.#next[cluster] = head;
    this.#before[cluster] = nobody;
    if (head !== nobody) this.#before[head] = cluster;
    this.#heads[bucket] = cluster;
  }

  #remove(cluster: number): void {
    const next = this.#next[cluster]!;
    const before = this.#before[cluster]!;
    if (before === nobody) this.#heads[this.#bucket[cluster]!] = next;
    else this.#next[before] = next;
    if (next !== nobody) this.#before[next] = before;
  }
}
