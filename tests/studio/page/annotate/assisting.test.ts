import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { pageModel, studioPage } from "../../../support/studioPage.js";

studioPage();
afterAll(() => vi.unstubAllGlobals());
const { model } = await import("../../../../src/web/studio/annotate/annotating.js");
const { begin, byScore, look, stop, trouble } = await import(
  "../../../../src/web/studio/annotate/assisting.js"
);
const { run } = await import("../../../../src/web/studio/look/stage.js");

const asked: { readonly method: string; readonly body?: string }[] = [];
let refusal: string | undefined;
beforeEach(() => {
  asked.length = 0;
  refusal = undefined;
  vi.stubGlobal("fetch", async (_: string, { method = "GET", body }: RequestInit) => {
    asked.push({ method, ...(typeof body === "string" && { body }) });
    if (method !== "GET" && refusal !== undefined)
      return new Response(JSON.stringify({ error: { message: refusal } }), { status: 400 });
    return new Response(JSON.stringify({ models: [], jobs: [] }));
  });
});

test("a job is begun on the run that was looked at when it was asked for", async () => {
  let answer = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const waiting = pageModel({
    send: async (edits) => {
      await gate;
      return { number: edits.at(-1)!.number, refused: [] };
    },
  });
  waiting.act("mask", [{ do: "mask", mask: "m", shape: [1, 1, 1], spacing: [1, 1, 1] }]);
  model.value = waiting;
  run.value = "TS_1";
  const begun = begin("api/assist/suggest", { model: "net" });
  run.value = "TS_2";
  answer();
  await begun;
  expect(asked[0]).toEqual({ method: "POST", body: JSON.stringify({ run: "TS_1", model: "net" }) });
});

test("a job that cannot be stopped is told of, also after the next look", async () => {
  refusal = "this job has ended";
  await stop("job-1");
  expect(asked.map(({ method }) => method)).toEqual(["DELETE", "GET"]);
  await look();
  expect(trouble.value).toBe("this job has ended");
});

test("the rest of the suggestions are those below the score", () => {
  const scored = (score?: number) => ({ rest: score === undefined ? {} : { score } });
  const [low, equal, high, none] = [scored(0.2), scored(0.5), scored(0.9), scored()];
  expect(byScore([low, equal, high, none], 0.5)).toEqual([
    [equal, high],
    [low, none],
  ]);
});
