import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseStar, type StarBlock, writeStar } from "../../src/formats/star.js";
import fc from "../support/properties.js";
import { formatsFolder, hasShared } from "../support/shared.js";

const parse = (text: string) => parseStar("a.star", Buffer.from(text));

/** As tests/fixtures/formats/star_digests.py has it. */
const digestOf = ({ name, values, loops }: StarBlock) => ({
  name,
  values: [...values],
  loops: loops.map(({ columns, rows }) => ({
    columns: [...columns],
    rows: rows.length,
    sha256: createHash("sha256").update(rows.flat().join("\x1f")).digest("hex"),
  })),
});

const fixture = new URL("../fixtures/formats/star_digests.json", import.meta.url);
const digests = JSON.parse(readFileSync(fixture, "utf8")) as Record<string, unknown[]>;

describe("real files of other programs (skipped without ../shared)", () => {
  test.skipIf(!hasShared).each(Object.keys(digests).filter((path) => digests[path]!.length > 0))(
    "%s: blocks, names and values as an independent parser has them, and the same when written and read back",
    (path) => {
      const blocks = parseStar(path, readFileSync(join(formatsFolder, path)));
      expect(blocks.map(digestOf)).toEqual(digests[path]);
      expect(parseStar("again.star", writeStar(blocks)).map(digestOf)).toEqual(digests[path]);
    },
  );
});

test("quotes, blanks, empty values and texts between semicolons", () => {
  const [block] = parse(
    [
      "# a comment with data_ and loop_",
      "data_one",
      "_plain  a#b # after a blank a comment begins",
      `_double "it's"`,
      `_single 'say "no" '`,
      `_inner "a"b"`,
      `_empty ""`,
      "_text",
      ";first line",
      " second; line",
      ";",
      "_number 4.0",
    ].join("\n"),
  );
  expect([...block!.values]).toEqual([
    ["plain", "a#b"],
    ["double", "it's"],
    ["single", 'say "no" '],
    ["inner", 'a"b'],
    ["empty", ""],
    ["text", "first line\n second; line"],
    ["number", "4.0"],
  ]);
});

test("a block may hold values and several loops; names follow loops; rows may be wrapped; CRLF", () => {
  const [block, next] = parse(
    "data_\r\nloop_\r\n_a\r\n_b #2\r\n1 2\r\n3\r\n4\r\n\r\n_c 5\r\nloop_\r\n_d\r\n6 7\r\ndata_next\r\n_e 8\r\n",
  );
  expect(block).toEqual({
    name: "",
    values: new Map([["c", "5"]]),
    loops: [
      {
        columns: ["a", "b"],
        rows: [
          ["1", "2"],
          ["3", "4"],
        ],
      },
      { columns: ["d"], rows: [["6"], ["7"]] },
    ],
  });
  expect(next!.values.get("e")).toBe("8");
});

test.each([
  ["data_\nloop_\n_a\n_b\n1 2\n3\n4 5\n", "line 7: 3 values, wanted 2"],
  ["data_\nloop_\n_a\n_b\n1 2 3\n", "line 5: 3 values"],
  ["data_\nloop_\n_a\n_b\n1 2\n3\n", "a last row of 1 values"],
  ["_a 1\n", "before the first data_ line"],
  ["data_\n_a\n", "_a without a value"],
  ["data_\n_a\n_b 1\n", "_a without a value"],
  ["data_\n1\n", 'the value "1" without a name'],
  ["data_\n_a 'open\n", "a value that opens with '"],
  ["data_\n_a\n;open\n", "a text that no line beginning with ;"],
  ["data_\n_a 1\n_a 2\n", "_a a second time"],
  ["data_\nsave_x\n", "save_x, which pickbench does not read"],
])("%j is refused with its line", (text, message) => {
  expect(() => parse(text)).toThrow(message);
});

const value = fc
  .oneof(
    fc.string(),
    fc.stringMatching(/^[ -~\n]{0,12}$/),
    fc.constantFrom("data_", "loop_", "_x", "#", "a b", "'", '"', "\n"),
  )
  .filter(
    (text) => !/[\r\u2028\u2029\ufeff]/.test(text) && !text.includes("\n;") && !/\p{Surrogate}/u.test(text),
  );
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9.]{0,8}$/);
const loop = fc.uniqueArray(name, { minLength: 1, maxLength: 4 }).chain((columns) =>
  fc.record({
    columns: fc.constant(columns.map((column) => `l${column}`)),
    rows: fc.array(fc.array(value, { minLength: columns.length, maxLength: columns.length }), {
      maxLength: 5,
    }),
  }),
);
const block = fc.record({
  name: fc.oneof(fc.constant(""), name),
  values: fc
    .dictionary(
      name.map((key) => `v${key}`),
      value,
    )
    .map((entries) => new Map(Object.entries(entries))),
  loops: fc.array(loop, { maxLength: 1 }),
});

test("whatever is written is read back", () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 3 }), (blocks) => {
      expect(parseStar("a.star", writeStar(blocks, "a comment"))).toEqual(blocks);
    }),
    { numRuns: 300 },
  );
});
