import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { most } from "../../../src/studio/annotations/edits.js";
import { annotationScene } from "../../support/annotationScene.js";
import { serveForTest } from "../../support/studioBrowser.js";

test("edits that are never understood have a status of their own, and a studio's address outlives it", async () => {
  const folder = await annotationScene(await mkdtemp(join(tmpdir(), "served-")));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const serve = () => serveForTest({ paths: [folder], isAnnotating: true });
  const studio = await serve();
  const post = async (body: unknown, run = "TS_1"): Promise<number> => {
    const path = `${studio.address}api/runs/${run}/annotations/edits`;
    return (await fetch(path, { method: "POST", body: JSON.stringify(body) })).status;
  };
  const runs = Array.from({ length: most.runNumbers + 3 }, () => 1);
  const long = { client: "a", number: 1, changes: [{ do: "paint", mask: "m", axis: 0, index: 0, runs }] };
  expect(await post({ edits: [long] })).toBe(422);
  const drop = { client: "a", number: 1, changes: [{ do: "delete", id: "x" }] };
  expect(await post({ edits: [drop] })).toBe(200);
  expect(await post({ edits: [drop] }, "no-run")).toBe(400);
  await studio.close();
  const next = await serve();
  await next.close();
  expect(next.address).toBe(studio.address);
});
