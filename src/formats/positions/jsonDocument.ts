/** JSON documents of positions, parsed by schemas. */
import type { z } from "zod";
import { PickbenchError } from "../../system/errors.js";
import { parseJson } from "../json.js";

/** Most bytes of a JSON text, a little below V8's longest string. */
const longestText = 2 ** 29 - 2 ** 10;

/**
 * Decodes the text of a JSON file.
 *
 * @throws PickbenchError BadDataset where it is longer than a string can be
 */
export function jsonText(path: string, bytes: Buffer): string {
  if (bytes.length <= longestText) return bytes.toString("utf8");
  throw new PickbenchError(
    "BadDataset",
    `${path} has ${bytes.length} bytes, wanted at most ${longestText} of JSON: split it`,
    { path },
  );
}

/**
 * Parses a JSON file by a schema.
 *
 * @throws PickbenchError BadDataset with the file and its first fault
 */
export function parseDocument<T>(path: string, bytes: Buffer, schema: z.ZodType<T>): T {
  return parseJsonText(path, "the document", jsonText(path, bytes), schema);
}

/** Parses a JSON text by a schema; `place` names the text in the message. */
function parseJsonText<T>(path: string, place: string, text: string, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parseJson(text, { path }));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new PickbenchError(
    "BadDataset",
    `${path}: ${[place, ...(issue?.path ?? [])].join(", ")}: ${issue?.message ?? "unreadable"}: mend the file`,
    { path },
  );
}
