/** Notes that processes leave for later ones, as JSON: what cannot be understood is as good as none. */
import type * as z from "zod";
import { readIfThere } from "../paths/opening.js";

/**
 * Reads a note; undefined where there is none, where it is damaged, or where it is of another form.
 *
 * @throws Error of the system where the file cannot be read
 */
export async function readNoted<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text.toString("utf8")));
  } catch {
    return undefined;
  }
}
