import { describe, expect, test } from "vitest";
import { labelColour, overlayTable, paintOverlay } from "../../../../src/web/studio/look/overlayShades.js";

const look = { range: [0, 1], colour: [10, 20, 30], opacity: 1 } as const;
/** Red, green, blue and opacity of a word's pixel, as an image has them. */
function pixel(table: Uint32Array, word: number): number[] {
  const pixels = new Uint8ClampedArray(4);
  paintOverlay(Uint16Array.of(word), table, pixels);
  return [...pixels];
}

describe("an overlay's pixels", () => {
  test("of shares are seen as far as they are one", () => {
    const table = overlayTable({ ...look, kind: "probability", opacity: 0.5 });
    expect(pixel(table, 0)).toEqual([10, 20, 30, 0]);
    expect(pixel(table, 65_535)).toEqual([10, 20, 30, 128]);
    expect(pixel(table, 32_768)).toEqual([10, 20, 30, 64]);
  });

  test("of a mask are there or not", () => {
    const table = overlayTable({ ...look, kind: "mask", opacity: 0.8 });
    expect(pixel(table, 32_767)[3]).toBe(0);
    expect(pixel(table, 32_768)[3]).toBe(204);
  });

  test("of labels have a colour each, and none for what has no label", () => {
    const table = overlayTable({ ...look, kind: "labels", range: [0, 65_535] });
    expect(pixel(table, 0)[3]).toBe(0);
    for (const label of [1, 2, 7, 8]) expect(pixel(table, label)).toEqual([...labelColour(label), 255]);
    expect(labelColour(8)).toEqual(labelColour(1));
    expect(labelColour(2)).not.toEqual(labelColour(1));
  });
});
