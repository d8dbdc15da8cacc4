/** All that is known of a run, in words and tables for people. */
import { none } from "../present/text.js";
import { densityOf } from "./database/tables.js";
import type { SurveyEntry } from "./entry.js";

/** A table for people: its head first, the first column to the left. */
interface ShownTable {
  readonly rows: readonly (readonly string[])[];
  /** Sentences below it. */
  readonly notes: readonly string[];
}

/** An entry in words. */
export interface ShownEntry {
  /** On the tomogram; the run's name begins the first. */
  readonly lines: readonly string[];
  /** Features and particles, where there are any. */
  readonly tables: readonly ShownTable[];
}

/** A number with four digits or as it is; a dash where there is none. */
export const shown = (value: unknown): string => {
  if (value === null || value === undefined) return none;
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(4)));
};

/** Says all that is known of a run. */
export const shownEntry = (entry: SurveyEntry): ShownEntry => ({
  lines: tomogramLines(entry),
  tables: [featureTable(entry), particleTable(entry)].filter(({ rows }) => rows.length > 1),
});

function tomogramLines({ run, tomogram }: SurveyEntry): string[] {
  if (tomogram === null) return [`${run}: no tomogram`];
  const { type, path, shape, spacing, volume, blank, thickness, sample, contrast, ...grey } = tomogram;
  return [
    `${run}: ${type}, ${path}`,
    `z,y,x ${shape.join("×")} voxels of ${[...new Set(spacing)].map(shown).join("×")} Å, ${shown(blank)} % blank, ${shown(volume * 1e-12)} µm³ with data`,
    `${shown(thickness)} Å thick with data, sample ${sample === null ? "unknown" : `${shown(sample)} Å`}, particles ${contrast}`,
    `grey values ${shown(grey.least)} to ${shown(grey.largest)}, median ${shown(grey.median)}, scale ${shown(grey.scale)}, skewness ${shown(grey.skewness)}, kurtosis ${shown(grey.kurtosis)}, noise ${shown(grey.noise)}`,
  ];
}

function featureTable({ features }: SurveyEntry): ShownTable {
  const head = ["feature", "%", "Å³", "soft %", "soft Å³", "components", "largest Å³"];
  const rows = features.map(({ name, percent, volume, softPercent, softVolume, components, largest }) => [
    name,
    ...[percent, volume, softPercent, softVolume, components, largest].map(shown),
  ]);
  return { rows: [head, ...rows], notes: [] };
}

const particleHead = [
  ...["particle", "source", "count", "per µm³", "score"],
  ...["matched", "duplicates", "wrong", "missed"],
];

function particleTable({ particles, tomogram }: SurveyEntry): ShownTable {
  const rows = particles.map(({ source, type, count, score, verdicts }) => [
    type,
    source,
    ...[count, densityOf(count, tomogram), score].map(shown),
    ...[verdicts?.matched, verdicts?.duplicates, verdicts?.wrong, verdicts?.missed].map(shown),
  ]);
  const notes = particles.flatMap(({ type, source, context }) =>
    context.map(
      ({ name, mean, least, largest }) =>
        `${type} (${source}) ${name}: mean ${shown(mean)}, ${shown(least)} to ${shown(largest)}`,
    ),
  );
  return { rows: [particleHead, ...rows], notes };
}
