/** Mappings among values from outside. */

/** Tells whether a value is a mapping of keys to values, and no list. */
export const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
