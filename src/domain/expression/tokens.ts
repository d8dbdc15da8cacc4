/** Cuts the text of an expression into numbers, texts, names, words and signs. */
import { expressionError, type Span } from "./tree.js";

/** A piece of an expression. Words are names that have a meaning of their own, in lower case. */
export type Token = Span &
  (
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "text" | "name" | "word" | "sign"; readonly value: string }
    | { readonly kind: "end"; readonly value: "" }
  );

/** Words that cannot be names of columns unless in brackets. */
const words = ["and", "or", "not", "in", "is", "missing"];

/** Most characters of an expression. */
export const mostCharacters = 4000;

const space = /\s+/y;
const number = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const name = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*/y;
const bracketed = /\[([^[\]]+)\]/y;
const quoted = /"((?:[^"]|"")*)"|'((?:[^']|'')*)'/y;
const sign = /<=|>=|<>|!=|==|[-+*/<>=(),]/y;

/** Signs of other languages, and what is written here. */
const elsewhere: Readonly<Record<string, string>> = {
  "&": "and",
  "|": "or",
  "!": "not",
  "~": "not",
  "^": "x * x",
};

/**
 * Cuts a text into tokens; the last one is the end.
 *
 * @throws PickbenchError BadUsage with the place of a character that means nothing, of a text without its end, or for a
 * text that is too long
 */
export function tokensOf(text: string): Token[] {
  if (text.length > mostCharacters) {
    const what = `the expression has ${text.length} characters, wanted ${mostCharacters} at most`;
    throw expressionError(text, { what, at: { start: mostCharacters, end: mostCharacters + 1 } });
  }
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text) ?? undefined;
    if (found) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    match(space);
    const start = at;
    if (at === text.length) return [...tokens, { kind: "end", value: "", start, end: at }];
    const token = nextToken(match, (what) => {
      throw expressionError(text, { what, at: { start, end: start + 1 } });
    });
    tokens.push({ ...token, start, end: at } as Token);
    if (token.kind === "number" && /[A-Za-z_.]/.test(text[at] ?? ""))
      throw expressionError(text, {
        what: "a number runs into a name; put a space between them, or the name in [brackets]",
        at: { start, end: at + 1 },
      });
  }

  function nextToken(
    take: (pattern: RegExp) => RegExpExecArray | undefined,
    refuse: (what: string) => never,
  ): { readonly kind: Token["kind"]; readonly value: string | number } {
    const digits = take(number);
    if (digits) return { kind: "number", value: finite(Number(digits[0]), refuse) };
    const called = take(name)?.[0];
    if (called !== undefined) {
      const isWord = words.includes(called.toLowerCase());
      return isWord ? { kind: "word", value: called.toLowerCase() } : { kind: "name", value: called };
    }
    const inBrackets = take(bracketed)?.[1];
    if (inBrackets !== undefined) return { kind: "name", value: inBrackets.trim() };
    const said = take(quoted);
    if (said)
      return {
        kind: "text",
        value: said[1]?.replaceAll('""', '"') ?? said[2]!.replaceAll("''", "'"),
      };
    const operator = take(sign)?.[0];
    if (operator !== undefined) return { kind: "sign", value: operator };
    const character = String.fromCodePoint(text.codePointAt(at)!);
    if (character === '"' || character === "'") return refuse("a text has no end; close its quotes");
    if (character === "[") return refuse("a name in brackets has no end; close it with ]");
    const here = elsewhere[character];
    return refuse(
      `${JSON.stringify(character)} means nothing here${here === undefined ? "" : `; write ${here}`}`,
    );
  }
}

function finite(value: number, refuse: (what: string) => never): number {
  return Number.isFinite(value) ? value : refuse("a number is too large");
}
