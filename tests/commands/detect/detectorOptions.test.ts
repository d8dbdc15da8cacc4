import { expect, test } from "vitest";
import { tilingOf } from "../../../src/commands/detect/detectorOptions.js";

test("what is said of tiles goes over the checkpoint's settings, and nothing else does", () => {
  expect(tilingOf(undefined, undefined)).toEqual({});
  expect(tilingOf("112,160,168", undefined)).toEqual({ tile: [112, 160, 168] });
  expect(tilingOf(undefined, 0)).toEqual({ overlap: 0 });
});

test.each(["112,160", "112,160,160,160", "112,160,x", "112,160,0", "112.5,160,160", ""])(
  "--tile %s is refused in one sentence",
  (text) => {
    expect(() => tilingOf(text, undefined)).toThrow(
      `--tile is ${JSON.stringify(text)}, wanted voxels along z,y,x, whole numbers; write it like --tile 112,160,160`,
    );
  },
);

test.each([-1, 0.5, Number.NaN])("--overlap %s is refused", (overlap) => {
  expect(() => tilingOf(undefined, overlap)).toThrow(/^--overlap is .*, wanted a whole number of at least 0/);
});
