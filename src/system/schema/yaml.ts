/**
 * YAML, parsed with a bound to its nesting. The room `schema` reads what people write by strict schemas and says what is
 * wrong in sentences.
 */
import { type Document, isCollection, isPair, LineCounter, parseDocument } from "yaml";
import { messageOf, PickbenchError } from "../errors.js";
import { limits } from "../limits.js";
import { readText } from "../paths/opening.js";

/** What a file of YAML is, for messages about it. */
export interface YamlKind {
  /** As after "give the path of": "a workflow's YAML". */
  readonly file: string;
  /** Where every key is explained. */
  readonly reference: string;
}

/**
 * Reads what a file of YAML holds, as plain data; `origin` names it in messages, its path if absent.
 *
 * @throws PickbenchError BadUsage for what cannot be read or is no YAML
 */
export async function readYaml(path: string, { file, reference }: YamlKind, origin = path): Promise<unknown> {
  const bad = (what: string, cause: unknown) =>
    new PickbenchError("BadUsage", `${origin}: ${what}`, { path: origin, cause });
  const text = await readText(path).catch((error: unknown) => {
    throw bad(`it cannot be read (${messageOf(error)}); give the path of ${file}`, error);
  });
  const lines = new LineCounter();
  try {
    const document = yamlDocument(text, lines);
    const fault = syntaxFault(document, lines);
    if (fault !== undefined) throw bad(`${fault}; ${reference}`, document.errors[0]);
    return plainContent(document);
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw bad(`its YAML cannot be taken (${messageOf(error)}); write the values out`, error);
  }
}

/**
 * Parses YAML; faults of syntax are in the document's errors.
 *
 * @throws RangeError where it nests deeper than `limits.jsonDepth`
 */
export function yamlDocument(text: string, lineCounter?: LineCounter): Document {
  const document = parsed(text, lineCounter);
  let level: unknown[] = [document.contents];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limits.jsonDepth.most) throw tooDeep();
    level = level.flatMap((node) => (isCollection(node) ? node.items.flatMap(partsOf) : []));
  }
  return document;
}

/** Returns where the first fault of a document's syntax is, and which; undefined where there is none. */
export function syntaxFault({ errors: [broken] }: Document, lines: LineCounter): string | undefined {
  return broken && `line ${lines.linePos(broken.pos[0]).line} is not valid YAML (${broken.message})`;
}

/** Returns a document's content. @throws ReferenceError where its aliases unfold to very much */
export const plainContent = (document: Document): unknown => document.toJS({ maxAliasCount: 10 });

const partsOf = (item: unknown): unknown[] => (isPair(item) ? [item.key, item.value] : [item]);

const tooDeep = (): RangeError => new RangeError(`it nests deeper than ${limits.jsonDepth.most} levels`);

function parsed(text: string, lineCounter: LineCounter | undefined): Document {
  try {
    return parseDocument(text, { prettyErrors: false, ...(lineCounter && { lineCounter }) });
  } catch (error) {
    // The parser calls itself for each level, until the stack is full.
    throw error instanceof RangeError ? tooDeep() : error;
  }
}
