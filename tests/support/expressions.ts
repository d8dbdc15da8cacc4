/** Random expressions for tests, printed in pickbench's words and in SQL's. */

import type { Column, Value } from "../../src/domain/expression/compile.js";
import fc from "./properties.js";

type Row = Readonly<Record<string, Value>>;

/** An expression as a test sees it: its text here and its text in SQL. */
interface Written {
  readonly text: string;
  readonly sql: string;
  /** Evaluates it by the definition of missing values; undefined where it is missing. */
  readonly value: (row: Row) => number | string | boolean | undefined;
}

export const columns: readonly Column[] = [
  { name: "score", type: "number" },
  { name: "distance.membrane", type: "number" },
  { name: "virus-like particle", type: "number" },
  { name: "type", type: "text" },
  { name: "not", type: "text" },
];

/** Columns whose names are no plain names, or words of the language. */
const bracketed = ["virus-like particle", "not"];

const columnOf = (type: Column["type"]): fc.Arbitrary<Written> =>
  fc.constantFrom(...columns.filter((each) => each.type === type)).map(({ name }) => ({
    text: bracketed.includes(name) ? `[${name}]` : name,
    sql: `"${name}"`,
    value: (row: Row) => row[name],
  }));

const numberLiteral = fc
  .constantFrom(0, 1, 2, 3.5, 0.25)
  .map((value): Written => ({ text: String(value), sql: value.toFixed(2), value: () => value }));

/** Parts of the words, and patterns of which some fit. */
const patterns = ["o", "", "r%e", "%b__o%", "it_s", "%", ".*", "RIBOSOME"];

const words = ["ribosome", "it's", 'a "b"', ""];
const textLiteral = fc.constantFrom(...words).map(
  (value): Written => ({
    text: value.includes("'") ? JSON.stringify(value) : `'${value}'`,
    sql: `'${value.replaceAll("'", "''")}'`,
    value: () => value,
  }),
);

type Numbers = (row: Row) => number | undefined;

const operations: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => (b === 0 ? Number.NaN : a / b),
};

const orders: Readonly<Record<string, (a: number | string, b: number | string) => boolean>> = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => !(a > b),
  ">": (a, b) => a > b,
  ">=": (a, b) => !(a < b),
};

const both =
  <In, Out>(a: (row: Row) => unknown, b: typeof a, of: (a: In, b: In) => Out) =>
  (row: Row): Out | undefined => {
    const [left, right] = [a(row), b(row)];
    return left === undefined || right === undefined ? undefined : of(left as In, right as In);
  };

const orMissing = (value: number | undefined): number | undefined =>
  value === undefined || Number.isNaN(value) ? undefined : value;

/** Random conditions. */
export const conditions: fc.Arbitrary<Written> = fc.letrec<Record<"number" | "text" | "condition", Written>>(
  (tie) => ({
    number: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      columnOf("number"),
      numberLiteral,
      tie("number").map((of) => ({
        text: `-${of.text.startsWith("-") ? `(${of.text})` : of.text}`,
        sql: `-(${of.sql})`,
        value: (row: Row) => {
          const value = (of.value as Numbers)(row);
          return value === undefined ? undefined : -value;
        },
      })),
      fc
        .tuple(tie("number"), fc.constantFrom(...Object.keys(operations)), tie("number"))
        .map(([a, by, b]) => ({
          text: `(${a.text} ${by} ${b.text})`,
          sql: `(${a.sql} ${by} ${b.sql})`,
          value: (row: Row) => orMissing(both(a.value, b.value, operations[by]!)(row) as number | undefined),
        })),
    ),
    text: fc.oneof(columnOf("text"), textLiteral),
    condition: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      ...(["number", "text"] as const).map((kind) =>
        fc.tuple(tie(kind), fc.constantFrom(...Object.keys(orders)), tie(kind)).map(([a, by, b]) => ({
          text: `${a.text} ${by} ${b.text}`,
          sql: `(${a.sql} ${by} ${b.sql})`,
          value: both(a.value, b.value, orders[by]!),
        })),
      ),
      fc
        .tuple(columnOf("text"), fc.boolean(), fc.array(textLiteral, { minLength: 1, maxLength: 3 }))
        .map(listed),
      fc
        .tuple(columnOf("number"), fc.boolean(), fc.array(numberLiteral, { minLength: 1, maxLength: 3 }))
        .map(listed),
      fc
        .tuple(
          columnOf("text"),
          fc.boolean(),
          fc.constantFrom("contains", "like"),
          fc.constantFrom(...patterns),
        )
        .map(patterned),
      fc.tuple(fc.oneof(tie("number"), tie("text")), fc.boolean()).map(([of, isNot]) => ({
        text: `${of.text} is ${isNot ? "not " : ""}missing`,
        sql: `((${of.sql}) is ${isNot ? "not " : ""}null)`,
        value: (row: Row) => (of.value(row) === undefined) !== isNot,
      })),
      tie("condition").map((of) => ({
        text: `NOT (${of.text})`,
        sql: `(not ${of.sql})`,
        value: (row: Row) => {
          const value = of.value(row);
          return value === undefined ? undefined : !value;
        },
      })),
      fc.tuple(tie("condition"), fc.constantFrom("and", "or"), tie("condition")).map(([a, by, b]) => ({
        text: `(${a.text}) ${by} (${b.text})`,
        sql: `(${a.sql} ${by} ${b.sql})`,
        value: (row: Row) => {
          const values = [a.value(row), b.value(row)];
          const decides = by === "or";
          return values.includes(decides) ? decides : values.includes(undefined) ? undefined : !decides;
        },
      })),
    ),
  }),
).condition;

/** By SQL's `instr` and, case told apart, `like`. */
function patterned([of, isNot, operator, pattern]: [Written, boolean, string, string]): Written {
  const not = isNot ? "not " : "";
  const quoted = `'${pattern}'`;
  return {
    text: `${of.text} ${not}${operator} ${quoted}`,
    sql: operator === "like" ? `(${of.sql} ${not}like ${quoted})` : `(${not}instr(${of.sql}, ${quoted}) > 0)`,
    value: (row: Row) => {
      const value = of.value(row) as string | undefined;
      if (value === undefined) return undefined;
      return (
        (operator === "like" ? isLike(value, pattern) : value.split(pattern).length > 1 || pattern === "") !==
        isNot
      );
    },
  };
}

/** SQL's `like` by its definition, character after character. */
function isLike(value: string, pattern: string): boolean {
  if (pattern === "") return value === "";
  const rest = pattern.slice(1);
  if (pattern[0] === "%") return isLike(value, rest) || (value !== "" && isLike(value.slice(1), pattern));
  return value !== "" && (pattern[0] === "_" || pattern[0] === value[0]) && isLike(value.slice(1), rest);
}

function listed([of, isNot, values]: [Written, boolean, Written[]]): Written {
  const form = (key: "text" | "sql") =>
    `${of[key]} ${isNot ? "not " : ""}in (${values.map((each) => each[key]).join(", ")})`;
  return {
    text: form("text"),
    sql: `(${form("sql")})`,
    value: (row: Row) => {
      const value = of.value(row);
      return value === undefined ? undefined : values.some((each) => each.value({}) === value) !== isNot;
    },
  };
}

/** Random rows, in which half of the values are missing. */
export const rows: fc.Arbitrary<Value[]> = fc.tuple(
  ...columns.map(({ type }) =>
    fc.oneof(
      fc.constant<Value>(undefined),
      type === "number"
        ? fc.constantFrom<Value[]>(0, 1, 2, -1.5, 3.5)
        : fc.constantFrom<Value[]>(...words, "membrane"),
    ),
  ),
);
