/** Lists whose entries must differ. */

/** Returns the entries that stand in a list more than once, each once. */
export const repeatedIn = <T>(list: readonly T[]): T[] => [
  ...new Set(list.filter((entry, at) => list.indexOf(entry) !== at)),
];

/** A check for a schema's list: every entry stands there once. Its message names those that do not. */
export const eachOnce = [
  (list: readonly unknown[]): boolean => repeatedIn(list).length === 0,
  {
    error: ({ input }: { readonly input?: unknown }): string =>
      `each once, but ${repeatedIn(input as readonly unknown[]).join(", ")} stands there several times`,
  },
] as const;
