/** Answers of a survey in words. */
import { join } from "node:path";
import { alignedTable, plural, wordTable } from "../../present/text.js";
import type { SurveyEntry } from "../../survey/entry.js";
import { imagesPath } from "../../survey/places.js";
import { shown, shownEntry } from "../../survey/shown.js";
import type { Survey } from "../../survey/survey.js";

export function foundText({ total, columns, rows }: Awaited<ReturnType<Survey["find"]>>): string {
  if (rows.length === 0) return "no tomogram fulfils that";
  const table = alignedTable([columns, ...rows.map((row) => row.map(shown))]);
  const more =
    total > rows.length
      ? `\n${rows.length} of ${total}; --limit shows more`
      : `\n${plural(total, "tomogram")}`;
  return table + more;
}

export const columnText = (
  columns: readonly { readonly name: string; readonly type: string; readonly says: string }[],
): string =>
  wordTable([["column", "type", "says"], ...columns.map(({ name, type, says }) => [name, type, says])]);

export function answerText({ columns, rows, isCut }: Awaited<ReturnType<Survey["sql"]>>): string {
  const cells = rows.map((row) =>
    row.map((value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : shown(value))),
  );
  return (
    wordTable([columns, ...cells]) + (isCut ? `\nthe first ${rows.length} rows; --limit shows more` : "")
  );
}

/** Says all that is known of a run. */
export function entryText(entry: SurveyEntry, folder: string): string {
  const { lines, tables } = shownEntry(entry);
  const [first, ...others] = lines;
  const parts = [
    [first, ...others.map((line) => `  ${line}`)].join("\n"),
    ...tables.map(({ rows, notes }) => [alignedTable(rows), ...notes].join("\n")),
  ];
  return [...parts, `pictures in ${join(imagesPath(folder, entry.run))}`].join("\n\n");
}
