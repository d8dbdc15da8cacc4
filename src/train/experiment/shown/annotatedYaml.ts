/** An experiment as YAML with a word on every key, and a mark on those that differ from their defaults. */
import { Document, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import type { z } from "zod";
import { canonicalJson } from "../../../system/files.js";
import { isMapping } from "../../../system/mapping.js";
import { type Experiment, experimentSchema } from "../schema.js";
import { valueText } from "./differences.js";

type Schema = z.core.$ZodType;
type Mapping = Readonly<Record<string, unknown>>;

/** Keys that every experiment says for itself, so that none of their values is a change. */
const ownKeys: readonly string[] = ["name", "question", "network", "splits", "loss", "budget"];

const columns = 118;

/** Writes an experiment with every default filled in; each key has its description above it. */
export function annotatedYaml(experiment: Experiment): string {
  const { name, network, splits } = experiment;
  const defaults = experimentSchema.parse({ name, network, splits }) as Mapping;
  const document = new Document(experiment);
  const contents = document.contents as unknown as YAMLMap;
  for (const pair of contents.items) {
    const isOwn = ownKeys.includes(keyOf(pair));
    annotate(pair, {
      schema: experimentSchema,
      value: experiment,
      defaults: isOwn ? null : defaults,
      depth: 0,
    });
  }
  document.commentBefore =
    " Every key with its meaning; `changed` marks those that are not at their default.";
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** The mapping that a key stands in. */
interface Place {
  readonly schema: Schema;
  readonly value: unknown;
  /** Its defaults; null where nothing is a change. */
  readonly defaults: unknown;
  readonly depth: number;
}

const keyOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : "");

function annotate(pair: Pair, { schema, value, defaults, depth }: Place): void {
  const key = keyOf(pair);
  const shape = shapeFor(schema, value);
  const inner = shape?.[key];
  const own = (value as Mapping)[key];
  const usual = defaults === null ? null : (defaults as Mapping | undefined)?.[key];
  const node = pair.value as Node | null;
  const comment = [
    ...(inner ? wrapped(descriptionOf(inner, own), columns - 2 * depth) : []),
    ...changeOf(own, usual),
  ];
  if (comment.length > 0 && isScalar(pair.key))
    pair.key.commentBefore = comment.map((line) => ` ${line}`).join("\n");
  const below = { value: own, defaults: usual, depth: depth + 1 };
  if (isMap(node)) {
    for (const each of node.items) annotate(each, { ...below, schema: inner ?? schema });
  } else if (isSeq(node)) {
    if (node.items.every(isScalar)) node.flow = true;
    else for (const item of node.items) if (isMap(item)) item.flow = true;
  }
}

/** Marks a value that is not the default; a mapping whose default is one is marked key by key. */
function changeOf(own: unknown, usual: unknown): string[] {
  if (usual === null) return [];
  if (isMapping(own) && isMapping(usual)) return [];
  if (usual !== undefined && canonicalJson(own) === canonicalJson(usual)) return [];
  return [`changed; ${usual === undefined ? "absent by default" : `default ${valueText(usual)}`}`];
}

/** Returns the keys of the mapping that a value is by its schema; undefined where it is none. */
function shapeFor(schema: Schema, value: unknown): Readonly<Record<string, Schema>> | undefined {
  const { def } = schema._zod;
  if (def.type === "union")
    return (schema as z.core.$ZodUnion)._zod.def.options
      .filter((option) => (option as z.ZodType).safeParse(value).success)
      .map((option) => shapeFor(option, value))
      .find((shape) => shape !== undefined);
  if ("innerType" in def) return shapeFor(def.innerType as Schema, value);
  return def.type === "object" ? (schema as z.core.$ZodObject)._zod.def.shape : undefined;
}

/** Returns what a schema says of its value, under all defaults; nothing where it says nothing. */
function descriptionOf(schema: Schema, value: unknown): string {
  const { description } = schema as z.ZodType;
  if (description !== undefined) return description.replaceAll("`", "");
  const { def } = schema._zod;
  if ("innerType" in def) return descriptionOf(def.innerType as Schema, value);
  return "";
}

/** Breaks a text into lines of at most so many columns. */
function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter((each) => each !== "")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= most)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
