/**
 * Parses expressions over the columns of a table, such as `distance.membrane < 200 and type in ("ribosome")`, by recursive
 * descent. The room `expression` is how people select rows: the text becomes a tree of known kinds and then a function; no
 * part of it is ever run as code.
 *
 * | binds | operators |
 * |---|---|
 * | weakest | or |
 * | | and |
 * | | not |
 * | | = != < <= > >=, in (…), not in (…), contains, like, not contains, not like, is missing, is not missing |
 * | | + − |
 * | | * / |
 * | strongest | − before a value, (…) |
 */
import { type Token, tokensOf } from "./tokens.js";
import {
  type ArithmeticOperator,
  type ComparisonOperator,
  type Expression,
  expressionError,
  type Literal,
  type PatternOperator,
  type Span,
  type TextLiteral,
} from "./tree.js";

/** Most parts within one another. */
const mostDepth = 100;
/** Most parts in a row, as in a + b + c. */
const mostParts = 1000;

const patternOperators: readonly PatternOperator[] = ["contains", "like"];

/** Signs of comparisons, as they may be written. */
const comparisons: Readonly<Record<string, ComparisonOperator>> = {
  "=": "=",
  "==": "=",
  "!=": "!=",
  "<>": "!=",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};

/**
 * Parses an expression.
 *
 * @throws PickbenchError BadUsage with the place of the first fault: a sentence, and the text with carets below the place
 */
export function parseExpression(text: string): Expression {
  return new Parser(text).whole();
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #parts = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  whole(): Expression {
    if (this.#peek().kind === "end") this.#refuse("the expression is empty; write one like score > 0.5");
    const parsed = this.#or();
    if (this.#peek().kind !== "end")
      this.#refuse(`${this.#shown()} follows a whole expression; ${missingJoint}`);
    return parsed;
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #shown(): string {
    const { kind, start, end } = this.#peek();
    return kind === "end" ? "the end" : this.#text.slice(start, Math.min(end, start + 40));
  }

  #refuse(what: string, at: Span = this.#peek()): never {
    throw expressionError(this.#text, { what, at });
  }

  /** Takes the next token where it is this sign or word. */
  #takes(kind: "sign" | "word", value: string): boolean {
    if (this.#peek().kind !== kind || this.#peek().value !== value) return false;
    this.#next++;
    return true;
  }

  #isWord(value: string, ahead = 0): boolean {
    const token = this.#tokens[this.#next + ahead];
    return token?.kind === "word" && token.value === value;
  }

  /** Parses something inside something else. */
  #inside<Result>(parse: () => Result): Result {
    if (++this.#depth > mostDepth) this.#refuse(`more than ${mostDepth} parts lie within one another`);
    const result = parse();
    this.#depth--;
    return result;
  }

  #counted<Part extends Expression>(part: Part): Part {
    if (++this.#parts > mostParts) this.#refuse(`the expression has more than ${mostParts} parts`, part);
    return part;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#takes("word", "or")) left = this.#joined("or", left, this.#and());
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#takes("word", "and")) left = this.#joined("and", left, this.#not());
    return left;
  }

  #joined(kind: "and" | "or", left: Expression, right: Expression): Expression {
    return this.#counted({ kind, left, right, start: left.start, end: right.end });
  }

  #not(): Expression {
    const { start } = this.#peek();
    if (!this.#takes("word", "not")) return this.#comparison();
    const of = this.#inside(() => this.#not());
    return this.#counted({ kind: "not", of, start, end: of.end });
  }

  #comparison(): Expression {
    const left = this.#sum();
    const found = this.#comparisonOf(left);
    if (
      found !== left &&
      (this.#isComparison() || this.#patternOperator() || this.#isWord("in") || this.#isWord("is"))
    )
      this.#refuse("comparisons are not chained; write a < x and x < b");
    return found;
  }

  #isComparison(): boolean {
    return this.#peek().kind === "sign" && this.#peek().value in comparisons;
  }

  #comparisonOf(left: Expression): Expression {
    if (this.#isComparison()) {
      const operator = comparisons[this.#peek().value as string]!;
      this.#next++;
      const right = this.#sum();
      return this.#counted({
        kind: "comparison",
        operator,
        left,
        right,
        start: left.start,
        end: right.end,
      });
    }
    if (this.#takes("word", "is")) return this.#missing(left);
    const isNot = this.#isWord("not") && (this.#isWord("in", 1) || this.#patternOperator(1) !== undefined);
    if (isNot) this.#next++;
    const operator = this.#patternOperator();
    if (operator !== undefined) return this.#pattern(left, operator, isNot);
    return this.#takes("word", "in") ? this.#in(left, isNot) : left;
  }

  /** Operators on texts are words only behind a value, where no name can stand: columns may be called so. */
  #patternOperator(ahead = 0): PatternOperator | undefined {
    const token = this.#tokens[this.#next + ahead];
    if (token?.kind !== "name" || this.#text[token.start] === "[") return undefined;
    return patternOperators.find((each) => each === token.value.toLowerCase());
  }

  #pattern(of: Expression, operator: PatternOperator, isNot: boolean): Expression {
    this.#next++;
    const { kind, value, start, end } = this.#peek();
    if (kind !== "text") this.#refuse(`${this.#shown()} follows "${operator}", wanted a text in quotes`);
    this.#next++;
    const pattern = this.#counted({ kind: "text", value: String(value), start, end });
    return this.#counted({ kind: "pattern", operator, of, pattern, isNot, start: of.start, end });
  }

  #missing(of: Expression): Expression {
    const isNot = this.#takes("word", "not");
    const { kind, value, end } = this.#peek();
    const isNull = kind === "name" && value.toLowerCase() === "null";
    if (isNull) this.#next++;
    else if (!this.#takes("word", "missing"))
      this.#refuse(`${this.#shown()} follows "is", wanted missing or not missing; compare values with =`);
    return this.#counted({ kind: "missing", of, isNot, start: of.start, end });
  }

  #in(of: Expression, isNot: boolean): Expression {
    if (!this.#takes("sign", "(")) this.#refuse(`"in" wants a list in parentheses, as in ("a", "b")`);
    const values: (Literal | TextLiteral)[] = [];
    do values.push(this.#counted(this.#literal()));
    while (this.#takes("sign", ","));
    const { end } = this.#peek();
    if (!this.#takes("sign", ")")) this.#refuse(`${this.#shown()} in a list, wanted "," or ")"`);
    return this.#counted({ kind: "in", of, values, isNot, start: of.start, end });
  }

  #literal(): Literal | TextLiteral {
    const { start } = this.#peek();
    const isNegative = this.#takes("sign", "-");
    const token = this.#peek();
    if (token.kind === "number") {
      this.#next++;
      return { kind: "number", value: isNegative ? -token.value : token.value, start, end: token.end };
    }
    if (token.kind === "text" && !isNegative) {
      this.#next++;
      return { kind: "text", value: token.value, start, end: token.end };
    }
    return this.#refuse(`${this.#shown()} in a list, wanted a number or a text in quotes`);
  }

  #sum(): Expression {
    return this.#chain(["+", "-"], () => this.#product());
  }

  #product(): Expression {
    return this.#chain(["*", "/"], () => this.#value());
  }

  #chain(operators: readonly ArithmeticOperator[], part: () => Expression): Expression {
    let left = part();
    for (;;) {
      const operator = operators.find((each) => this.#takes("sign", each));
      if (operator === undefined) return left;
      const right = part();
      const span = { start: left.start, end: right.end };
      left = this.#counted({ kind: "arithmetic", operator, left, right, ...span });
    }
  }

  #value(): Expression {
    const token = this.#peek();
    const { start, end } = token;
    if (this.#takes("sign", "-")) {
      const of = this.#inside(() => this.#value());
      return this.#counted({ kind: "negative", of, start, end: of.end });
    }
    if (this.#takes("sign", "(")) {
      const inner = this.#inside(() => this.#or());
      const close = this.#peek().end;
      if (!this.#takes("sign", ")")) this.#refuse(`${this.#shown()}, wanted ")"; ${missingJoint}`);
      return { ...inner, start, end: close };
    }
    if (token.kind === "number") {
      this.#next++;
      return this.#counted({ kind: "number", value: token.value, start, end });
    }
    if (token.kind === "text") {
      this.#next++;
      return this.#counted({ kind: "text", value: token.value, start, end });
    }
    if (token.kind === "name") {
      this.#next++;
      return this.#counted({ kind: "column", name: token.value, start, end });
    }
    const isWord = token.kind === "word" ? "; a column of this name is written in [brackets]" : "";
    return this.#refuse(`${this.#shown()}, wanted a number, a text in quotes, a column or "("${isWord}`);
  }
}

const missingJoint = "join expressions by and, or";
