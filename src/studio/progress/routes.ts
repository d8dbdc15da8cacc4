/** What the page asks of trainings, leaderboards and queues. */
import { json, nothing, type Reply } from "../../serve/message.js";
import type { Call, Route } from "../../serve/routes.js";
import { PickbenchError } from "../../system/errors.js";
import type { Opened } from "../opened.js";
import { Boards } from "./boards.js";
import { recordRows, traceDrawing, traceText } from "./made.js";
import { Plans } from "./plans.js";
import type { Training } from "./training.js";
import { Trainings } from "./trainings.js";

/** What a document from a folder may do when it is opened by itself: be looked at. */
const harmless = (style: string): Readonly<Record<string, string>> => ({
  "Content-Security-Policy": `sandbox; default-src 'none'; img-src data:; style-src ${style}`,
});

/** Routes of what goes on: trainings with their curves and records, leaderboards, queues. */
export function progressRoutes({ runFolders, submissions, isAnnotating, out }: Opened): Route[] {
  const trainings = new Trainings(isAnnotating ? [...runFolders, out] : runFolders);
  const boards = new Boards(submissions);
  const plans = new Plans();
  const get = (path: string, answer: (call: Call) => Promise<Reply>, still?: Route["still"]): Route => ({
    ...{ method: "GET", path: `/api/${path}`, answer },
    ...(still && { still }),
  });
  const once = async () => [{}];
  const each = async () => (await trainings.list()).trainings.map(({ id }) => ({ id }));
  const recorded = async () => (await trainings.list()).trainings.flatMap(recordedIds);
  const pathOf = async ({ params }: Call): Promise<string> => (await trainings.named(params.id!)).path;
  return [
    get("trainings", async () => json(await trainings.list()), once),
    get(
      "trainings/:id/curves",
      async (call) =>
        json(await trainings.curves(call.params.id!, number(call, "since"), number(call, "version"))),
      each,
    ),
    get(
      "trainings/:id/record",
      async (call) => json({ rows: await recordRows(await pathOf(call)) }),
      recorded,
    ),
    get("trainings/:id/trace", async (call) => json({ text: await traceText(await pathOf(call)) })),
    get("trainings/:id/trace.svg", async (call) => ({
      type: "image/svg+xml",
      headers: harmless("'unsafe-inline'"),
      body: await traceDrawing(await pathOf(call)),
    })),
    get("trainings/:id/report", async ({ params }) => {
      const page = await trainings.report(params.id!);
      const headers = harmless("'unsafe-inline'");
      return page ? { type: "text/html; charset=utf-8", headers, body: page } : nothing;
    }),
    get("boards", async () => json(await boards.all()), once),
    get("plans", async () => json(await plans.all(await trainings.plans()))),
    get("plans/:id/tasks/:task/log", async (call) => {
      const text = await plans.log(
        await trainings.plans(),
        call.params.id!,
        wholeIn(call.params.task!, "task"),
      );
      return json({ text });
    }),
  ];
}

/** A training whose record was read. */
const recordedIds = ({ id, experiment }: Training) => (experiment === null ? [] : [{ id }]);

function number({ query }: Call, name: string): number | undefined {
  const text = query.get(name);
  return text === null ? undefined : wholeIn(text, name);
}

function wholeIn(text: string, name: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new PickbenchError("BadUsage", `${name} is ${text}, wanted a whole number`);
}
