import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCsvRows } from "../../../src/formats/csv/rows.js";
import fc from "../../support/properties.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-rows-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Row = [row: number, fields: string[]];

async function rowsOf(text: string): Promise<Row[]> {
  const path = join(folder, "rows.csv");
  writeFileSync(path, text);
  const rows: Row[] = [];
  await readCsvRows(path, {
    take({ bytes, starts, ends, count }, row) {
      const fields = Array.from({ length: count }, (_, i) => bytes.toString("utf8", starts[i]!, ends[i]!));
      rows.push([row, fields]);
    },
  });
  return rows;
}

/** What csv-parse alone makes of it, trimmed, without rows of one empty field. */
const parsed = (text: string): Row[] =>
  parse(text, { relax_column_count: true, bom: true, record_delimiter: ["\r\n", "\n"] })
    .map(
      (fields: string[], i: number): Row => [
        i + 1,
        fields.map((field) => field.replace(/^[ \t\r]+|[ \t\r]+$/g, "")),
      ],
    )
    .filter(([, fields]: Row) => fields.length > 1 || fields[0] !== "");

const plainField = fc.oneof(
  fc.double({ noNaN: true }).map(String),
  fc.string({ unit: fc.constantFrom("a", "Z", "7", "_", "-", ".", " ", "\t", "ä", "猫", "𝄞"), maxLength: 9 }),
);
const quotedField = fc
  .string({ unit: fc.constantFrom("a", ",", '"', "ä", " ", "x"), maxLength: 6 })
  .map((field) => `"${field.replaceAll('"', '""')}"`);
const table = (field: fc.Arbitrary<string>) =>
  fc
    .record({
      rows: fc.array(fc.array(field, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 12 }),
      lineEnd: fc.constantFrom("\n", "\r\n"),
      mark: fc.constantFrom("", "\uFEFF"),
      last: fc.boolean(),
    })
    .map(({ rows, lineEnd, mark, last }) => `${mark}${rows.join(lineEnd)}${last ? lineEnd : ""}`);

describe("rows are those that csv-parse finds", () => {
  test("in plain text, where it takes no part", async () => {
    await fc.assert(
      fc.asyncProperty(table(plainField), async (text) => {
        expect(await rowsOf(text)).toEqual(parsed(text));
      }),
      { numRuns: 300 },
    );
  });

  test("in text that is quoted here and there", async () => {
    await fc.assert(
      fc.asyncProperty(table(fc.oneof(plainField, quotedField)), async (text) => {
        expect(await rowsOf(text)).toEqual(parsed(text));
      }),
      { numRuns: 300 },
    );
  });
});

test("a row may cross the blocks that are read, wherever it is cut", async () => {
  const blockBytes = 2 ** 18;
  for (const over of [-3, -2, -1, 0, 1, 2]) {
    const long = "a".repeat(blockBytes + over - 4);
    expect(await rowsOf(`b,${long}\nc,d\n`)).toEqual([
      [1, ["b", long]],
      [2, ["c", "d"]],
    ]);
  }
});

test("a row of a million bytes is read, a longer one is refused by its number", async () => {
  const long = "a".repeat(1_000_000);
  expect(await rowsOf(`b\n${long},c\nd\n`)).toEqual([
    [1, ["b"]],
    [2, [long, "c"]],
    [3, ["d"]],
  ]);
  await expect(rowsOf(`b\n${long}${long}\n`)).rejects.toThrow("row 2 is longer than 1048576 bytes");
});

test("what the reader's caller throws is thrown on", async () => {
  const path = join(folder, "many.csv");
  writeFileSync(path, "a,b\n".repeat(200_000));
  const stop = new Error("enough");
  await expect(
    readCsvRows(path, {
      take(_, row) {
        if (row === 3) throw stop;
      },
    }),
  ).rejects.toBe(stop);
});
