/** Work on many files, a few at a time. */

/** Most files that are asked after at once: a network's disk answers them side by side. */
const most = 32;

/** Does work on each of many, in their order, up to 32 at once. @throws the first error, once none is under way */
export async function atOnce<From, To>(
  all: readonly From[],
  work: (each: From) => Promise<To>,
): Promise<To[]> {
  const results: To[] = new Array(all.length);
  let next = 0;
  let failed: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (next < all.length && failed === undefined) {
      const at = next++;
      try {
        results[at] = await work(all[at]!);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, all.length) }, worker));
  if (failed) throw failed.error;
  return results;
}
