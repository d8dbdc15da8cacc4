import { expect, test } from "vitest";
import { pageModel } from "../../../support/studioPage.js";

const shape: [number, number, number] = [1, 2, 4];
const mask = { name: "m", shape, spacing: [1, 1, 1] as [number, number, number], boxes: [] };

test("a stroke that the server leaves out is gone from the slices", async () => {
  let isRefusing = true;
  const model = pageModel(
    {
      send: async (edits) => ({
        number: edits.at(-1)!.number,
        refused: isRefusing ? [{ number: 1, why: "it does not fit" }] : [],
      }),
      loadSlice: async () => new Uint8Array(8),
    },
    [mask],
  );
  await model.load();
  const slice = () => model.mask("m")!.slices.slice(0, 0);
  const stroke = (start: number) => {
    const change = { do: "paint", mask: "m", axis: 0, index: 0, runs: [start, 2, 1] } as const;
    return { change: { ...change, runs: [...change.runs] }, back: [start, 2, 0] };
  };
  await slice();
  const bad = stroke(0);
  model.act("paint", [bad.change], [bad]);
  await expect.poll(() => model.notice).toBe("it does not fit");
  isRefusing = false;
  await expect.poll(async () => [...(await slice())]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  const good = stroke(4);
  model.act("paint", [good.change], [good]);
  expect([...(await slice())]).toEqual([0, 0, 0, 0, 1, 1, 0, 0]);
});
