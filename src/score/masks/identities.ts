/** Identities of voxels against true masks: what voxels of each feature were taken for. */
import { no, yes } from "../../domain/maskValues.js";

/** How one feature was told from all else. */
export interface IdentityScore {
  /** Voxels of the true mask, those that were given to the feature, and both; all where the truth is known. */
  readonly truth: number;
  readonly given: number;
  readonly both: number;
  /** Overlap; null where neither has a voxel. */
  readonly dice: number | null;
  readonly iou: number | null;
}

/** Confusion of identities. */
export interface IdentityConfusion {
  /** Names of the columns: "unknown", then the features. */
  readonly columns: readonly string[];
  /** Rows of the truth: each feature with a mask, and "none" for voxels in no mask; voxels by column. */
  readonly rows: Readonly<Record<string, readonly number[]>>;
  /** Å³ of a voxel; null where runs differ. */
  readonly voxel: number | null;
  readonly features: Readonly<Record<string, IdentityScore>>;
}

/** Counts identities, volume by volume. */
export class IdentityCounter {
  readonly #names: readonly string[];
  readonly #rows: Map<string, Float64Array>;
  readonly #known: Map<string, { truth: number; given: number; both: number }>;
  readonly #voxels = new Set<number>();

  /** @param names of the features, whose labels are 1, 2, … in this order */
  constructor(names: readonly string[]) {
    this.#names = names;
    this.#rows = new Map();
    this.#known = new Map();
  }

  /**
   * Adds a volume.
   *
   * @param labels of its voxels, 0 the unknown
   * @param masks of features: 0 no, 1 yes, 2 unknown, a byte a voxel
   * @param voxel Å³ of a voxel
   */
  add(labels: Float32Array, masks: ReadonlyMap<string, Uint8Array>, voxel: number): void {
    this.#voxels.add(Number(voxel.toPrecision(6)));
    const free = new Uint8Array(labels.length).fill(1);
    for (const [name, mask] of masks) {
      const row = this.#row(name);
      const label = this.#names.indexOf(name) + 1;
      const known = this.#known.get(name) ?? { truth: 0, given: 0, both: 0 };
      for (let i = 0; i < labels.length; i++) {
        const value = mask[i]!;
        if (value !== no) free[i] = 0;
        if (value === yes) {
          row[labels[i]!] = row[labels[i]!]! + 1;
          known.truth++;
        }
        if (labels[i] !== label) continue;
        if (value === yes) known.both++;
        if (value === yes || value === no) known.given++;
      }
      this.#known.set(name, known);
    }
    const none = this.#row("none");
    for (let i = 0; i < labels.length; i++) if (free[i] === 1) none[labels[i]!] = none[labels[i]!]! + 1;
  }

  #row(name: string): Float64Array {
    const row = this.#rows.get(name) ?? new Float64Array(this.#names.length + 1);
    this.#rows.set(name, row);
    return row;
  }

  /** Returns what was counted; the row "none" is the last. */
  confusion(): IdentityConfusion {
    const [voxel, ...others] = this.#voxels;
    const order = [...this.#rows.keys()].sort((a, b) => this.#place(a) - this.#place(b));
    return {
      columns: ["unknown", ...this.#names],
      rows: Object.fromEntries(order.map((name) => [name, [...this.#rows.get(name)!]])),
      voxel: voxel === undefined || others.length > 0 ? null : voxel,
      features: Object.fromEntries(
        [...this.#known].map(([name, { truth, given, both }]) => {
          const all = truth + given;
          const dice = all === 0 ? null : (2 * both) / all;
          return [name, { truth, given, both, dice, iou: all === 0 ? null : both / (all - both) }];
        }),
      ),
    };
  }

  #place(name: string): number {
    return name === "none" ? this.#names.length : this.#names.indexOf(name);
  }
}
