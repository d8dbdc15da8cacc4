/** The CZII challenge's CSV of picks. */
import { readRows, submissionColumns } from "../../csv/submissionRows.js";
import { linesOf, TextBytes } from "../../lines.js";
import { type PositionFormat, printed, RunTable, type Source } from "../format.js";
import type { PositionSet, TomogramPosition } from "../frames.js";
import { delimited } from "./delimited.js";

const needed: readonly string[] = submissionColumns.filter((name) => name !== "id");

/** Reads the CSV row by row; the id column may be missing. */
async function read({ path, frame }: Source): Promise<PositionSet[]> {
  const runs = new RunTable<TomogramPosition>();
  await readRows(
    path,
    (experiment, type, place) => runs.add(experiment, { at: [place[0]!, place[1]!, place[2]!], type }),
    { kind: "truth" },
  );
  return runs.map((run, positions) => ({
    ...(run === undefined ? {} : { run }),
    frame: frame ?? "angstrom",
    positions,
  }));
}

export const challenge: PositionFormat = {
  name: "challenge",
  title: "the challenge's CSV",
  extensions: [".csv"],
  carries: new Set(["z", "type", "several types", "run", "several runs"]),
  needs: ["type", "run"],
  recognises: (bytes) => {
    const header = linesOf(bytes.subarray(0, 1 << 12)).next().value;
    const names = typeof header === "string" ? header.split(",").map((name) => name.trim()) : [];
    return (
      needed.every((name) => names.includes(name)) &&
      names.every((name) => (submissionColumns as readonly string[]).includes(name))
    );
  },
  read,
  frames: ["angstrom"],
  write: (sets) => {
    const text = new TextBytes();
    text.line(submissionColumns.join(","));
    let id = 0;
    for (const { run = "unknown", positions } of sets)
      for (const { at, type = "unknown" } of positions)
        text.line(delimited([String(id++), run, type, ...at.map((value) => printed(value))], ","));
    return { bytes: text.bytes() };
  },
};
