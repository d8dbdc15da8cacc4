/** Values put into the starter experiment's text, so that its comments stay. */

/**
 * Sets the value of a key of at most two names, and of an optional key that stands behind a #.
 *
 * @param lines of the starter
 * @param value YAML on one line; or, of a key with a list below it, the list's lines
 * @throws TypeError where the starter has no such key
 */
export function setValue(
  lines: readonly string[],
  path: string,
  value: string | readonly string[],
): string[] {
  const [first, second] = path.split(".") as [string, string?];
  const from = lines.findIndex((line) => keyOn(line, "") === first);
  const at =
    second === undefined
      ? from
      : lines.findIndex((line, index) => index > from && keyOn(line, "  ") === second && from >= 0);
  if (at < 0) throw new TypeError(`the starter has no key ${path}`);
  const indent = second === undefined ? "" : "  ";
  const name = second ?? first;
  const below = lines.slice(at + 1).findIndex((line) => !line.startsWith(`${indent}  `));
  const end = at + 1 + Math.max(0, below);
  return typeof value === "string"
    ? [...lines.slice(0, at), `${indent}${name}: ${value}`, ...lines.slice(at + 1)]
    : [
        ...lines.slice(0, at),
        `${indent}${name}:`,
        ...value.map((each) => `${indent}  - ${each}`),
        ...lines.slice(end),
      ];
}

/** Returns the key that a line of this indent begins with, behind a # or not. */
const keyOn = (line: string, indent: string): string | undefined =>
  new RegExp(`^${indent}(?:# )?([A-Za-z]\\w*):(?: |$)`).exec(line)?.[1];

/** Puts comment lines in place of those that begin the starter, up to its first empty comment line. */
export function setHead(lines: readonly string[], head: readonly string[]): string[] {
  const end = lines.indexOf("#");
  return [...head.map((line) => (line === "" ? "#" : `# ${line}`)), ...lines.slice(end)];
}
