import { describe, expect, it } from "vitest";
import { columnsOf, compileCondition, type Value } from "../../../src/domain/expression/compile.js";
import { parseExpression } from "../../../src/domain/expression/parse.js";
import { columns, conditions, rows } from "../../support/expressions.js";
import fc from "../../support/properties.js";

const compiled = (text: string, of = columns) => compileCondition(text, parseExpression(text), of);
const named = (row: readonly Value[]) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]]));

describe("expressions", () => {
  it("say what an evaluation by the definition says", () => {
    fc.assert(
      fc.property(conditions, fc.array(rows, { minLength: 1, maxLength: 8 }), ({ text, value }, some) => {
        const condition = compiled(text);
        for (const row of some) expect(condition(row)).toBe(value(named(row)));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["1 + 2 * 3 = 7", true],
    ["(1 + 2) * 3 = 9", true],
    ["2 - 3 - 4 = -5", true],
    ["8 / 4 / 2 = 1", true],
    ["-score = - 2", true],
    ["not score = 2 or type = 'x'", false],
    ["not (score = 2 and type = 'x')", true],
    ["score = 1 or score = 2 and type = 'ribosome'", true],
    ["(score = 1 or score = 2) and type = 'x'", false],
    ["type not in ('a', 'b')", true],
    ["score in (-1, 2)", true],
    ["distance.membrane is missing and distance.membrane < 5 is missing", undefined],
    ["1 / 0 is missing", true],
    ["1 / 0 is null and score is not null", true],
    ["type contains 'bos' and type like 'r%s_m%' and type not contains 'x' and type not like 'r'", true],
    ["type contains score", "wanted a text in quotes"],
    ["score contains '2'", "this is a number, wanted a text"],
    ["SCORE = 2", "no column"],
    ["score<=2.0e0AND type<>'x'", "runs into a name"],
  ])("binds as written: %s", (text, expected) => {
    const row = [2, undefined, 1, "ribosome", "x"];
    if (typeof expected === "string") expect(() => compiled(text)(row)).toThrow(expected);
    else if (expected === undefined) expect(() => compiled(text)).toThrow("comparisons are not chained");
    else expect(compiled(text)(row)).toBe(expected);
  });

  it.each([
    [
      "distance.membran < 200",
      "there is no column distance.membran; did you mean distance.membrane?",
      "^".repeat(16),
      0,
    ],
    ["score > 1 and size < 2", "there is no column size; there is score", "^^^^", 14],
    ["score > ", "the end, wanted a number", "^", 8],
    ["score > 'a'", "a number is compared with a text", "^".repeat(11), 0],
    ["score", "this is a number, wanted a condition; compare it with something", "^^^^^", 0],
    ["score + type > 1", "this is a text, wanted a number", "^^^^", 8],
    ["1 < score < 2", "comparisons are not chained; write a < x and x < b", "^", 10],
    ["score > 1 && type = 'a'", '"&" means nothing here; write and', "^", 10],
    ["type = 'a", "a text has no end", "^", 7],
    ["[score > 1", "a name in brackets has no end", "^", 0],
    ["(score > 1", 'the end, wanted ")"', "^", 10],
    ["score > 1 type", "type follows a whole expression; join expressions by and, or", "^^^^", 10],
    ["type in 'a'", '"in" wants a list', "^^^", 8],
    ["type in ('a', score)", "score in a list, wanted a number or a text", "^^^^^", 14],
    ["type in ('a', 1)", "a text is looked for in a list with a number", "^", 14],
    ["type is 'a'", 'follows "is", wanted missing', "^^^", 8],
    ["score > 1e999", "a number is too large", "^", 8],
    ["", "the expression is empty", "^", 0],
    ["score > in", "a column of this name is written in [brackets]", "^^", 8],
  ])("refuses %s with the place", (text, message, carets, at) => {
    const fail = () => compiled(text);
    expect(fail).toThrow(message);
    try {
      fail();
    } catch (error) {
      const [sentence, line, mark] = (error as Error).message.split("\n");
      expect(sentence).toContain(`at character ${at + 1} of the expression`);
      expect(line).toBe(`  ${text}`);
      expect(mark).toBe(`  ${" ".repeat(at)}${carets}`);
    }
  });

  it("shows a stretch of a long expression in its error, not all of it", () => {
    const long = () => parseExpression(`${"1+".repeat(1500)}1=1`);
    expect(long).toThrow(/^.{1,100}\n {2}.{1,130}…\n {2}\^{1,60}$/);
  });

  it("bounds depth, length and parts", () => {
    expect(() => parseExpression(`${"(".repeat(200)}1${")".repeat(200)} = 1`)).toThrow("within one another");
    expect(() => parseExpression(`${"not ".repeat(200)}1 = 1`)).toThrow("within one another");
    expect(() => parseExpression(`${"- ".repeat(200)}1 = 1`)).toThrow("within one another");
    expect(() => parseExpression("1".padEnd(4001, " "))).toThrow("4001 characters");
    expect(() => parseExpression(`${"1+".repeat(1500)}1=1`)).toThrow("more than 1000 parts");
    expect(compiled(`${"1+".repeat(400)}1=401`)([])).toBe(true);
  });

  it("never throws anything but its own error, whatever the text", () => {
    const pieces = fc.constantFrom(
      ..."()[]'\"<>=!.,-+*/ e1",
      "and ",
      "or ",
      "not ",
      "in ",
      "is ",
      "missing",
      "score",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        try {
          compiled(parts.join(""))([1, 2, 3, "a", "b"]);
        } catch (error) {
          expect(error).toMatchObject({ tag: "BadUsage" });
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("lists the columns that are named", () => {
    const text = "not (a + b.c > 2 and [d e] in (1)) or a is missing";
    expect(columnsOf(parseExpression(text))).toEqual(["a", "b.c", "d e"]);
  });
});
