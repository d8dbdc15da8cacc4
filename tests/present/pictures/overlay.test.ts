import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import type { Shape3, Volume } from "../../../src/domain/volume.js";
import { overlayColours, renderOverlay, tellingSlice } from "../../../src/present/pictures/overlay.js";
import { spacingOf } from "../../support/pickingFixtures.js";

const shape: Shape3 = [3, 2, 4];
const empty = () => new Uint8Array(24);
/** Planes thicker than what is averaged, so that each stands alone. */
const tomogramOf = (data: Float32Array): Volume => ({ data, shape, spacing: spacingOf(100) });

describe("renderOverlay", () => {
  const truth = empty();
  const prediction = empty();
  // In plane 1: both, truth alone, prediction alone, neither; then a row of unknown voxels, one of them predicted.
  truth.set([1, 1, 0, 0, 2, 2, 2, 2], 8);
  prediction.set([1, 0, 1, 0, 1, 0, 0, 0], 8);
  const tomogram = tomogramOf(new Float32Array(24).fill(5));
  const { width, height, data } = decode(renderOverlay(tomogram, { truth, prediction }, 1));
  const pixel = (panel: number, row: number, column: number) => {
    const at = 3 * (row * width + panel * (4 + 3) + column);
    return [...data.slice(at, at + 3)];
  };
  const tinted = (kind: keyof typeof overlayColours) =>
    overlayColours[kind].map((value) => Math.round(0.55 * value));

  it("shows truth, prediction and both beside each other", () => {
    expect([width, height]).toEqual([3 * 4 + 2 * 3, 2]);
    const inPanel = (panel: number) => [0, 1, 2, 3].map((column) => pixel(panel, 0, column));
    const grey = [0, 0, 0];
    expect(inPanel(0)).toEqual([tinted("truth"), tinted("truth"), grey, grey]);
    expect(inPanel(1)).toEqual([tinted("prediction"), grey, tinted("prediction"), grey]);
    expect(inPanel(2)).toEqual([tinted("both"), tinted("truth"), tinted("prediction"), grey]);
  });

  it("does not judge unknown voxels", () => {
    expect(pixel(1, 1, 0)).toEqual(tinted("prediction"));
    expect(pixel(2, 1, 0)).toEqual([0, 0, 0]);
  });

  it("dims unknown voxels and keeps what is bright bright", () => {
    const ramp = Float32Array.from({ length: 24 }, (_, at) => at % 4);
    const masks = { truth: truth.map((value) => value & 2), prediction: empty() };
    const image = decode(renderOverlay(tomogramOf(ramp), masks, 1));
    expect(image.data[3 * 3]).toBe(255);
    expect(image.data[3 * (width + 3)]).toBe(Math.round(255 * 0.45));
  });

  it("bins large planes so that a thin feature stays visible", () => {
    const large: Shape3 = [1, 500, 500];
    const line = new Uint8Array(250_000);
    for (let y = 0; y < 500; y++) line[y * 500 + 250] = 1;
    const volume: Volume = { data: new Float32Array(250_000), shape: large, spacing: spacingOf(10) };
    const image = decode(renderOverlay(volume, { truth: line, prediction: new Uint8Array(250_000) }, 0));
    expect([image.width, image.height]).toEqual([3 * 166 + 6, 166]);
    expect([...image.data.slice(3 * 83, 3 * 84)]).toEqual(tinted("truth"));
  });
});

it("averages 50 Å of planes around the slice", () => {
  const data = Float32Array.from({ length: 24 }, (_, at) => (at < 8 ? 0 : at % 2));
  const levelOf = (spacing: number) =>
    decode(
      renderOverlay(
        { ...tomogramOf(data), spacing: spacingOf(spacing) },
        { truth: empty(), prediction: empty() },
        0,
      ),
    ).data.slice(0, 6);
  expect([...levelOf(100)]).toEqual([0, 0, 0, 0, 0, 0]);
  expect([...levelOf(25)]).toEqual([0, 0, 0, 255, 255, 255]);
});

describe("tellingSlice", () => {
  it("is that with the most true voxels, else with the most predicted in known ones", () => {
    const [truth, prediction] = [empty(), empty()];
    prediction.fill(1, 16);
    expect(tellingSlice({ truth, prediction }, shape)).toBe(2);
    truth.fill(2, 16);
    prediction.fill(1, 9, 12);
    expect(tellingSlice({ truth, prediction }, shape)).toBe(1);
    truth[3] = 1;
    expect(tellingSlice({ truth, prediction }, shape)).toBe(0);
  });
});
