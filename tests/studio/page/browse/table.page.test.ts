import { beforeEach, expect, test, vi } from "vitest";
import { fakeApi, question, settle } from "../answers.js";

vi.mock("../../../../src/web/studio/api.js", () => fakeApi);
const table = await import("../../../../src/web/studio/browse/table.js");

const shown = (id: string) => ({
  id,
  features: [],
  types: [],
  columns: [{ name: "noise" }],
  subsets: [],
});
const part = (runs: readonly string[]) => ({ rows: runs.map((run) => ({ run, values: [1] })) });

async function open(id: string, runs: readonly string[]): Promise<void> {
  const done = table.openCatalogue(id, () => "", "run");
  (await question(`api/catalogues/${id}`)).answer(shown(id));
  (await question(`api/catalogues/${id}/order`)).answer({ runs });
  await done;
}

beforeEach(() => open("a", ["TS_1", "TS_2"]));

test("columns that are chosen while an order is asked for let it come", async () => {
  const asked = table.ask("noise > 1", "run");
  const { answer } = await question("api/catalogues/a/order");
  table.showColumns(["noise"]);
  answer({ runs: ["TS_2"] });
  expect(await asked).toBe(true);
  expect([table.where.value, table.order.value]).toEqual(["noise > 1", ["TS_2"]]);
});

test("rows under way come where the next expression is wrong", async () => {
  table.want(0, 2);
  const rows = await question("api/catalogues/a/rows");
  const asked = table.ask("nonsense", "run");
  (await question("api/catalogues/a/order")).refuse(new Error("no such column"));
  expect(await asked).toBe(false);
  rows.answer(part(["TS_1", "TS_2"]));
  await settle();
  expect([table.hasCome("TS_1"), table.failure.value]).toEqual([true, "no such column"]);
});

test("rows of an order before are let go when the next has come", async () => {
  table.want(0, 2);
  const rows = await question("api/catalogues/a/rows");
  const asked = table.ask("", "noise desc");
  (await question("api/catalogues/a/order")).answer({ runs: ["TS_2", "TS_1"] });
  await asked;
  rows.answer(part(["TS_1", "TS_2"]));
  table.want(0, 2);
  (await question("api/catalogues/a/rows?sort=noise+desc")).answer(part(["TS_2", "TS_1"]));
  await settle();
  expect(table.hasCome("TS_2")).toBe(true);
});

test("a question is under way until the newest is answered", async () => {
  const first = table.ask("noise > 1", "run");
  await question("api/catalogues/a/order");
  const second = table.ask("noise > 2", "run");
  await first;
  expect(table.isAsking.value).toBe(true);
  (await question("api/catalogues/a/order")).answer({ runs: [] });
  await second;
  expect(table.isAsking.value).toBe(false);
});

test("what is written while a catalogue is on its way is asked of it", async () => {
  let written = "";
  const opening = table.openCatalogue("b", () => written, "run");
  const found = await question("api/catalogues/b");
  written = "noise > 1";
  found.answer(shown("b"));
  const order = await question("api/catalogues/b/order");
  expect(new URLSearchParams(order.path.split("?")[1]).get("where")).toBe(written);
  order.answer({ runs: ["TS_3"] });
  await opening;
  expect([table.where.value, table.order.value]).toEqual([written, ["TS_3"]]);
});

test("of two catalogues the one that was chosen last is shown, whichever comes first", async () => {
  const first = table.openCatalogue("b", () => "", "run");
  const second = table.openCatalogue("c", () => "", "run");
  const late = await question("api/catalogues/b");
  (await question("api/catalogues/c")).answer(shown("c"));
  (await question("api/catalogues/c/order")).answer({ runs: [] });
  await second;
  late.answer(shown("b"));
  await first;
  expect(table.catalogue.value?.id).toBe("c");
});
