import { describe, expect, test } from "vitest";
import { randomFor } from "../../src/domain/random.js";
import { parseJson } from "../../src/formats/json.js";
import { limits } from "../../src/system/limits.js";
import { processorTime } from "../support/processorTime.js";

const parse = (text: string) => parseJson(text, { path: "a.json" });
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

describe("JSON as Python writes it", () => {
  test("NaN and infinities are numbers wherever a value may stand", () => {
    expect(parse('{"a": NaN, "b": [Infinity, -Infinity, -1.5e3], "NaN": "NaN"}')).toEqual({
      a: Number.NaN,
      b: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1500],
      NaN: "NaN",
    });
  });

  test("agrees with JSON.parse for texts, escapes, numbers, blanks and a byte order mark", () => {
    const text =
      ' {"\\u00e5\\n\\"\\\\": [0, -0.5, 1E+2, 1e-400, 1e400, true, false, null, "", "\\ud83d\\ude00"], "": {}, "c":[ ]}\r\n\t';
    expect(parse(text)).toEqual(JSON.parse(text));
    expect(parse(`\uFEFF${text}`)).toEqual(JSON.parse(text));
  });

  test("texts with one changed character are read as JSON.parse reads them, or refused as it refuses", () => {
    const seed = '{"a\\u00e5": [1, -2.5e-3, "x\\n\\"y", true, null, {"b": [[], {}]}], "c": 0.1}';
    const characters = '{}[]",:\\u0e-+.19tn \n\u0001';
    for (let i = 0; i < 3000; i++) {
      const random = randomFor(5, "json", i);
      const at = random.integer(seed.length);
      const put = characters[random.integer(characters.length)]!;
      const text =
        seed.slice(0, at) +
        (random.uniform() < 0.3 ? "" : put) +
        seed.slice(at + (random.uniform() < 0.5 ? 1 : 0));
      let wanted: unknown;
      try {
        wanted = JSON.parse(text);
      } catch {
        expect(() => parse(text), text).toThrow(
          /^a\.json: the file is not JSON: line \d+, column \d+ [^\n]+$/,
        );
        continue;
      }
      expect(parse(text), text).toEqual(wanted);
    }
  });

  test("the last of two equal keys counts, and __proto__ changes nothing", () => {
    const value = parse('{"a": 1, "__proto__": {"evil": 1}, "a": 2, "constructor": 3}') as Record<
      string,
      unknown
    >;
    expect(value).toEqual({ a: 2, constructor: 3 });
    expect(value.evil).toBeUndefined();
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

test.each([
  [
    "",
    "a.json: the file is not JSON: line 1, column 1 has its end, wanted a value: mend the file or write it again",
  ],
  ['{"a": 1,\n "b" 2}', 'line 2, column 6 has "2}", wanted : after the name'],
  ['{"a": 1,}', 'line 1, column 9 has "}", wanted a name in double quotes'],
  ["[1 2]", 'line 1, column 4 has "2]", wanted , or ]'],
  ["{'a': 1}", `line 1, column 2 has "'a': 1}", wanted a name in double quotes`],
  ["1 2", 'column 3 has "2", wanted the end'],
  ["nan", 'has "nan", wanted a value'],
  ['["a', "line 1, column 2 opens a text that no quote closes"],
  ['["\\x"]', "wanted an escape of JSON"],
  ['["a\nb"]', "wanted text without control characters"],
  ['["\\', "wanted an escape of JSON"],
])("%j is refused with its place", (text, message) => {
  expect(() => parse(text)).toThrow(message);
});

test("the message names the path, the text and the tag that the caller gives", () => {
  expect(() => parseJson("x", { path: "p.ndjson", what: "line 7 is", tag: "BadCheckpoint" })).toThrow(
    expect.objectContaining({
      tag: "BadCheckpoint",
      message: expect.stringMatching(/^p\.ndjson: line 7 is not JSON/),
    }),
  );
});

describe("bounds", () => {
  const { most } = limits.jsonDepth;

  test("nesting up to the limit is read, deeper nesting is refused however deep", () => {
    expect(parse(nested(most))).toEqual(JSON.parse(nested(most)));
    for (const depth of [most + 1, 20_000, 2_000_000])
      expect(() => parse(nested(depth))).toThrow(`column ${most + 1} nests deeper than ${most} levels`);
    expect(() => parse('{"a":'.repeat(100_000))).toThrow("nests deeper");
  });

  test("a million unclosed quotes, escapes or brackets end as soon as their bytes are read once", async () => {
    const texts = [
      '["'.repeat(1e6),
      `"${'\\"'.repeat(1e6)}`,
      `"${"\\u0041".repeat(1e6)}`,
      '"'.repeat(1e6),
      "[1,".repeat(1e6),
    ];
    const { seconds } = await processorTime(() => {
      for (const text of texts) expect(() => parse(text)).toThrow("is not JSON");
    });
    expect(seconds).toBeLessThan(20);
    expect(parse(`"${"\\n".repeat(1e6)}"`)).toBe("\n".repeat(1e6));
  });
});
