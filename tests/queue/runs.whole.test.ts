/** Commands that go run by run, in processes of this machine: the same bytes as the command alone. */
import { readdirSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { angstrom } from "../../src/domain/units.js";
import { createMrc } from "../../src/formats/mrc/writer.js";
import { blobs } from "../support/matchingScene.js";
import { type QueueScene, queueScene, well } from "../support/queueScene.js";

let scene: QueueScene;
beforeAll(async () => {
  scene = await queueScene();
});
afterAll(() => rm(scene.folder, { recursive: true }));

const here = ["--queue", "local", "--jobs", "2", "--quiet"];
const runs = () => ["--data", scene.data, "--runs", "TS_S1,TS_S2,TS_S3", "--threads", "1"];

/** The files of a folder by path, but for a record of the whole call, which holds times. */
function filesIn(folder: string, apart?: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(
    paths
      .map((path) => [relative(folder, path), readFileSync(path, "base64")] as const)
      .filter(([path]) => path !== apart),
  );
}

test("segment", async () => {
  const set = join(scene.folder, "features.yaml");
  const [, model] = scene.submit;
  const feature = (name: string) =>
    `  - { name: ${name}, model: ${JSON.stringify(model)}, output: ${name} }\n`;
  await writeFile(set, `features:\n${feature("apo-ferritin")}${feature("ribosome")}`);
  const call = ["segment", set, ...runs(), "--allow-code", scene.submit[3]!];
  const [alone, queued] = [join(scene.folder, "segmented"), join(scene.folder, "segmented-queue")];
  const first = await well(...call, "--out", alone, "--labels", "--quiet");
  const ended = await well(...call, "--out", queued, "--labels", ...here);
  expect(ended.stdout.replaceAll(queued, alone)).toBe(first.stdout);
  expect(Object.keys(filesIn(alone)).length).toBeGreaterThan(10);
  expect(filesIn(queued)).toEqual(filesIn(alone));
  const again = await well(...call, "--out", queued, "--labels", "--overwrite", ...here);
  expect(again.stdout).toBe(ended.stdout);
});

test("match", async () => {
  const template = join(scene.folder, "blobs.mrc");
  const { data, shape } = blobs(1, 9, 3);
  const writer = await createMrc(template, { shape, spacing: [angstrom(10), angstrom(10), angstrom(10)] });
  await writer.writeSlab(0, data);
  await writer.close();
  const call = ["match", template, ...runs(), "--angles", "90"];
  const [alone, queued] = [join(scene.folder, "matched"), join(scene.folder, "matched-queue")];
  await well(...call, "--out", alone, "--quiet");
  await well(...call, "--out", queued, "--chunk", "2", ...here);
  expect(Object.keys(filesIn(alone)).length).toBeGreaterThan(10);
  expect(filesIn(queued, "match.json")).toEqual(filesIn(alone, "match.json"));
});
