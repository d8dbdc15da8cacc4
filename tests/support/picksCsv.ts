/** Submissions as tests write and read them. */
import { readFileSync, writeFileSync } from "node:fs";

/** First line of a submission. */
export const picksHeader = "id,experiment,particle_type,x,y,z\n";

/** A pick, x, y, z in Å. */
export type PickRow = readonly [run: string, type: string, x: number, y: number, z: number];

/** Writes a submission. @returns its path */
export function writePicksCsv(path: string, rows: readonly PickRow[]): string {
  writeFileSync(path, picksHeader + rows.map((row, id) => `${[id, ...row].join(",")}\n`).join(""));
  return path;
}

/** Reads a submission's rows as text, without their ids. */
export const picksRows = (path: string): string[] =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((row) => row.slice(row.indexOf(",") + 1));
