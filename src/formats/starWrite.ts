import { PickbenchError } from "../errors.js";
import { TextBytes } from "./lines.js";
import type { StarBlock, StarLoop } from "./star.js";

/** Writes blocks as RELION lays them out. @throws BadDataset for a value that no quotes of STAR can hold */
export function writeStar(blocks: Iterable<StarBlock>, comment?: string): Buffer {
  const text = new TextBytes();
  for (const { name, values, loops } of blocks) {
    text.line("");
    if (comment !== undefined) text.line(`# ${comment}`);
    text.line("");
    text.line(`data_${name}`);
    text.line("");
    for (const [key, value] of values) text.line(withValue(`_${key}`, starValue(value)));
    for (const loop of loops) writeLoop(text, loop);
  }
  return text.bytes();
}

function writeLoop(text: TextBytes, { columns, rows }: StarLoop): void {
  text.line("loop_");
  for (const [index, column] of columns.entries()) text.line(`_${column} #${index + 1}`);
  for (const row of rows) text.line(row.map(starValue).reduce(withValue));
}

/** A text between semicolons begins in a line of its own. */
const withValue = (before: string, value: string): string =>
  value.startsWith("\n") || before.endsWith("\n;")
    ? `${before}${value.startsWith("\n") ? "" : "\n"}${value}`
    : `${before} ${value}`;

/** A value as it is written: bare, in quotes, or as a text between semicolons. */
function starValue(value: string): string {
  if (/^[^\s_#'";$[\]][^\s]*$/.test(value) && !/^(data_|loop_$|save_|global_|stop_)/i.test(value))
    return value;
  if (!value.includes("\n")) {
    if (!/"(?=\s)/.test(value)) return `"${value}"`;
    if (!/'(?=\s)/.test(value)) return `'${value}'`;
  }
  if (value.includes("\n;"))
    throw new PickbenchError(
      "BadDataset",
      `the value ${JSON.stringify(value.slice(0, 60))} has a line that begins with a semicolon, which STAR cannot hold; shorten it`,
    );
  return `\n;${value}\n;`;
}
