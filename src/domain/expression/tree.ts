/** The syntax tree of an expression over the columns of a table, and the error that points into its text. */
import { PickbenchError } from "../../system/errors.js";

/** Part of the text that an expression was written in: from its first character to before `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type ArithmeticOperator = "+" | "-" | "*" | "/";
/** Whether a text holds another, or is as a pattern says in which % stands for any characters and _ for one. */
export type PatternOperator = "contains" | "like";
export type ComparisonOperator = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** A number or a text as it stands in an expression. */
export type Literal = { readonly kind: "number"; readonly value: number } & Span;
export type TextLiteral = { readonly kind: "text"; readonly value: string } & Span;

/** An expression; each part knows its place in the text. */
export type Expression =
  | Literal
  | TextLiteral
  | ({ readonly kind: "column"; readonly name: string } & Span)
  | ({ readonly kind: "negative"; readonly of: Expression } & Span)
  | ({
      readonly kind: "arithmetic";
      readonly operator: ArithmeticOperator;
      readonly left: Expression;
      readonly right: Expression;
    } & Span)
  | ({
      readonly kind: "comparison";
      readonly operator: ComparisonOperator;
      readonly left: Expression;
      readonly right: Expression;
    } & Span)
  | ({
      readonly kind: "in";
      readonly of: Expression;
      readonly values: readonly (Literal | TextLiteral)[];
      readonly isNot: boolean;
    } & Span)
  | ({
      readonly kind: "pattern";
      readonly operator: PatternOperator;
      readonly of: Expression;
      readonly pattern: TextLiteral;
      readonly isNot: boolean;
    } & Span)
  | ({ readonly kind: "missing"; readonly of: Expression; readonly isNot: boolean } & Span)
  | ({ readonly kind: "not"; readonly of: Expression } & Span)
  | ({ readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression } & Span);

/** What is wrong at a place of an expression. */
export interface Fault {
  readonly what: string;
  readonly at: Span;
}

/** Characters of the text that are shown of a fault, and on each side of it. */
const shown = 60;

/** Makes the error of a fault: a sentence, then the text with carets below the place. */
export function expressionError(text: string, { what, at }: Fault): PickbenchError {
  const from = Math.max(0, at.start - shown);
  const end = Math.min(Math.max(at.end, at.start + 1), at.start + shown);
  const to = Math.min(text.length, end + shown);
  const line = text.slice(from, to).replaceAll(/\s/g, " ");
  const carets = "^".repeat(Math.max(1, Math.min(end, to) - at.start));
  const left = from > 0 ? "…" : "";
  const right = to < text.length ? "…" : "";
  return new PickbenchError(
    "BadUsage",
    `${what}, at character ${at.start + 1} of the expression\n  ${left}${line}${right}\n  ${" ".repeat(left.length + at.start - from)}${carets}`,
  );
}
