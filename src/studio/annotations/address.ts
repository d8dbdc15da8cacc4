/** The address of a studio that annotates, which the next one takes: open pages go on, and a browser finds the edits it keeps for it. */
import { z } from "zod";
import { jsonIn } from "../../formats/json.js";
import { notePath, readNote, writeNote } from "./ownNotes.js";
import type { Annotator } from "./places.js";

const schema = z.strictObject({
  port: z.number().int().min(1).max(65_535),
  token: z.string().regex(/^[\w-]{32}$/),
});

/** Port and token of a server. */
export type KeptAddress = z.infer<typeof schema>;

const pathOf = (annotator: Annotator): Promise<string> => notePath(annotator, "address");

/** Returns the address that the last studio of this user has left; undefined where none was. */
export async function addressLeft(annotator: Annotator): Promise<KeptAddress | undefined> {
  return schema.safeParse(jsonIn((await readNote(await pathOf(annotator))) ?? "")).data;
}

/** Keeps an address, for this user of the machine alone. @param url of the server, with its token */
export async function keepAddress(annotator: Annotator, url: string): Promise<void> {
  const { port, pathname } = new URL(url);
  const address = { port: Number(port), token: pathname.slice(1) };
  await writeNote(await pathOf(annotator), `${JSON.stringify(address)}\n`);
}
