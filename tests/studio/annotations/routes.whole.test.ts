// What a studio that annotates answers to whoever asks wrongly.
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { annotationScene } from "../../support/annotationScene.js";
import { serveForTest } from "../../support/studioBrowser.js";

test("edits that are no edits, too long, of other runs or from other pages change nothing, and say why", async () => {
  const folder = await annotationScene(await mkdtemp(join(tmpdir(), "routes-")));
  const studio = await serveForTest({ paths: [folder], isAnnotating: true, out: join(folder, "studio") });
  onTestFinished(() => studio.close());
  const add = { do: "add", id: "a", type: "ribosome", at: [1, 2, 3] };
  const edit = { client: "page", number: 1, changes: [add] };
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${studio.address}api/${path}`, {
      method: "POST",
      headers,
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const sentence = async (answer: Response): Promise<string> =>
    ((await answer.json()) as { error: { message: string } }).error.message;
  const edits = "runs/TS_1/annotations/edits";
  for (const changes of [
    [],
    [{ ...add, do: "drop" }],
    [{ ...add, at: [1, 2] }],
    [{ ...add, at: [1, 2, 1e9] }],
    [{ ...add, id: "../a" }],
    [{ ...add, more: 1 }],
  ]) {
    const answer = await post(edits, { edits: [{ ...edit, changes }] });
    expect(answer.status).toBe(422);
    expect(await sentence(answer)).toContain("is not understood");
  }
  expect((await post(edits, "nonsense")).status).toBe(422);
  for (const run of ["TS_9", "..", "%2e%2e", "static"])
    expect((await post(`runs/${run}/annotations/edits`, { edits: [edit] })).status).toBeGreaterThanOrEqual(
      400,
    );
  expect((await post(edits, { edits: [edit] }, { Origin: "https://evil.example" })).status).toBe(403);
  expect((await post(edits, { edits: [edit] }, { "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
  for (const body of [
    { run: "TS_1", tomogram: "denoised", model: "../../etc/passwd" },
    { run: "TS_1", tomogram: "../x", model: "cell" },
  ])
    expect((await post("assist/suggest", body)).status).toBe(400);
  for (const budget of ["10m --out /", "; rm", "-1m", "1 day"])
    expect((await post("assist/train", { run: "TS_1", tomogram: "denoised", budget })).status).toBe(400);
  expect(
    await sentence(await post("assist/train", { run: "TS_1", tomogram: "denoised", budget: "1m" })),
  ).toContain("nothing to train on");

  expect(await readdir(folder)).not.toContain("studio");
  const picks = join(folder, "overlay", "ExperimentRuns", "TS_1", "Picks");
  expect(await readdir(picks)).toEqual(["bertha_1_ribosome.json"]);
  expect((await post(edits, { edits: [edit] })).status).toBe(200);
  expect(await sentence(await post(edits, `[${"0,".repeat(5_000_000)}0]`))).toContain("send less at once");
});
