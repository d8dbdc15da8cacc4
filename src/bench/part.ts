/** One measurement: a name or a number a column, null where there was nothing to measure. */
export type BenchRow = Readonly<Record<string, string | number | null>>;

/** What the command line chose; each part takes what concerns it. */
export interface BenchOptions {
  readonly nets: readonly string[];
  /** Edges of cubic patches, voxels. */
  readonly sizes: readonly number[];
  readonly threads: number;
  /** Timed repetitions; the median is reported. */
  readonly steps: number;
  /** Whether to time the Python peers beside. */
  readonly peers: boolean;
  /** Says what is being done, or what is left out, to people. */
  readonly note: (line: string) => void;
}

/** One thing whose speed is measured; one file each in this folder. */
export interface BenchPart {
  run(options: BenchOptions): Promise<BenchRow[]>;
}

/** A number as a row shows it. */
export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Our time over the peer's; null without a peer. */
export const ratio = (ours: number, peer: number | null): number | null =>
  peer === null ? null : rounded(ours / peer, 3);
