/** The YAML of experiments: written, and parsed with a bound to its nesting. */
import { type Document, isCollection, isPair, type LineCounter, parseDocument, stringify } from "yaml";
import { limits } from "../../system/limits.js";
import { featuresForFolder } from "./features.js";
import { furtherForFolder } from "./furtherData.js";
import { networkForFolder } from "./networkChoice.js";
import type { Experiment } from "./schema.js";
import { startForFolder } from "./startChoice.js";

/** Writes the experiment as YAML for a file in `folder`, with comment lines above. */
export function experimentYaml(experiment: Experiment, folder: string, comment: readonly string[]): string {
  const { network, from, data, features } = experiment;
  return `${comment.map((line) => `# ${line}\n`).join("")}${stringify({
    ...experiment,
    network: networkForFolder(folder, network),
    data: furtherForFolder(folder, data),
    from: from && startForFolder(folder, from),
    ...(features && { features: featuresForFolder(folder, features) }),
  })}`;
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
