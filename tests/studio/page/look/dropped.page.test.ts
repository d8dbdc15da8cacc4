import { beforeEach, expect, test, vi } from "vitest";
import { fakeApi, question, settle } from "../answers.js";

vi.mock("../../../../src/web/studio/api.js", () => fakeApi);
const { droppedFaults, droppedFiles, followRun, takeFiles } = await import(
  "../../../../src/web/studio/look/dropped.js"
);
const { markLayers, run, volume } = await import("../../../../src/web/studio/look/stage.js");
const { meshes } = await import("../../../../src/web/studio/space/space.js");

const triangle = { data: new TextEncoder().encode("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n").buffer };
const listed = ["A__one.obj", "A__two.obj"].map((name) => ({ id: name, name }));
const names = () => meshes.value.map(({ name }) => name);

beforeEach(() => {
  meshes.value = [];
  droppedFaults.value = [];
  run.value = "A";
});

test("meshes of a run are not shown under the next one", async () => {
  followRun("A");
  (await question("api/meshes")).answer(listed);
  const { answer } = await question("api/meshes/A__one.obj");
  run.value = "B";
  answer(triangle);
  await settle();
  expect(names()).toEqual([]);
});

test("a list of meshes that comes late takes none of the next run's away", async () => {
  followRun("A");
  const list = await question("api/meshes");
  run.value = "B";
  const mesh = { name: "B__own.obj", colour: [1, 1, 1], opacity: 1, isShown: true };
  meshes.value = [mesh as unknown as (typeof meshes.value)[number]];
  list.answer(listed);
  await settle();
  expect(names()).toEqual(["B__own.obj"]);
});

test("a broken mesh is told, and the next one comes", async () => {
  followRun("A");
  (await question("api/meshes")).answer(listed);
  (await question("api/meshes/A__one.obj")).refuse(new Error("A__one.obj is broken"));
  (await question("api/meshes/A__two.obj")).answer(triangle);
  await vi.waitFor(() => expect(names()).toEqual(["A__two.obj"]));
  expect(droppedFaults.value).toEqual(["A__one.obj is broken"]);
});

test("files of one name have a layer each, also after one was removed", async () => {
  volume.value = { id: "t", run: "A" } as NonNullable<typeof volume.value>;
  const drop = async (): Promise<void> => {
    const done = takeFiles([new File(["x"], "a.star")]);
    (await question("api/volumes/t/positions")).answer({ name: "a.star", format: "", picks: [], notes: [] });
    await done;
  };
  await drop();
  await drop();
  droppedFiles.value[0]!.remove();
  await drop();
  expect(droppedFiles.value.map(({ name }) => name).sort()).toEqual(["a.star", "a.star (2)"]);
  expect(new Set(markLayers.value.map(({ id }) => id)).size).toBe(2);
});
