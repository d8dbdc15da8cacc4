// Volumes for the 3-D view from the server, those that were used last kept.
import { LastUsed } from "../../../studio/lastUsed.js";
import { getShapedBytes, named } from "../api.js";
import type { Block } from "./blockBounds.js";

/** A volume with the values that 0 and 255 stand for. */
export interface LoadedBlock extends Block {
  readonly ends: readonly [low: number, high: number];
}

/** Bytes of blocks that are kept: of four volumes of the largest size. */
const mostBytes = 40 * 2 ** 20;

const kept = new LastUsed<Promise<LoadedBlock>>(mostBytes);

/** Loads a volume's block, or returns the one that is here. @throws Refused where the server says no */
export function blockOf(id: string): Promise<LoadedBlock> {
  const known = kept.get(id);
  if (known) return known;
  const loading = load(id);
  kept.set(id, loading, 0);
  loading.then(
    ({ data }) => kept.set(id, loading, data.length),
    () => kept.delete(id),
  );
  return loading;
}

async function load(id: string): Promise<LoadedBlock> {
  const { data, numbers } = await getShapedBytes(`api/volumes/${named(id)}/block/auto`);
  const three = (header: string) => numbers(header) as unknown as readonly [number, number, number];
  const [low = 0, high = 1] = numbers("X-Ends");
  return {
    ...{ data: new Uint8Array(data), ends: [low, high] },
    ...{ shape: three("X-Shape"), spacing: three("X-Spacing") },
  };
}
