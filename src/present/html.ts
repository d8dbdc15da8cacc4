/** Templates of HTML with escaping. */
import { printable } from "./printable.js";

export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A value that a template accepts. */
export type Content = Html | string | number | null | undefined | false | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes the characters that end text or a quoted attribute, or that turn its direction. */
const escaped = (text: string): string =>
  printable(text).replace(/[&<>"']/g, (character) => entities[character]!);

/** Builds HTML from a template: values are escaped unless they are Html; null, undefined and false add nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.reduce((text, string, i) => text + textOf(values[i - 1]) + string));
}

/** Parts of HTML, each in lines of its own. */
export const lines = (parts: readonly Html[]): Html => new Html(parts.map(({ text }) => text).join("\n"));

function textOf(content: Content): string {
  if (content === null || content === undefined || content === false) return "";
  if (content instanceof Html) return content.text;
  if (typeof content === "object") return content.map(textOf).join("");
  return escaped(String(content));
}
