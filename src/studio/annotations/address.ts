/** The address of a studio that annotates, which the next one takes: open pages go on, and a browser finds the edits it keeps for it. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { jsonIn } from "../../formats/json.js";
import { readIfThere } from "../../system/paths/opening.js";
import { type Annotator, sessionFolder } from "./places.js";

const schema = z.strictObject({
  port: z.number().int().min(1).max(65_535),
  token: z.string().regex(/^[\w-]{32}$/),
});

/** Port and token of a server. */
export type KeptAddress = z.infer<typeof schema>;

const pathOf = (annotator: Annotator): string => join(sessionFolder(annotator), "address.json");

/** Returns the address that the last studio has left; undefined where none was. */
export async function addressLeft(annotator: Annotator): Promise<KeptAddress | undefined> {
  const bytes = await readIfThere(pathOf(annotator));
  return schema.safeParse(jsonIn(bytes?.toString("utf8") ?? "")).data;
}

/** Keeps an address, for this user of the machine alone. @param url of the server, with its token */
export async function keepAddress(annotator: Annotator, url: string): Promise<void> {
  const { port, pathname } = new URL(url);
  const path = pathOf(annotator);
  await rm(path, { force: true });
  const text = `${JSON.stringify({ port: Number(port), token: pathname.slice(1) })}\n`;
  await writeFile(path, text, { mode: 0o600, flag: "wx" });
}
