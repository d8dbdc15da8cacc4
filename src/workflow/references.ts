/** References in a workflow's texts: `${FIELD}` and `${steps.STEP.ARGUMENT}`; `$${` stands for `${`. */
import type { Scalar } from "./schema.js";

/** What a reference names. */
export type Reference =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "step"; readonly step: string; readonly argument: string };

/** A text's parts, in their order. */
export type Part = string | Reference;

/** A value that was filled in: of a list, all its values. */
export type Value = Scalar | readonly Scalar[];

/** Divides a text at its references. Returns what is wrong as a sentence's end instead where one is not written so. */
export function partsOf(text: string): readonly Part[] | { readonly fault: string } {
  const parts: Part[] = [];
  let plain = "";
  let at = 0;
  for (const found of text.matchAll(/\$?\$\{/g)) {
    if (found.index < at) continue;
    plain += text.slice(at, found.index);
    at = found.index + found[0].length;
    if (found[0] === "$${") {
      plain += "${";
      continue;
    }
    const end = text.indexOf("}", at);
    if (end < 0) return { fault: `its \${ is not closed by }; close it, or write $\${ for \${` };
    const reference = referenceIn(text.slice(at, end));
    if (reference === undefined)
      return {
        fault: `\${${text.slice(at, end)}} is neither \${FIELD} nor \${steps.STEP.ARGUMENT}; mend it, or write $\${ for \${`,
      };
    if (plain !== "") parts.push(plain);
    parts.push(reference);
    plain = "";
    at = end + 1;
  }
  plain += text.slice(at);
  return plain !== "" || parts.length === 0 ? [...parts, plain] : parts;
}

function referenceIn(text: string): Reference | undefined {
  if (/^[\w-]+$/.test(text)) return { kind: "field", name: text };
  const [, step, argument] = /^steps\.([\w-]+)\.([\w-]+)$/.exec(text) ?? [];
  return step !== undefined && argument !== undefined ? { kind: "step", step, argument } : undefined;
}

/** Lists the references in a value; faulty texts have none. */
export function referencesIn(value: Value): Reference[] {
  return [value].flat().flatMap((each: Scalar) => {
    const parts = typeof each === "string" ? partsOf(each) : [];
    return "fault" in parts ? [] : parts.filter((part) => typeof part !== "string");
  });
}

/**
 * Fills in a value's references. One that stands alone keeps its type; a list that stands alone in a list becomes its values.
 *
 * @param lookup gives what a reference names; undefined where that is not known
 * @returns undefined where any reference is not known, or a list stands within text
 */
export function filled(value: Value, lookup: (reference: Reference) => Value | undefined): Value | undefined {
  if (!isList(value)) return filledOne(value, lookup);
  const all = value.map((each) => filledOne(each, lookup));
  return all.every((each) => each !== undefined) ? all.flat() : undefined;
}

export const isList = (value: Value): value is readonly Scalar[] => Array.isArray(value);

function filledOne(value: Scalar, lookup: (reference: Reference) => Value | undefined): Value | undefined {
  if (typeof value !== "string") return value;
  const parts = partsOf(value);
  if ("fault" in parts) return undefined;
  const values = parts.map((part) => (typeof part === "string" ? part : lookup(part)));
  if (values.length === 1) return values[0];
  if (values.some((each) => each === undefined || typeof each === "object")) return undefined;
  return values.join("");
}
