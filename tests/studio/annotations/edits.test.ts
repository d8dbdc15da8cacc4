import { expect, test } from "vitest";
import type { Call } from "../../../src/serve/routes.js";
import { editsSchema, most } from "../../../src/studio/annotations/edits.js";
import { bodyOf } from "../../../src/studio/annotations/routes.js";

const sent = (edits: object[]): Promise<unknown> => {
  const body = async (): Promise<Buffer> => Buffer.from(JSON.stringify({ edits }));
  return bodyOf({ body } as unknown as Call, editsSchema);
};
const edit = (...changes: object[]) => ({ client: "page", number: 1, changes });
const removed = { do: "delete", id: "a" };

test("what is too long is refused by a sentence that names the limit", async () => {
  const runs = Array<number>(most.runNumbers + 3).fill(1);
  const paint = { do: "paint", mask: "membrane", axis: 0, index: 0, runs };
  await expect(sent([edit(paint)])).rejects.toThrow("a stroke has at most 300000 numbers");
  const changes = Array<object>(most.changes + 1).fill(removed);
  await expect(sent([edit(...changes)])).rejects.toThrow("an edit has at most 20000 changes");
  const edits = Array<object>(most.edits + 1).fill(edit(removed));
  await expect(sent(edits)).rejects.toThrow("a message has at most 500 edits");
});
