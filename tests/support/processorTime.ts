/** Does some work, and measures in seconds what this process spends on it: what else the machine does counts for nothing. */
export async function processorTime<T>(
  work: () => T,
): Promise<{ readonly result: Awaited<T>; readonly seconds: number }> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: (user + system) / 1e6 };
}
