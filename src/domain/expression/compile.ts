/**
 * Makes functions over rows of expressions. Types are checked before any row is read.
 *
 * Missing values are those of SQL: what is computed from or compared with one is missing, as is a division by 0 and a
 * result that is no finite number; `not` of missing is missing; `and` is false where one side is, `or` is true where one
 * side is, and else missing where a side is. `is missing` alone answers.
 */
import { nearest } from "../../system/nearest.js";
import {
  type ComparisonOperator,
  type Expression,
  expressionError,
  type Fault,
  type PatternOperator,
} from "./tree.js";

/** A value in a table; undefined where it is missing. A number that is not finite counts as missing. */
export type Value = number | string | undefined;

/** A column: its name and what its values are. */
export interface Column {
  readonly name: string;
  readonly type: "number" | "text";
}

/** Answers whether a row, with a value for each column, is selected; undefined where missing values leave it open. */
export type Condition = (row: readonly Value[]) => boolean | undefined;

type Kind = Column["type"] | "condition";
type Evaluated = number | string | boolean | undefined;
type Compute = (row: readonly Value[]) => Evaluated;

interface Compiled {
  readonly kind: Kind;
  readonly compute: Compute;
}

/** Most columns that an error lists. */
const mostNamed = 30;

const kindNames: Readonly<Record<Kind, string>> = {
  number: "a number",
  text: "a text",
  condition: "a condition",
};

/**
 * Makes the condition of an expression over columns.
 *
 * @param text that the expression was parsed from
 * @throws PickbenchError BadUsage with the place of a column that does not exist, of kinds that do not go together, or for
 * an expression that is no condition
 */
export function compileCondition(
  text: string,
  expression: Expression,
  columns: readonly Column[],
): Condition {
  const compiler = new Compiler(text, columns);
  return compiler.of(expression, "condition") as Condition;
}

/** Lists the columns that an expression names, each once. */
export function columnsOf(expression: Expression): string[] {
  const names = new Set<string>();
  const visit = (part: Expression): void => {
    if (part.kind === "column") names.add(part.name);
    if ("of" in part) visit(part.of);
    if ("left" in part) {
      visit(part.left);
      visit(part.right);
    }
  };
  visit(expression);
  return [...names];
}

class Compiler {
  readonly #text: string;
  readonly #columns: readonly Column[];

  constructor(text: string, columns: readonly Column[]) {
    this.#text = text;
    this.#columns = columns;
  }

  /** Compiles a part that must be of a kind. */
  of(part: Expression, wanted: Kind): Compute {
    const { kind, compute } = this.#any(part);
    if (kind === wanted) return compute;
    const comparison = kind === "condition" ? "" : "; compare it with something";
    return this.#refuse({
      what: `this is ${kindNames[kind]}, wanted ${kindNames[wanted]}${wanted === "condition" ? comparison : ""}`,
      at: part,
    });
  }

  #refuse(fault: Fault): never {
    throw expressionError(this.#text, fault);
  }

  #any(part: Expression): Compiled {
    switch (part.kind) {
      case "number":
      case "text": {
        const { value } = part;
        return { kind: part.kind, compute: () => value };
      }
      case "column":
        return this.#column(part);
      case "negative": {
        const of = this.of(part.of, "number");
        return { kind: "number", compute: (row) => negative(of(row) as number | undefined) };
      }
      case "arithmetic":
        return this.#arithmetic(part);
      case "comparison":
        return this.#comparison(part);
      case "in":
        return this.#in(part);
      case "pattern":
        return this.#pattern(part);
      case "missing": {
        const { isNot } = part;
        const { compute } = this.#any(part.of);
        return { kind: "condition", compute: (row) => (compute(row) === undefined) !== isNot };
      }
      case "not": {
        const of = this.of(part.of, "condition") as Condition;
        return { kind: "condition", compute: (row) => opposite(of(row)) };
      }
      default:
        return this.#joined(part);
    }
  }

  #column(part: Extract<Expression, { kind: "column" }>): Compiled {
    const index = this.#columns.findIndex(({ name }) => name === part.name);
    if (index >= 0) return { kind: this.#columns[index]!.type, compute: (row) => present(row[index]) };
    const names = this.#columns.map(({ name }) => name);
    const meant = nearest(part.name, names);
    const some = `${names.slice(0, mostNamed).join(", ")}${names.length > mostNamed ? `, … (${names.length})` : ""}`;
    const known = meant === undefined ? `there is ${some}` : `did you mean ${meant}?`;
    return this.#refuse({ what: `there is no column ${part.name}; ${known}`, at: part });
  }

  #arithmetic(part: Extract<Expression, { kind: "arithmetic" }>): Compiled {
    const { operator } = part;
    const left = this.of(part.left, "number");
    const right = this.of(part.right, "number");
    const compute = (row: readonly Value[]): number | undefined => {
      const [a, b] = [left(row) as number | undefined, right(row) as number | undefined];
      return a === undefined || b === undefined ? undefined : finite(arithmetic[operator](a, b));
    };
    return { kind: "number", compute };
  }

  #comparison(part: Extract<Expression, { kind: "comparison" }>): Compiled {
    const left = this.#any(part.left);
    const right = this.#any(part.right);
    if (left.kind !== right.kind || left.kind === "condition")
      this.#refuse({
        what: `${kindNames[left.kind]} is compared with ${kindNames[right.kind]}, wanted two numbers or two texts`,
        at: part,
      });
    const compare = comparisons[part.operator];
    const compute = (row: readonly Value[]): boolean | undefined => {
      const [a, b] = [left.compute(row), right.compute(row)];
      return a === undefined || b === undefined ? undefined : compare(a as number, b as number);
    };
    return { kind: "condition", compute };
  }

  #in(part: Extract<Expression, { kind: "in" }>): Compiled {
    const { isNot } = part;
    const { kind, compute } = this.#any(part.of);
    const wrong = part.values.find((value) => value.kind !== kind);
    if (wrong)
      this.#refuse({
        what: `${kindNames[kind]} is looked for in a list with ${kindNames[wrong.kind]}`,
        at: wrong,
      });
    const values = new Set<Evaluated>(part.values.map(({ value }) => value));
    return {
      kind: "condition",
      compute(row) {
        const value = compute(row);
        return value === undefined ? undefined : values.has(value) !== isNot;
      },
    };
  }

  #pattern(part: Extract<Expression, { kind: "pattern" }>): Compiled {
    const { isNot, operator } = part;
    const of = this.of(part.of, "text");
    const fulfils = patternTests[operator](part.pattern.value);
    return {
      kind: "condition",
      compute(row) {
        const value = of(row) as string | undefined;
        return value === undefined ? undefined : fulfils(value) !== isNot;
      },
    };
  }

  #joined(part: Extract<Expression, { kind: "and" | "or" }>): Compiled {
    const left = this.of(part.left, "condition") as Condition;
    const right = this.of(part.right, "condition") as Condition;
    const decides = part.kind === "or";
    return {
      kind: "condition",
      compute(row) {
        const a = left(row);
        if (a === decides) return decides;
        const b = right(row);
        if (b === decides) return decides;
        return a === undefined || b === undefined ? undefined : !decides;
      },
    };
  }
}

const present = (value: Value): Value => (typeof value === "number" ? finite(value) : value);
const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);
const negative = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : -value;
const opposite = (value: boolean | undefined): boolean | undefined =>
  value === undefined ? undefined : !value;

/** Both tell large letters from small ones. */
const patternTests: Readonly<Record<PatternOperator, (pattern: string) => (value: string) => boolean>> = {
  contains: (pattern) => (value) => value.includes(pattern),
  like(pattern) {
    const wanted = [...pattern];
    return (value) => isLike([...value], wanted);
  },
};

/** Tells whether characters are as a pattern says, going back to the last % alone: time grows with their product at most. */
function isLike(value: readonly string[], pattern: readonly string[]): boolean {
  let [at, next, any, begun] = [0, 0, -1, 0];
  while (at < value.length) {
    if (pattern[next] === "%") [any, begun, next] = [next, at, next + 1];
    else if (next < pattern.length && (pattern[next] === "_" || pattern[next] === value[at]))
      [at, next] = [at + 1, next + 1];
    else if (any >= 0) [begun, at, next] = [begun + 1, begun + 1, any + 1];
    else return false;
  }
  while (pattern[next] === "%") next++;
  return next === pattern.length;
}

const arithmetic = {
  "+": (a: number, b: number) => a + b,
  "-": (a: number, b: number) => a - b,
  "*": (a: number, b: number) => a * b,
  "/": (a: number, b: number) => a / b,
} as const;

/** Texts are compared by their UTF-16 units. */
const comparisons: Readonly<Record<ComparisonOperator, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};
