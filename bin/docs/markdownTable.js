// A table in Markdown.

/** Header and rows of texts as a table; `alignments` has a colon where a column's numbers stand to the right. */
export function markdownTable(header, rows, alignments = header.map(() => "---")) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|") || "–").join(" | ")} |`;
  return [line(header), `|${alignments.join("|")}|`, ...rows.map(line)].join("\n");
}
