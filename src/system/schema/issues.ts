/** What is wrong with content that a schema refuses, a line for each mistake. */
import type { z } from "zod";
import { keysAt, meantKey } from "./keys.js";

type Issue = z.core.$ZodIssue;
interface Placed {
  readonly path: readonly PropertyKey[];
  readonly issue: Issue;
  /** Description of a valid value. */
  readonly wanted: string;
}

/**
 * Joins mistakes to one message: one sentence for one, a line each for several.
 *
 * @param reference where every key is explained, for the end of a message
 */
export function mistakesText(mistakes: readonly string[], reference: string): string {
  const [only, ...others] = mistakes;
  if (only !== undefined && others.length === 0)
    return `${only}${only.endsWith("?") ? "" : ";"} ${reference}`;
  return `${mistakes.length} mistakes; ${reference}${mistakes.map((each) => `\n  ${each}`).join("")}`;
}

/**
 * Describes what the schema found, keys that it does not know first. A key that is missing where a misspelt one of its
 * name is there is not told apart.
 */
export function describeIssues(
  issues: readonly Issue[],
  content: unknown,
  schema: z.core.$ZodType,
): readonly string[] {
  const placed = issues.flatMap((issue) => unfold(issue, []));
  const meant = meantKeys(issues, schema);
  const others = placed.filter(({ path, issue }) => {
    const isMissing = valueAt(content, path) === undefined;
    return issue.code !== "unrecognized_keys" && !(isMissing && meant.has(dotted(path)));
  });
  return [
    ...unknownKeys(placed, schema).map(
      ({ at, meant: key, path }) => `unknown key ${at}${advice(schema, path, key)}`,
    ),
    ...others.map(
      ({ path, wanted }) =>
        `${dotted(path) || "the file"}: got ${shown(valueAt(content, path))}, wanted ${wanted}`,
    ),
  ];
}

/** Returns the keys, as dotted paths, that unknown ones were meant for. */
export const meantKeys = (issues: readonly Issue[], schema: z.core.$ZodType): ReadonlySet<string> =>
  new Set(
    unknownKeys(
      issues.flatMap((issue) => unfold(issue, [])),
      schema,
    ).flatMap(({ meant }) => meant ?? []),
  );

const unknownKeys = (placed: readonly Placed[], schema: z.core.$ZodType) =>
  placed.flatMap(({ path, issue }) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ at: dotted([...path, key]), meant: meantKey(schema, path, key), path }))
      : [],
  );

const dotted = (path: readonly PropertyKey[]): string => path.map(String).join(".");

function advice(schema: z.core.$ZodType, path: readonly PropertyKey[], meant: string | undefined): string {
  if (meant !== undefined) return `; did you mean ${meant}?`;
  const known = keysAt(schema, path);
  return known.length > 0 && known.length <= 12 ? `; there is ${known.join(", ")}` : "";
}

/** Lists an issue with its full path; of alternatives that all failed, only the closest. */
function unfold(issue: Issue, base: readonly PropertyKey[]): Placed[] {
  const path = [...base, ...issue.path];
  if (issue.code !== "invalid_union" || issue.errors.length === 0)
    return [{ path, issue, wanted: wantedBy(issue) }];
  const alternatives = issue.errors.map((errors) => errors.flatMap((error) => unfold(error, path)));
  if (alternatives.every(([only, ...others]) => others.length === 0 && only?.path.length === path.length)) {
    const plain = alternatives.flat().filter((each) => each.issue.code !== "unrecognized_keys");
    if (plain.length > 0)
      return [{ path, issue, wanted: [...new Set(plain.map(({ wanted }) => wanted))].join(" or ") }];
  }
  return alternatives.reduce((closest, next) => (isCloser(next, closest) ? next : closest));
}

/**
 * Tells whether an alternative is closer: fewer issues or, of as many, deeper inside, so that a mapping with one
 * missing key is closer than a plain word.
 */
function isCloser(next: readonly Placed[], closest: readonly Placed[]): boolean {
  if (next.length !== closest.length) return next.length < closest.length;
  return (next[0]?.path.length ?? 0) > (closest[0]?.path.length ?? 0);
}

const wantedBy = ({ message }: Issue): string =>
  message.replace(/^.*?expected /i, "").replace(/, received .*$/, "");

const valueAt = (content: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      value !== null && typeof value === "object" ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    content,
  );

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value !== null && typeof value === "object") return "a mapping";
  return typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : String(value);
}
