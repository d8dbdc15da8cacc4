import { beforeEach, describe, expect, test, vi } from "vitest";
import { fakeApi, question, settle } from "../answers.js";

vi.mock("../../../../src/web/studio/api.js", () => fakeApi);
vi.stubGlobal("requestAnimationFrame", (done: () => void) => setTimeout(done));
vi.stubGlobal("document", { querySelector: () => null });
const { failure, openLink, show } = await import("../../../../src/web/studio/look/opening.js");
const { centre, place, run, volume, zoom } = await import("../../../../src/web/studio/look/stage.js");
const { session } = await import("../../../../src/web/studio/session.js");

const listed = (id: string) => ({ id, name: id, kind: "tomogram" });
const runs = [
  { name: "A", volumes: [listed("a0"), listed("a1")] },
  { name: "B", volumes: [listed("b0")] },
];
const info = (id: string) => ({
  ...{ id, contrast: [0, 1], levels: [{ shape: [10, 100, 100], spacing: [10, 10, 10] }] },
});
const link = (text = "") => new URLSearchParams(text);

async function come(id: string): Promise<void> {
  (await question(`api/volumes/${id}`)).answer(info(id));
  await vi.waitFor(() => expect(volume.value?.id).toBe(id));
  await settle();
  await settle();
}

beforeEach(async () => {
  session.value = { runs } as unknown as NonNullable<typeof session.value>;
  openLink("B", link("at=1,1,1"));
  if (volume.value === undefined) await come("b0");
  openLink("A", link());
  await come("a0");
});

describe("a run's tomogram", () => {
  test("is shown from the middle, or from where the link says", async () => {
    expect(place.value).toEqual({ z: 50, y: 500, x: 500 });
    openLink("B", link("at=10,20,30&zoom=2"));
    await come("b0");
    expect([place.value, zoom.value]).toEqual([{ x: 10, y: 20, z: 30 }, 2]);
  });

  test("goes where another link to the same run says", () => {
    openLink("A", link("volume=a0&at=10,20,30&zoom=2"));
    expect([place.value, zoom.value]).toEqual([{ x: 10, y: 20, z: 30 }, 2]);
    expect(centre.value).toEqual(place.value);
  });

  test("stays where a link names the run alone", () => {
    place.value = { x: 1, y: 2, z: 3 };
    openLink("A", link());
    expect([run.value, volume.value?.id, place.value]).toEqual(["A", "a0", { x: 1, y: 2, z: 3 }]);
  });

  test("makes way for another of the run at the same place and zoom", async () => {
    openLink("A", link("at=10,20,30&zoom=2"));
    place.value = { x: 40, y: 50, z: 60 };
    void show("A", "a1");
    await come("a1");
    expect([place.value, centre.value, zoom.value]).toEqual([
      { x: 40, y: 50, z: 60 },
      { x: 10, y: 20, z: 30 },
      2,
    ]);
  });

  test("that was chosen last is shown, whichever comes first", async () => {
    void show("A", "a0");
    void show("A", "a1");
    const late = await question("api/volumes/a0");
    await come("a1");
    late.answer(info("a0"));
    await settle();
    expect(volume.value?.id).toBe("a1");
  });

  test("is not taken away by a refusal of another run's", async () => {
    openLink("B", link());
    const late = await question("api/volumes/b0");
    openLink("A", link());
    await come("a0");
    late.refuse(new Error("broken"));
    await settle();
    expect([volume.value?.id, failure.value]).toEqual(["a0", ""]);
  });

  test("is told to be missing", () => {
    openLink("C", link());
    expect([volume.value, failure.value]).toEqual([undefined, "C has no tomogram here."]);
  });
});
