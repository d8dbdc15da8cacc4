/** Scipion's workflows: a list of protocols as JSON; in templates, lines of description before it, and fields in its values. */
import { z } from "zod";
import { parseJson } from "../../formats/json.js";
import { printableLine } from "../../present/printable.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { checkLimit } from "../../system/limits.js";
import { readText } from "../../system/paths/opening.js";

/** A value of a protocol's parameter: plain, or an output of another protocol, or several of them. */
export type Parameter = string | number | boolean | null | readonly unknown[] | object;

/** One protocol of a workflow of Scipion. */
export interface Protocol {
  readonly className: string;
  readonly id: string;
  readonly label: string;
  readonly isQueued: boolean;
  /** Ids of protocols that it waits for. */
  readonly prerequisites: readonly string[];
  readonly parameters: ReadonlyMap<string, Parameter>;
}

/** A value that a template asks for. */
export interface TemplateField {
  readonly title: string;
  readonly default: string;
  readonly type: "string" | "number" | "boolean" | "path";
  /** Another name of it. */
  readonly alias: string;
}

/** An output of a protocol as another names it. */
export interface OutputName {
  readonly id: string;
  readonly output: string;
}

export interface ScipionWorkflow {
  /** What stands before the list. */
  readonly description: string;
  readonly protocols: readonly Protocol[];
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const protocolSchema = z
  .object({
    "object.className": z.string().min(1),
    "object.id": z.union([z.string(), z.number()]).transform(String),
    "object.label": scalar.optional(),
    _useQueue: scalar.optional(),
    _prerequisites: scalar.optional(),
  })
  .catchall(z.unknown());

/** Parameters that say how a protocol is run, not what it does. */
const manners =
  /^(object\.|_|runName$|runMode$|hostName$|numberOfThreads$|numberOfMpi$|binThreads$|gpuList$|useGpu$|memory$)/;

/**
 * Reads a workflow as Scipion exports it, or a template.
 *
 * @throws PickbenchError BadUsage for what is neither
 */
export async function readScipion(path: string): Promise<ScipionWorkflow> {
  const bad = (why: string, cause?: unknown) =>
    new PickbenchError(
      "BadUsage",
      `${path}: it is no workflow of Scipion: ${why}; give a .json that Scipion exports, or a .json.template`,
      { path, cause },
    );
  let text: string;
  try {
    text = await readText(path);
  } catch (error) {
    throw bad(`it cannot be read (${messageOf(error)})`, error);
  }
  checkLimit("headerBytes", text.length, { what: "the workflow", path, tag: "BadUsage" });
  const begin = /^\s*\[/m.exec(text)?.index;
  if (begin === undefined) throw bad("it has no list of protocols");
  const content = parseJson(text.slice(begin), { path, what: "its list of protocols is", tag: "BadUsage" });
  const parsed = z.array(protocolSchema).safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw bad(`${issue?.path.join(".") || "the list"}: ${issue?.message}`, parsed.error);
  }
  const protocols = parsed.data.map(protocolOf);
  const ids = new Set<string>();
  for (const { id } of protocols) {
    if (ids.has(id)) throw bad(`two protocols have the id ${JSON.stringify(id)}`);
    ids.add(id);
  }
  return { description: printableLine(text.slice(0, begin).trim().replace(/\s+/g, " ")), protocols };
}

function protocolOf(found: z.infer<typeof protocolSchema>): Protocol {
  const { "object.className": className, "object.id": id, "object.label": label, _prerequisites } = found;
  return {
    ...{ className: printableLine(className), id: printableLine(id) },
    label: printableLine(String(label ?? className)).trim() || className,
    isQueued: found._useQueue === true || found._useQueue === "True",
    prerequisites: String(_prerequisites ?? "").match(/\d+/g) ?? [],
    parameters: new Map(
      Object.entries(found).flatMap(([name, value]) =>
        manners.test(name) || value === undefined ? [] : [[name, value as Parameter] as const],
      ),
    ),
  };
}

/** The outputs that a parameter names. */
export const outputsIn = (value: Parameter | undefined): OutputName[] =>
  [value].flat().flatMap((each) => {
    const [, id, output] = typeof each === "string" ? (/^(\d+)\.([A-Za-z_]\w*)$/.exec(each) ?? []) : [];
    return id !== undefined && output !== undefined ? [{ id, output }] : [];
  });

const types = { 0: "string", 1: "boolean", 2: "path", 3: "number", 4: "number", 6: "path" } as const;

/** Reads `~Title|default|type|alias~`; undefined for any other value. */
export function templateFieldIn(value: Parameter | undefined): TemplateField | undefined {
  const [, inside] = typeof value === "string" ? (/^~(.*)~$/s.exec(value) ?? []) : [];
  if (inside === undefined) return undefined;
  const [title = "", fallback = "", type = "0", alias = ""] = inside
    .split("|")
    .map((part) => printableLine(part.trim()));
  return { title, default: fallback, type: types[Number(type) as keyof typeof types] ?? "string", alias };
}
