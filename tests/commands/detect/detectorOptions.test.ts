import { expect, test } from "vitest";
import { tilingOf } from "../../../src/commands/detect/detectorOptions.js";

test("what is said of tiles goes over the checkpoint's settings, and nothing else does", () => {
  expect(tilingOf({})).toEqual({});
  expect(tilingOf({ tile: "112,160,168" })).toEqual({ tile: [112, 160, 168] });
  expect(tilingOf({ overlap: 0 })).toEqual({ overlap: 0 });
  expect(tilingOf({ statistics: "tomogram" })).toEqual({ statistics: "tomogram" });
});

test.each(["112,160", "112,160,160,160", "112,160,x", "112,160,0", "112.5,160,160", ""])(
  "--tile %s is refused in one sentence",
  (text) => {
    expect(() => tilingOf({ tile: text })).toThrow(
      `--tile is ${JSON.stringify(text)}, wanted voxels along z,y,x, whole numbers; write it like --tile 112,160,160`,
    );
  },
);

test.each([-1, 0.5, Number.NaN])("--overlap %s is refused", (overlap) => {
  expect(() => tilingOf({ overlap })).toThrow(/^--overlap is .*, wanted a whole number of at least 0/);
});
