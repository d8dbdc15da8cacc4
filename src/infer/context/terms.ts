/** What is asked of the surroundings of positions, as it is written on the command line. */
import type { Column } from "../../domain/expression/compile.js";
import type { DustRule } from "../../domain/morphology/dust.js";
import { PickbenchError } from "../../system/errors.js";

/** Columns that every position has, whose names no term can take. */
export const ownColumns: readonly Column[] = [
  { name: "run", type: "text" },
  { name: "type", type: "text" },
  { name: "x", type: "number" },
  { name: "y", type: "number" },
  { name: "z", type: "number" },
  { name: "score", type: "number" },
  { name: "instance", type: "number" },
];

/** Mean of a feature's map in a ball. */
export interface SampleTerm {
  /** Name of the column. */
  readonly name: string;
  readonly feature: string;
  /** Radius of the ball in Å. */
  readonly radius: number;
  /** Å along the particle's axis by which the place is moved; 0 for the position itself. */
  readonly offset: number;
}

/** Distance to a feature above a threshold. */
export interface DistanceTerm {
  readonly name: string;
  readonly feature: string;
  readonly threshold: number;
  readonly dust?: DustRule;
  readonly offset: number;
}

const sampleForm = "[NAME=]FEATURE:RADIUS[:OFFSET], as in membrane:100 or membrane:100:-50";
const distanceForm = "[NAME=]FEATURE:THRESHOLD[:DUST[:OFFSET]], as in membrane:0.5 or membrane:0.5:100000";

const badTerm = (flag: string, text: string, why: string, form: string): PickbenchError =>
  new PickbenchError("BadUsage", `${flag} is ${text}: ${why}, wanted ${form}`);

/**
 * Parses `--sample`.
 *
 * @param along Å along the particle's axis for a term that names no offset
 * @throws PickbenchError BadUsage
 */
export function parseSample(text: string, along: number): SampleTerm {
  const { name, feature, parts } = cut("--sample", text, sampleForm, 2);
  const radius = numberOf(parts[0]!, "the radius", "--sample", text, sampleForm);
  if (radius <= 0) throw badTerm("--sample", text, "the radius is not above 0 Å", sampleForm);
  const offset = offsetOf(parts[1], along, "--sample", text, sampleForm);
  const own = `sample.${columnWord(feature)}${columnWord(parts[0]!)}${movedBy(offset)}`;
  return { name: name ?? own, feature, radius, offset };
}

/** Parses `--distance`. @throws PickbenchError BadUsage */
export function parseDistance(text: string, along: number): DistanceTerm {
  const { name, feature, parts } = cut("--distance", text, distanceForm, 3);
  const threshold = numberOf(parts[0]!, "the threshold", "--distance", text, distanceForm);
  const dust = parseDust("--distance", text, parts[1], distanceForm);
  const offset = offsetOf(parts[2], along, "--distance", text, distanceForm);
  const own = `distance.${columnWord(feature)}${movedBy(offset)}`;
  return { name: name ?? own, feature, threshold, ...(dust ? { dust } : {}), offset };
}

/**
 * Parses the dust of a term: Å³ that a component has at least, or below 0 how many of the largest stay; undefined where it
 * is absent, empty or 0.
 *
 * @throws PickbenchError BadUsage
 */
export function parseDust(
  flag: string,
  text: string,
  part: string | undefined,
  form: string,
): DustRule | undefined {
  if (part === undefined || part === "") return undefined;
  const value = numberOf(part, "the dust", flag, text, form);
  if (value === 0) return undefined;
  if (value > 0) return { least: value };
  if (!Number.isInteger(value))
    throw badTerm(flag, text, `${part} is no whole number of components to keep`, form);
  return { largest: -value };
}

interface Cut {
  readonly name: string | undefined;
  readonly feature: string;
  readonly parts: readonly string[];
}

const columnName = /^[A-Za-z_]\w*(?:\.\w+)*$/;

function cut(flag: string, text: string, form: string, most: number): Cut {
  const [, name, rest = text] = /^([^=:]*)=(.*)$/.exec(text) ?? [];
  if (name !== undefined && !columnName.test(name))
    throw badTerm(
      flag,
      text,
      `${JSON.stringify(name)} is no name of a column (letters, digits, _ and dots)`,
      form,
    );
  if (ownColumns.some((own) => own.name === name))
    throw badTerm(flag, text, `${name} is a column that positions have already; choose another name`, form);
  const [feature = "", ...parts] = rest.split(":").map((part) => part.trim());
  if (feature === "") throw badTerm(flag, text, "the feature has no name", form);
  if (parts.length === 0) throw badTerm(flag, text, "it has no colon and number", form);
  if (parts.length > most) throw badTerm(flag, text, `it has ${parts.length} numbers`, form);
  return { name, feature, parts };
}

/** Parses a number of a term. @throws PickbenchError BadUsage */
export function numberOf(part: string, what: string, flag: string, text: string, form: string): number {
  const value = part === "" ? Number.NaN : Number(part);
  if (Number.isFinite(value)) return value;
  throw badTerm(flag, text, `${what} is ${JSON.stringify(part)}, no number`, form);
}

function offsetOf(part: string | undefined, along: number, flag: string, text: string, form: string): number {
  return part === undefined ? along : numberOf(part.replace(/^±/, ""), "the offset", flag, text, form);
}

/** Returns a text as part of a column's name. */
export const columnWord = (text: string): string => text.replaceAll(/\W/g, "_");

const movedBy = (offset: number): string =>
  offset === 0 ? "" : `.${offset > 0 ? "p" : "m"}${columnWord(String(Math.abs(offset)))}`;
