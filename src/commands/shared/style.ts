/** Colour on terminals: plain text where NO_COLOR is set, where the terminal is dumb, and where nothing is a terminal. */
import { randomBytes } from "node:crypto";

export interface Style {
  readonly bold: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
}

interface Stream {
  readonly isTTY?: boolean;
}

/** Stands for the escape character of the program's own codes; no text from elsewhere can hold it. */
const own = `\u001b${randomBytes(8).toString("hex")}`;

/** Returns how text for a stream is set off, for `print`. See https://no-color.org for NO_COLOR. */
export function styleFor(stream: Stream, env: NodeJS.ProcessEnv = process.env): Style {
  const isOn = stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  const code = (on: number, off: number) => (text: string) =>
    isOn ? `${own}[${on}m${text}${own}[${off}m` : text;
  return {
    bold: code(1, 22),
    faint: code(2, 22),
    red: code(31, 39),
    yellow: code(33, 39),
  };
}

/** Returns text with the terminal's codes where `styleFor` set it off; all else goes through `clean`. */
export const withCodes = (text: string, clean: (text: string) => string): string =>
  text.split(own).map(clean).join("\u001b");
