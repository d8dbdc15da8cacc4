/** The values that a workflow's fields are given from outside. */

import { meantOrThere } from "../system/nearest.js";
import { withHome } from "../system/paths/home.js";
import { mistakesText } from "../system/schema/issues.js";
import { fieldFault, typed } from "./fields.js";
import type { Field, Scalar } from "./schema.js";
import { bad, reference, type Workflow } from "./workflow.js";

/** Values by the names of their fields. */
export type FieldValues = Readonly<Record<string, Scalar>>;

/** Divides NAME=VALUE; undefined for what is not written so. */
export function pairIn(word: string): readonly [name: string, text: string] | undefined {
  const at = word.indexOf("=");
  return at > 0 ? [word.slice(0, at), word.slice(at + 1)] : undefined;
}

/**
 * Reads values as they are given on a command line, `NAME=VALUE`.
 *
 * @throws PickbenchError BadUsage that names every mistake
 */
export function givenFields(workflow: Workflow, given: readonly string[]): FieldValues {
  const values: Record<string, Scalar> = {};
  const mistakes = given.flatMap((word) => {
    const pair = pairIn(word);
    if (pair === undefined)
      return [
        `--set ${word}: wanted NAME=VALUE; write it like --set ${[...workflow.fields.keys()][0] ?? "data"}=…`,
      ];
    const [name, text] = pair;
    const field = workflow.fields.get(name);
    if (field === undefined) return [`--set ${word}: ${noField(name, workflow)}`];
    if (Object.hasOwn(values, name)) return [`--set ${name}: is given twice; leave one`];
    const value = typed(field, text);
    const fault = fieldFault(field, value);
    if (fault !== undefined) return [`--set ${name}: ${fault}`];
    values[name] = value;
    return [];
  });
  if (mistakes.length > 0) throw bad(workflow.origin, mistakesText(mistakes, reference));
  return values;
}

/**
 * Returns the values of all fields: those that are given, and the defaults of the others.
 *
 * @throws PickbenchError BadUsage that names every field without a value, and every value that does not fit
 */
export function fieldValues(workflow: Workflow, given: FieldValues): ReadonlyMap<string, Scalar> {
  const unknown = Object.keys(given).filter((name) => !workflow.fields.has(name));
  const wrong = Object.entries(given).flatMap(([name, value]) => {
    const field = workflow.fields.get(name);
    const fault = field && fieldFault(field, value);
    return fault === undefined ? [] : [`the field ${name}: ${fault}`];
  });
  const missing = missingFields(workflow, given);
  const mistakes = [
    ...unknown.map((name) => noField(name, workflow)),
    ...wrong,
    ...missing.map(
      ([name, { type, describe }]) =>
        `the field ${name} has no value (${[type, describe].filter(Boolean).join(": ")}); give --set ${name}=…`,
    ),
  ];
  if (mistakes.length > 0) throw bad(workflow.origin, mistakesText(mistakes, reference));
  return new Map(
    [...workflow.fields].map(([name, field]) => {
      const value = given[name] ?? field.default!;
      return [name, field.type === "path" ? withHome(String(value)) : value] as const;
    }),
  );
}

/** Lists the fields that have neither a default nor a given value. */
export const missingFields = ({ fields }: Workflow, given: FieldValues): [string, Field][] =>
  [...fields].filter(([name, field]) => field.default === undefined && !Object.hasOwn(given, name));

function noField(name: string, { fields }: Workflow): string {
  const known = [...fields.keys()];
  return `there is no field ${JSON.stringify(name)}${known.length === 0 ? "; it has none" : meantOrThere(name, known)}`;
}
