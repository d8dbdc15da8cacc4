/** An experiment as parameters of one word each, for programs that compare runs. */

/** Returns the keys of an experiment, dotted, with their values as text; lists as JSON. */
export function parametersOf(experiment: object, prefix = ""): (readonly [key: string, value: string])[] {
  return Object.entries(experiment).flatMap(([key, value]: [string, unknown]) => {
    const name = `${prefix}${key}`;
    if (value !== null && typeof value === "object" && !Array.isArray(value))
      return parametersOf(value, `${name}.`);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return text === undefined || text === "" ? [] : [[name, text] as const];
  });
}
