// Tables of an experiment's keys in Markdown, from the schema that checks them.
import { z } from "zod";
import { markdownTable } from "./markdownTable.js";

/** Table of all keys of an experiment. */
export function experimentKeys(experimentSchema) {
  return keyTable(jsonOf(experimentSchema));
}

/** Table of the keys of a ranges file. */
export function rangesKeys(rangesSchema) {
  return keyTable(jsonOf(rangesSchema)).replaceAll(
    / or 2 numbers from [^|]+ \|/g,
    ", or `[least, greatest]` |",
  );
}

/** Table of the keys of a feature set: of one feature, of one interaction, and of the whole. */
export function featureSetKeys(featureSetSchema) {
  const { properties } = jsonOf(featureSetSchema);
  const { features, interactions, ...others } = properties;
  const rows = [
    ...rowsOf(features.items, "features: "),
    ...rowsOf(interactions.items, "interactions: "),
    ...rowsOf({ properties: others }, ""),
  ];
  return markdownTable(["key", "values", "default", "meaning"], rows);
}

/** Table of the keys of a workflow: of one field, of one step, and of the whole. */
export function workflowKeys(workflowSchema) {
  const { properties } = jsonOf(workflowSchema);
  const { fields, steps, ...others } = properties;
  const rows = [
    ...rowsOf({ properties: others }, ""),
    ...rowsOf(fields.additionalProperties, "fields: "),
    ...rowsOf(steps.additionalProperties, "steps: "),
  ];
  return markdownTable(["key", "values", "default", "meaning"], rows);
}

/** Table of the keys of a queue's profile. */
export function profileKeys(profileSchema) {
  return keyTable(jsonOf(profileSchema));
}

/** Table of the keys under `network` of an ONNX model. */
export function onnxKeys(networkSchema) {
  const external = jsonOf(networkSchema).anyOf.find(({ properties }) => properties?.onnx);
  return keyTable(external, "network.");
}

const jsonOf = (schema) => z.toJSONSchema(schema, { io: "input" });

function keyTable(schema, prefix = "") {
  return markdownTable(["key", "values", "default", "meaning"], rowsOf(schema, prefix));
}

/** A row for each key; keys of a mapping stand behind its name and a dot. */
function rowsOf({ properties, required = [] }, prefix) {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const name = `${prefix}${key}`;
    if (schema.properties) return rowsOf(schema, `${name}.`);
    if (!schema.description) throw new Error(`${name} has no description; give its schema one`);
    const initial = required.includes(key) ? "required" : defaultText(schema.default);
    const row = [`\`${name}\``, valuesText(schema), initial, schema.description];
    return [row, ...alternativesOf(schema.items ?? {}, name)];
  });
}

/** A row for each kind of what a list may hold. */
function alternativesOf({ oneOf = [] }, list) {
  return oneOf.map(({ properties: { kind, ...keys }, description }) => [
    `\`${list}: [{ kind: ${kind.const} }]\``,
    Object.keys(keys)
      .map((key) => `\`${key}\``)
      .join(", "),
    Object.entries(keys)
      .filter(([, { default: initial }]) => initial !== undefined)
      .map(([key, { default: initial }]) => `\`${key}\` ${initial}`)
      .join(", "),
    description,
  ]);
}

function defaultText(value) {
  if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return "–";
  if (typeof value === "number")
    return value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : String(value);
  return `\`${yamlText(value)}\``;
}

/** A value as YAML on one line. */
function yamlText(value) {
  if (Array.isArray(value)) return `[${value.map(yamlText).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value).map(([key, inner]) => `${key}: ${yamlText(inner)}`);
  return `{ ${entries.join(", ")} }`;
}

function valuesText(schema) {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.const !== undefined) return `\`${schema.const}\``;
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return [...new Set(alternatives.map(valuesText))].join(" or ");
  switch (schema.type) {
    case "boolean":
      return "true, false";
    case "integer":
    case "number":
      return `${schema.type === "integer" ? "whole number" : "number"}${boundsText(schema)}`;
    case "array":
      return listText(schema);
    case "object":
      return "mapping";
    default:
      return "text";
  }
}

function listText({ prefixItems, items }) {
  const each = valuesText(prefixItems?.[0] ?? items).replace(/^(whole number|number|text|mapping)/, "$1s");
  return prefixItems ? `${prefixItems.length} ${each}` : `list of ${each}`;
}

function boundsText({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  const unbounded = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER;
  if (minimum !== undefined && !unbounded) return ` from ${minimum} to ${maximum}`;
  const bounds = [
    minimum === undefined ? "" : ` of at least ${minimum}`,
    exclusiveMinimum === undefined ? "" : ` above ${exclusiveMinimum}`,
    unbounded ? "" : ` of at most ${maximum}`,
    exclusiveMaximum === undefined ? "" : ` below ${exclusiveMaximum}`,
  ];
  return bounds.filter((text) => text !== "").join(" and");
}
