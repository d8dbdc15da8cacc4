/** Picking of many channels of stores at once, in worker threads. */
import { type ChannelWork, openPickPool, pickingThreads } from "./pool.js";
import { type PickedType, pickChannel } from "./store.js";

/**
 * Picks channels of stores in up to as many threads as there are processors. A lone channel is picked in this thread,
 * which reads with the help of others.
 *
 * @returns the results in the order of the work
 * @throws the first failure in that order; work under way is finished, no further work is begun after a failure
 */
export async function pickChannels(
  work: readonly ChannelWork[],
  onPicked: (picked: PickedType) => void,
): Promise<PickedType[]> {
  const threads = Math.min(work.length, pickingThreads());
  const pool = threads > 1 ? openPickPool(threads) : undefined;
  const pick = pool?.channel ?? pickChannel;
  const picked: PickedType[] = [];
  const failures = new Map<number, unknown>();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < work.length && failures.size === 0) {
      const at = next++;
      const { task, settings, place } = work[at]!;
      try {
        picked[at] = await pick(task, settings, place);
        onPicked(picked[at]);
      } catch (error) {
        failures.set(at, error);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: threads }, lane));
  } finally {
    await pool?.close();
  }
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
  return picked;
}
