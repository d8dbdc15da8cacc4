/** What the page asks of annotations. */
import type { z } from "zod";
import { jsonIn } from "../../formats/json.js";
import { bytes, json, type Reply } from "../../serve/message.js";
import type { Call, Route } from "../../serve/routes.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import { editsSchema } from "./edits.js";
import type { Annotations } from "./session.js";

/** Bytes of a message of edits. */
const mostBytes = 8 * 2 ** 20;

/** Routes of a session that is open. */
export const annotationRoutes = (annotations: Annotations): Route[] => [
  {
    method: "GET",
    path: "/api/runs/:run/annotations",
    answer: async ({ params }) => json((await annotations.run(params.run!)).state()),
  },
  {
    method: "POST",
    path: "/api/runs/:run/annotations/edits",
    answer: async (call) => {
      const message = await bodyOf(call, editsSchema, mostBytes).catch(neverUnderstood);
      if (!("edits" in message)) return message;
      return json(await annotations.submit(call.params.run!, message.edits));
    },
  },
  {
    method: "GET",
    path: "/api/runs/:run/annotations/masks/:mask/:axis/:index",
    answer: async ({ params: { run, mask, axis, index } }) => {
      const slice = await (await annotations.run(run!)).maskSlice(mask!, axisOf(axis), wholeOf(index));
      return bytes(slice);
    },
  },
];

/** Answers edits that no later try will make understood with a status of their own. */
function neverUnderstood(error: unknown): Reply {
  if (!isPickbenchError(error) || error.tag !== "BadUsage") throw error;
  return json({ error: { tag: error.tag, message: error.message } }, 422);
}

/** Reads a request's JSON. @throws BadUsage where it is none, or not of the schema */
export async function bodyOf<T>(call: Call, schema: z.ZodType<T>, most?: number): Promise<T> {
  const text = (await call.body(most)).toString("utf8");
  const parsed = schema.safeParse(jsonIn(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new PickbenchError(
    "BadUsage",
    `the page sent ${issue!.path.join(".") || "something"} that is not understood (${issue!.message}); load the page again`,
  );
}

const axisNames = ["z", "y", "x"];

function axisOf(text: string | undefined): 0 | 1 | 2 {
  const at = axisNames.indexOf(text ?? "");
  if (at >= 0) return at as 0 | 1 | 2;
  throw new PickbenchError("BadUsage", `${text} is no axis, wanted z, y or x`);
}

function wholeOf(text: string | undefined): number {
  if (text !== undefined && /^\d{1,6}$/.test(text)) return Number(text);
  throw new PickbenchError("BadUsage", `${text} is no whole number of up to six digits`);
}
