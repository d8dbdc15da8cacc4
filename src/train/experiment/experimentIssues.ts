/** One readable sentence for the issues that a schema finds in an experiment. */
import type { z } from "zod";

type Issue = z.core.$ZodIssue;
interface Placed {
  readonly path: readonly PropertyKey[];
  readonly issue: Issue;
  /** Description of a valid value. */
  readonly wanted: string;
}

/** Describes a schema's issues in one sentence. An unknown key goes first, for it often explains a missing one. */
export function describeIssues(issues: readonly Issue[], content: unknown): string {
  const placed = issues.flatMap((issue) => unfold(issue, []));
  const { path, issue, wanted } =
    placed.find(({ issue: { code } }) => code === "unrecognized_keys") ?? placed[0]!;
  const where = path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.map((key) => (where ? `${where}.${key}` : key)).join(", ");
    return `unknown key ${keys}; check its spelling against docs/experiments.md#keys`;
  }
  return `${where || "the file"}: got ${shown(valueAt(content, path))}, wanted ${wanted}; see docs/experiments.md#keys`;
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
 * missing
 * key is closer than a plain word.
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
