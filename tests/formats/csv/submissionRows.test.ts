import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRows } from "../../../src/formats/csv/submissionRows.js";
import fc from "../../support/properties.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-plain-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Every row, and the sentence that ended the reading. */
async function readingOf(text: string): Promise<unknown[]> {
  const path = join(folder, "rows.csv");
  writeFileSync(path, text);
  const read: unknown[] = [];
  await readRows(path, (experiment, type, place, row) => {
    read.push([row, experiment, type, ...place]);
  }).catch((error: Error) => read.push(error.message));
  return read;
}

const mostly = <T>(usual: fc.Arbitrary<T>, rest: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: rest });
const name = mostly(
  fc.constantFrom("TS_1", "TS_12", "TS_2", "ä"),
  fc.constantFrom("", " TS_1", "TS_1 ", "TS 1", "TS_1\t", "TS_"),
);
const number = mostly(
  fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.constantFrom("-0", "+7.", ".5"),
  ),
  fc.constantFrom("", ".", "-", "1.2.3", "12 ", " 7", "1e400", "NaN", "0x1", "7-", "1234567890123456789012"),
);
/** Small numbers: ids met are bits in a set as long as the largest, 125 megabytes for nine digits. */
const id = mostly(
  fc.nat({ max: 99_999 }).map(String),
  fc.constantFrom("7", "07", "", "a", "1234567890", " 3"),
);

/** Columns in another order are read field by field, so that one way checks the other. */
test("rows in the usual order are read, and refused, as those in any other order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(id, name, name, number, number, number), { maxLength: 12 }),
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      async (rows, lineEnd, isEnded) => {
        const table = [["id", "experiment", "particle_type", "x", "y", "z"], ...rows];
        const text = (lines: string[][]) => lines.join(lineEnd) + (isEnded ? lineEnd : "");
        const turned = table.map(([first, ...rest]) => [...rest, first!]);
        expect(await readingOf(text(table))).toEqual(await readingOf(text(turned)));
      },
    ),
    { numRuns: 150 },
  );
});

test.each([
  ["0,TS_1,ribosome,1,2", /^row 2 of .* has 5 fields, wanted 6/],
  ["0,TS_1,ribosome,1,2,3,4", /^row 2 of .* has 7 fields, wanted 6/],
  ["0,TS_1,ribosome,1,2,3\n0,TS_1,ribosome,4,5,6", /^row 3 of .* has the id 0 a second time/],
  [
    "999999999,TS_1,ribosome,1,2,3\n7,TS_1,ribosome,1,2,3\n999999999,TS_1,ribosome,4,5,6",
    /^row 4 of .* has the id 999999999 a second time/,
  ],
  [
    "1999999999,TS_1,ribosome,1,2,3\n1999999999,TS_1,ribosome,4,5,6",
    /^row 3 of .* has the id 1999999999 a second time/,
  ],
])("%j is refused", async (rows, message) => {
  const read = await readingOf(`id,experiment,particle_type,x,y,z\n${rows}\n`);
  expect(read.at(-1)).toMatch(message);
});
