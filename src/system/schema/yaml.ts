/**
 * YAML, parsed with a bound to its nesting. The room `schema` reads what people write by strict schemas and says what is
 * wrong in sentences.
 */
import { type Document, isCollection, isPair, type LineCounter, parseDocument } from "yaml";
import { limits } from "../limits.js";

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
