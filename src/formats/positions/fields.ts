/** Fields of position files: numbers and names that are there or absent, as programs write them, and printed ones. */
import { PickbenchError } from "../../system/errors.js";
import { shortestText, sixDigitsText } from "../decimalText.js";

/** Makes the error of a broken place in a file, in one sentence. */
export const broken = (path: string, place: string, got: string, wanted: string): PickbenchError =>
  new PickbenchError("BadDataset", `${path}, ${place}: ${got}, wanted ${wanted}: mend the file`, { path });

const decimal = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const plainNumber = new RegExp(`^${decimal}$`);
/** A complex number as MATLAB and Python write it, with its real part. */
const complexNumber = new RegExp(
  String.raw`^\(?(${decimal}|[+-]?nan|[+-]?inf)[+-](?:${decimal}|nan|inf)[ij]\)?$`,
  "i",
);
/** How programs write that there is no number: pandas and starfile, NumPy, C, MATLAB, R, Python, JSON, spreadsheets. */
const absentNumber = /^(?:|<na>|n\/?a|#n\/a|[+-]?nan|[+-]?inf(?:inity)?|none|null|-+)$/i;
/** How programs write that there is no text; "none" and "NA" may be names. */
const absentText = /^(?:|<NA>|[nN]a[nN])$/;

/** Returns the real part of a number that MATLAB or Python wrote as complex; any other text as it is. */
export const realPart = (text: string): string => complexNumber.exec(text)?.[1] ?? text;

/** Tells whether a text says that there is no number. */
export const isAbsent = (text: string | undefined): boolean =>
  text === undefined || absentNumber.test(realPart(text));

/** Tells whether a text is a number, or says that there is none: what a reader takes in a column that it does not need. */
export const isNumberOrAbsent = (text: string): boolean => isAbsent(text) || plainNumber.test(realPart(text));

/** Returns a name that is there. */
export const textOrAbsent = (text: string | undefined): string | undefined =>
  text === undefined || absentText.test(text) ? undefined : text;

/**
 * Parses a finite decimal number that must be there.
 *
 * @throws PickbenchError BadDataset with the text that is no number
 */
export function numberOf(text: string | undefined, path: string, place: () => string, what: string): number {
  const value = text !== undefined && plainNumber.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw broken(path, place(), `${what} is ${JSON.stringify(text?.slice(0, 40) ?? "missing")}`, "a number");
}

/**
 * Parses a number that may be absent.
 *
 * @throws PickbenchError BadDataset for a text that neither is a number nor says that there is none
 */
export function optionalNumberOf(
  text: string | undefined,
  path: string,
  place: () => string,
  what: string,
): number | undefined {
  return isAbsent(text) ? undefined : numberOf(realPart(text!), path, place, what);
}

/**
 * Returns three numbers, or undefined where one of them is absent.
 *
 * @throws PickbenchError BadDataset for a text that neither is a number nor says that there is none
 */
export function optionalThree(
  texts: readonly (string | undefined)[],
  path: string,
  place: () => string,
  what: readonly string[],
): [number, number, number] | undefined {
  const values = texts.map((text, i) => optionalNumberOf(text, path, place, what[i]!));
  return values.includes(undefined) ? undefined : (values as [number, number, number]);
}

/**
 * Prints a number that goes into a file.
 *
 * @throws PickbenchError BadDataset where the arithmetic of the conversion has overflowed
 */
export function printed(value: number, print: (value: number) => string = shortestText): string {
  if (Number.isFinite(value)) return print(value);
  throw new PickbenchError(
    "BadDataset",
    `a number to be written is ${value}, too large for its unit; correct the positions, or --spacing and --size`,
  );
}

/** Prints a number of a MATLAB table: 0 in a column that nobody fills, NaN where others have one. */
export const numberIn = (isFilled: boolean, value: number | undefined): string =>
  value === undefined ? (isFilled ? "NaN" : "0") : printed(value);

/** Prints a number with six digits after the point, as RELION and others do. @throws PickbenchError as `printed` */
export const fixed = (value: number): string => printed(value, sixDigitsText);
