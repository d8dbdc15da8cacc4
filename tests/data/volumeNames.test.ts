import { expect, test } from "vitest";
import { isMrcName } from "../../src/data/volumeNames.js";

test("source maps of programs are no volumes, maps are", () => {
  for (const name of ["page.js.map", "a.mjs.map", "a.d.ts.map", "style.css.map", "a.tsx.map"])
    expect(isMrcName(name), name).toBe(false);
  for (const name of ["emd_1234.map", "TS_1.js.mrc", "a.map.gz", "TS_5.rec", "x.ts1.map"])
    expect(isMrcName(name), name).toBe(true);
});
