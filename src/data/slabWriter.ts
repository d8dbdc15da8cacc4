/** Takes a volume by slabs of whole z planes and makes a file or folder of it, whole or not at all. */
export interface SlabWriter {
  /**
   * Writes whole z planes, z slowest. Each channel's slabs come in order, without gaps or overlaps.
   *
   * @param values (planes, y, x)
   * @throws RangeError where slabs do not follow one another
   */
  writeSlab(zStart: number, values: Float32Array, channel?: number): Promise<void>;
  /** Moves what is finished into its place, replacing what stood there. */
  close(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}
