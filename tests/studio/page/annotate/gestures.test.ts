import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Change } from "../../../../src/studio/annotations/edits.js";
import type { VolumeInfo } from "../../../../src/web/studio/look/stage.js";
import { eventWith, pageModel, studioPage } from "../../../support/studioPage.js";

const events = studioPage();
afterAll(() => vi.unstubAllGlobals());
const { chosen, model, toolName, type } = await import("../../../../src/web/studio/annotate/annotating.js");
const { dragged, way } = await import("../../../../src/web/studio/annotate/tools.js");
const { listenToKeys } = await import("../../../../src/web/studio/annotate/keys.js");
const { followPointer } = await import("../../../../src/web/studio/look/pointer.js");
const stage = await import("../../../../src/web/studio/look/stage.js");

const sent: Change[] = [];
let plane: EventTarget;
let stop = (): void => undefined;

const pointer = (name: string, x: number, y: number, more: Readonly<Record<string, unknown>> = {}): Event => {
  const usual = { pointerId: 1, pointerType: "mouse", button: 0, clientX: x, clientY: y };
  const event = eventWith(name, { ...usual, ...more });
  plane.dispatchEvent(event);
  return event;
};
const click = (x: number, y: number, more: Readonly<Record<string, unknown>> = {}): void => {
  pointer("pointerdown", x, y, more);
  pointer("pointerup", x, y, more);
};
const finger = { pointerType: "touch", pointerId: 2 };

beforeEach(async () => {
  const axes = stage.planes[0]!;
  const levels = [{ shape: [100, 100, 100], spacing: [1, 1, 1] }];
  stage.volume.value = { id: "v", levels } as unknown as VolumeInfo;
  stage.place.value = { x: 50, y: 50, z: 50 };
  stage.centre.value = { x: 50, y: 50, z: 50 };
  stage.zoom.value = 1;
  type.value = "ribosome";
  model.value = pageModel({
    send: async (edits) => {
      sent.push(...edits.flatMap(({ changes }) => changes));
      return { number: edits.at(-1)!.number, refused: [] };
    },
  });
  stop();
  plane = Object.assign(new EventTarget(), {
    getBoundingClientRect: () => ({ left: 0, top: 0 }),
    setPointerCapture: () => undefined,
  });
  stop = followPointer(
    plane as HTMLCanvasElement,
    () => ({ axes, width: 100, height: 100, centre: stage.centre.value, zoom: stage.zoom.value }),
    axes,
    () => undefined,
  );
  toolName.value = "pick";
  click(20, 20);
  await model.value.emptied();
  sent.length = 0;
});

/** Changes that were sent, by what they do. */
async function done(): Promise<string[]> {
  await model.value!.emptied();
  return sent.map((change) => change.do);
}

describe("a gesture with a tool in hand", () => {
  test("moves a pick", async () => {
    pointer("pointerdown", 20, 20);
    pointer("pointermove", 40, 30);
    pointer("pointerup", 40, 30);
    await done();
    expect(sent).toEqual([{ do: "move", id: chosen.value, at: [40, 30, 50] }]);
  });

  test("does nothing where it is cancelled, a second pointer comes, or the tool is changed", async () => {
    const ends = [
      () => pointer("pointercancel", 40, 30),
      () => pointer("pointerdown", 60, 60, finger),
      () => {
        toolName.value = "brush";
      },
    ];
    for (const end of ends) {
      toolName.value = "pick";
      pointer("pointerdown", 20, 20);
      pointer("pointermove", 40, 30);
      expect(dragged.value).toBeDefined();
      end();
      expect(dragged.value).toBeUndefined();
      pointer("pointerup", 40, 30);
      pointer("pointerup", 60, 60, finger);
    }
    expect(stage.place.value).toEqual({ x: 50, y: 50, z: 50 });
    expect(await done()).toEqual([]);
    toolName.value = "pick";
    click(80, 80);
    expect(await done()).toEqual(["add"]);
  });

  test("ends with the run that it was begun on", async () => {
    pointer("pointerdown", 20, 20);
    way.value = { points: [], axes: stage.planes[0]! };
    model.value = undefined;
    expect(dragged.value).toBeUndefined();
    expect(way.value).toBeUndefined();
  });

  test("pans with a finger and with the right button, which opens no menu", async () => {
    for (const more of [finger, { button: 2 }]) {
      stage.centre.value = { x: 50, y: 50, z: 50 };
      pointer("pointerdown", 20, 20, more);
      pointer("pointermove", 40, 30, more);
      pointer("pointerup", 40, 30, more);
      expect(stage.centre.value).toEqual({ x: 30, y: 40, z: 50 });
    }
    const pinching = [finger, { ...finger, pointerId: 3 }];
    for (const more of pinching) pointer("pointerdown", 20, 20, more);
    for (const more of pinching) pointer("pointerup", 20, 20, more);
    expect(stage.place.value).toEqual({ x: 50, y: 50, z: 50 });
    expect(await done()).toEqual([]);
    expect(pointer("contextmenu", 20, 20).defaultPrevented).toBe(true);
  });
});

describe("keys", () => {
  const press = (key: string, more: Readonly<Record<string, unknown>> = {}): void => {
    events.dispatchEvent(eventWith("keydown", { key, ...more }));
  };

  test("add one pick however long they are held, and put the tool away when nobody listens", async () => {
    const deaf = listenToKeys();
    press("a");
    press("a", { repeat: true });
    expect(await done()).toEqual(["add"]);
    press("b");
    expect(toolName.value).toBe("brush");
    deaf();
    expect(toolName.value).toBe("look");
    expect(stage.tool.value).toBeUndefined();
  });
});
