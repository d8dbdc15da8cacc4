/** Text of files, folders and servers without what a terminal or a page would obey instead of showing. */

/**
 * What is not shown but obeyed: control characters, which begin the escape sequences of terminals (C0 but tab and line
 * feed, DEL, C1: ECMA-48); format characters, among them those that turn the direction of text (UAX #9; Cf but the two
 * joiners, which many scripts are written with); separators of lines and paragraphs; halves of surrogate pairs.
 */
const obeyed = /[^\P{Cc}\t\n]|[^\P{Cf}\u200c\u200d]|[\p{Zl}\p{Zp}\p{Cs}]/gu;
const obeyedOrNewLine = new RegExp(`${obeyed.source}|[\\t\\n]`, "gu");

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
    .join("");

/**
 * Returns text with every character that would be obeyed as `\u001b`; tabs and line feeds stay. In a JSON document the
 * same value is read from it.
 */
export const printable = (text: string): string => text.replace(obeyed, escaped);

/** Returns text that is one line: as `printable`, with tabs and line feeds as `\u0009` and `\u000a`. */
export const printableLine = (text: string): string => text.replace(obeyedOrNewLine, escaped);
