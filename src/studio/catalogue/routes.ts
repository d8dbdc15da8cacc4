/** What the page asks of surveys and of the data set as tables. */
import { z } from "zod";
import { jsonIn } from "../../formats/json.js";
import { json } from "../../serve/message.js";
import type { Call, Route } from "../../serve/routes.js";
import { PickbenchError } from "../../system/errors.js";
import type { Opened } from "../opened.js";
import type { Catalogue, CatalogueFacts } from "./catalogue.js";
import { Catalogues } from "./catalogues.js";
import { makeSubset, runsOfSubset } from "./newSubset.js";
import { spreadOf } from "./spread.js";

/** A catalogue as it is listed. */
export type ListedCatalogue = Pick<Catalogue, "id" | "kind" | "folder">;

/** What the page knows of a catalogue. */
export interface ShownCatalogue extends ListedCatalogue, CatalogueFacts {
  /** Whether subsets are written; else they are copied by hand. */
  readonly mayWrite: boolean;
}

/** The runs that an expression finds, in their order. */
export interface CatalogueOrder {
  readonly runs: readonly string[];
}

/** Bytes of the names of a subset. */
const mostBytes = 2 ** 24;

const subsetSchema = z.strictObject({
  name: z.string(),
  where: z.string().optional(),
  sort: z.string().optional(),
  runs: z.array(z.string()).optional(),
});

const reading =
  "this studio only reads; start it with --annotate to write subsets, or copy the names into survey/subsets/NAME.txt";

/** Routes of catalogues: their columns, orders and parts, a run's figures and pictures, and new subsets. */
export function catalogueRoutes(opened: Opened): Route[] {
  const { isAnnotating: isWriting } = opened;
  const catalogues = new Catalogues(opened);
  const of = (call: Call): Catalogue => catalogues.named(call.params.id!);
  return [
    {
      method: "GET",
      path: "/api/catalogues",
      answer: async () => json(catalogues.all.map(({ id, kind, folder }) => ({ id, kind, folder }))),
    },
    {
      method: "GET",
      path: "/api/catalogues/:id",
      answer: async (call) => json(await shown(of(call), isWriting)),
    },
    {
      method: "GET",
      path: "/api/catalogues/:id/order",
      answer: async (call) => json({ runs: await of(call).order(...asked(call)) } satisfies CatalogueOrder),
    },
    {
      method: "GET",
      path: "/api/catalogues/:id/rows",
      answer: async (call) => {
        const [where, sort] = asked(call);
        const part = { where, sort, columns: call.query.getAll("column") };
        const bounds = { offset: whole(call, "offset"), limit: whole(call, "limit") };
        return json(await catalogues.part(of(call), { ...part, ...bounds }));
      },
    },
    {
      method: "GET",
      path: "/api/catalogues/:id/spread",
      answer: async (call) =>
        json({ spread: (await spreadOf(of(call), call.query.get("column") ?? "")) ?? null }),
    },
    {
      method: "GET",
      path: "/api/catalogues/:id/runs/:run",
      answer: async (call) => json(await of(call).page(call.params.run!)),
    },
    {
      method: "GET",
      path: "/api/catalogues/:id/runs/:run/pictures/:name",
      answer: async (call) => {
        const { run, name } = call.params;
        const png = await catalogues.picture(of(call), run!, name!, call.signal);
        const headers = { "Cache-Control": "private, max-age=300" };
        return { status: png ? 200 : 204, type: "image/png", headers, body: png ?? "" };
      },
    },
    {
      method: "GET",
      path: "/api/catalogues/:id/subsets/:name",
      answer: async (call) => json({ runs: await runsOfSubset(of(call), call.params.name!) }),
    },
    {
      method: "POST",
      path: "/api/catalogues/:id/subsets",
      answer: async (call) => {
        if (!isWriting) throw new PickbenchError("BadUsage", reading);
        const body = subsetSchema.safeParse(jsonIn((await call.body(mostBytes)).toString("utf8")));
        if (!body.success) throw new PickbenchError("BadUsage", "a subset has a name and runs; give both");
        return json(await makeSubset(of(call), body.data));
      },
    },
  ];
}

async function shown(catalogue: Catalogue, isWriting: boolean): Promise<ShownCatalogue> {
  const { id, kind, folder } = catalogue;
  return { id, kind, folder, ...(await catalogue.facts()), mayWrite: isWriting && kind === "survey" };
}

/** The expression and the order; what is empty is none. */
const asked = ({ query }: Call): [where: string | undefined, sort: string | undefined] => [
  query.get("where")?.trim() || undefined,
  query.get("sort")?.trim() || undefined,
];

function whole({ query }: Call, name: string): number {
  const text = query.get(name) ?? "0";
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new PickbenchError("BadUsage", `${name} is ${text}, wanted a whole number`);
}
