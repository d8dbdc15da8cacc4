/** What the value of a workflow's field may be. */
import { suggestion } from "../system/nearest.js";
import { isNumber } from "./catalogue.js";
import type { Field, Scalar } from "./schema.js";

/** Says what is wrong with a field's value; undefined where nothing is. */
export function fieldFault({ type, choices = [] }: Field, value: Scalar): string | undefined {
  const got = `got ${JSON.stringify(value)}, wanted`;
  if (value === "") return `${got} ${type === "path" ? "a path" : "a value"}`;
  if (type === "number")
    return typeof value === "number" && Number.isFinite(value) ? undefined : `${got} a number`;
  if (type === "boolean") return typeof value === "boolean" ? undefined : `${got} true or false`;
  if (typeof value !== "string") return `${got} ${type === "path" ? "a path" : "text"}, in quotes`;
  if (type === "path") return value.includes("\0") ? `${got} a path` : undefined;
  if (type !== "choice" || choices.includes(value)) return undefined;
  return `${got} one of ${choices.join(", ")}${suggestion(value, choices)}`;
}

/** A text as a value of the field's type, where it can be one. */
export function typed({ type }: Field, text: string): Scalar {
  if (type === "number" && isNumber(text)) return Number(text);
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}
