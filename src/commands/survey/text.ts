/** Answers of a survey in words. */
import { join } from "node:path";
import { alignedTable, none, plural, wordTable } from "../../present/text.js";
import { densityOf } from "../../survey/database/tables.js";
import type { SurveyEntry } from "../../survey/entry.js";
import { imagesPath } from "../../survey/places.js";
import type { Survey } from "../../survey/survey.js";

/** A number with four digits or as it is; a dash where there is none. */
const shown = (value: unknown): string => {
  if (value === null || value === undefined) return none;
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(4)));
};

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
  const parts = [tomogramText(entry), featuresText(entry), particlesText(entry)].filter(
    (part) => part !== "",
  );
  return [...parts, `pictures in ${join(imagesPath(folder, entry.run))}`].join("\n\n");
}

function tomogramText({ run, tomogram }: SurveyEntry): string {
  if (tomogram === null) return `${run}: no tomogram`;
  const { type, path, shape, spacing, volume, blank, thickness, sample, contrast, ...grey } = tomogram;
  return [
    `${run}: ${type}, ${path}`,
    `  z,y,x ${shape.join("×")} voxels of ${[...new Set(spacing)].map(shown).join("×")} Å, ${shown(blank)} % blank, ${shown(volume * 1e-12)} µm³ with data`,
    `  ${shown(thickness)} Å thick with data, sample ${sample === null ? "unknown" : `${shown(sample)} Å`}, particles ${contrast}`,
    `  grey values ${shown(grey.least)} to ${shown(grey.largest)}, median ${shown(grey.median)}, scale ${shown(grey.scale)}, skewness ${shown(grey.skewness)}, kurtosis ${shown(grey.kurtosis)}, noise ${shown(grey.noise)}`,
  ].join("\n");
}

function featuresText({ features }: SurveyEntry): string {
  if (features.length === 0) return "";
  const head = ["feature", "%", "Å³", "soft %", "soft Å³", "components", "largest Å³"];
  const rows = features.map(({ name, percent, volume, softPercent, softVolume, components, largest }) => [
    name,
    ...[percent, volume, softPercent, softVolume, components, largest].map(shown),
  ]);
  return alignedTable([head, ...rows]);
}

function particlesText({ particles, tomogram }: SurveyEntry): string {
  if (particles.length === 0) return "";
  const head = [
    "particle",
    "source",
    "count",
    "per µm³",
    "score",
    "matched",
    "duplicates",
    "wrong",
    "missed",
  ];
  const rows = particles.map(({ source, type, count, score, verdicts }) => [
    type,
    source,
    ...[count, densityOf(count, tomogram), score].map(shown),
    ...[verdicts?.matched, verdicts?.duplicates, verdicts?.wrong, verdicts?.missed].map(shown),
  ]);
  const context = particles.flatMap(({ type, source, context: columns }) =>
    columns.map(
      ({ name, mean, least, largest }) =>
        `${type} (${source}) ${name}: mean ${shown(mean)}, ${shown(least)} to ${shown(largest)}`,
    ),
  );
  return [alignedTable([head, ...rows]), ...context].join("\n");
}
