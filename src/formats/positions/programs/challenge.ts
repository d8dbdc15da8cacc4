/** The CZII challenge's CSV of picks. */
import { readRows, submissionColumns } from "../../csv/submissionRows.js";
import { linesOf, TextBytes } from "../../lines.js";
import { printed } from "../fields.js";
import { type PartWriter, type PositionFormat, type Source, wholeOf } from "../format.js";
import type { FrameName, PositionSet, TomogramPosition } from "../frames.js";
import { type PartSource, type PartTaker, RunParts, RunTable } from "../parts.js";
import { quotedField } from "./delimited.js";

const needed: readonly string[] = submissionColumns.filter((name) => name !== "id");

const setOf =
  (frame: FrameName | undefined) =>
  (run: string | undefined, positions: TomogramPosition[]): PositionSet => ({
    ...(run === undefined ? {} : { run }),
    frame: frame ?? "angstrom",
    positions,
  });

/** Reads the CSV row by row; the id column may be missing. */
async function read({ path, frame }: Source): Promise<PositionSet[]> {
  const runs = new RunTable<TomogramPosition>();
  await readRows(
    path,
    (experiment, type, place) => runs.add(experiment, { at: [place[0]!, place[1]!, place[2]!], type }),
    { kind: "truth" },
  );
  return runs.map(setOf(frame));
}

async function readParts({ path, frame }: PartSource, take: PartTaker): Promise<true> {
  const parts = new RunParts(setOf(frame), take);
  await readRows(
    path,
    (experiment, type, place) => parts.add(experiment, { at: [place[0]!, place[1]!, place[2]!], type }),
    { kind: "truth", betweenBlocks: () => (parts.isFull ? parts.handOn() : undefined) },
  );
  await parts.end();
  return true;
}

function begin(): PartWriter {
  return {
    head: Buffer.from(`${submissionColumns.join(",")}\n`),
    rows({ run = "unknown", positions }, _, first) {
      const experiment = quotedField(run, ",");
      const typeTexts = new Map<string, string>();
      const text = new TextBytes();
      let id = first;
      for (const { at, type = "unknown" } of positions) {
        const typeText = typeTexts.get(type) ?? quotedField(type, ",");
        typeTexts.set(type, typeText);
        text.line(`${id++},${experiment},${typeText},${printed(at[0])},${printed(at[1])},${printed(at[2])}`);
      }
      return text.bytes();
    },
  };
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
  readParts,
  frames: ["angstrom"],
  write: wholeOf(begin),
  begin,
};
