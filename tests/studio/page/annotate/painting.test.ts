import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Change, type Edit, editSchema } from "../../../../src/studio/annotations/edits.js";
import { eventWith, pageModel, studioPage } from "../../../support/studioPage.js";

const events = studioPage();
afterAll(() => vi.unstubAllGlobals());
const annotating = await import("../../../../src/web/studio/annotate/annotating.js");
const painting = await import("../../../../src/web/studio/annotate/painting.js");
const { contrast, planes, volume } = await import("../../../../src/web/studio/look/stage.js");

const shape: [number, number, number] = [9, 8, 8];
const at = { x: 4, y: 4, z: 4.5 };

/** A run with two masks whose slices come when they are let. */
async function annotated() {
  const sent: Change[] = [];
  let answer = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const masks = ["one", "two"].map((each) => ({
    name: each,
    shape,
    spacing: [1, 1, 1] as [number, number, number],
    boxes: [],
  }));
  const model = pageModel(
    {
      send: async (edits: readonly Edit[]) => {
        sent.push(...edits.flatMap(({ changes }) => changes));
        return { number: edits.at(-1)!.number, refused: [] };
      },
      loadSlice: async () => {
        await gate;
        return new Uint8Array(64);
      },
    },
    masks,
  );
  await model.load();
  return { model, sent, answer };
}

beforeEach(() => {
  annotating.failure.value = "";
  annotating.filling.value = { byGrey: false, share: 0.1 };
  annotating.isSliceKnown.value = true;
  annotating.brush.value = { radius: 1, isBall: false };
  annotating.maskName.value = "one";
});

describe("a stroke", () => {
  test("goes to the run and mask that it was painted on, with the brush of then", async () => {
    const [first, second] = [await annotated(), await annotated()];
    annotating.model.value = first.model;
    const done = [
      painting.paintAlong([at], planes[0]!, 1),
      painting.fillAt({ x: 1, y: 1, z: 6.5 }, planes[0]!),
    ];
    expect(painting.painting.value).toBe(2);
    annotating.model.value = second.model;
    annotating.maskName.value = "two";
    annotating.brush.value = { radius: 4, isBall: true };
    annotating.isSliceKnown.value = false;
    first.answer();
    second.answer();
    await Promise.all(done);
    await first.model.emptied();
    await second.model.emptied();
    expect(second.sent).toEqual([]);
    expect(first.sent).toEqual([
      { do: "paint", mask: "one", axis: 0, index: 4, runs: [27, 2, 1, 35, 2, 1] },
      { do: "box", mask: "one", box: [4, 0, 0, 5, 8, 8] },
      { do: "paint", mask: "one", axis: 0, index: 6, runs: [0, 64, 1] },
      { do: "box", mask: "one", box: [6, 0, 0, 7, 8, 8] },
    ]);
  });

  test("is warned of before the tab is closed", async () => {
    const { model, answer } = await annotated();
    annotating.model.value = model;
    const closing = (): boolean => {
      const event = eventWith("beforeunload", {});
      events.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect(closing()).toBe(false);
    const done = painting.paintAlong([at], planes[0]!, 1);
    expect(closing()).toBe(true);
    answer();
    await done;
    expect(closing()).toBe(false);
  });

  test("of many runs is parted into strokes that the server takes, each with what takes it back", () => {
    const before = new Uint8Array(400_000);
    const after = before.map((_, voxel) => voxel % 2);
    const strokes = painting.strokesOf({ name: "one" }, [0, 1], before, after);
    expect(strokes.length).toBeGreaterThan(1);
    for (const { change } of strokes)
      expect(editSchema.safeParse({ client: "a", number: 1, changes: [change] }).success).toBe(true);
    const runs = strokes.flatMap(({ change }) => change.runs);
    expect(runs).toHaveLength(3 * 200_000);
    expect(strokes.flatMap(({ back }) => back)).toEqual(
      runs.map((each, place) => (place % 3 === 2 ? 0 : each)),
    );
    expect(painting.strokesOf({ name: "one" }, [0, 1], before, before)).toEqual([]);
  });
});

test("greys of a tomogram of another grid bound no fill, which is said", async () => {
  const { model, sent, answer } = await annotated();
  answer();
  annotating.model.value = model;
  annotating.filling.value = { byGrey: true, share: 0.1 };
  contrast.value = [0, 1];
  volume.value = {
    ...{ id: "v", name: "v", kind: "tomogram", range: [0, 1], byteRange: [0, 1], contrast: [0, 1] },
    levels: [{ shape: [4, 4, 4], spacing: [2, 2, 2] }],
  } as unknown as typeof volume.value;
  await painting.fillAt(at, planes[0]!);
  await model.emptied();
  expect(sent).toEqual([]);
  expect(annotating.failure.value).toContain("The mask one has other voxels than this tomogram");
});
