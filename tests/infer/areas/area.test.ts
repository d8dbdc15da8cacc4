import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { areaOf } from "../../../src/infer/areas/area.js";
import { parseAreaTerm } from "../../../src/infer/areas/terms.js";
import { type FeatureMap, findFeatureMaps } from "../../../src/infer/maps/featureMaps.js";
import { slabOf } from "../../../src/infer/slab/slab.js";
import { silentReporter } from "../../../src/system/reporter.js";
import { cubic, writeLabels } from "../../support/masks.js";

let folder: string;
let maps: FeatureMap[];
const width = 24;

/** One line of voxels along x: a membrane at 8 to 10 and a speck at 20, carbon from 12 on. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "area-"));
  const write = (name: string, at: (x: number) => boolean, spacing = 10) =>
    writeLabels(join(folder, `TS_1__${name}.mrc`), [1, 1, width], cubic(spacing), (_, __, x) =>
      at(x) ? 1 : 0,
    );
  await write("membrane", (x) => (x >= 8 && x <= 10) || x === 20);
  await write("carbon", (x) => x >= 12);
  await write("coarse", () => true, 20);
  maps = await findFeatureMaps([folder], { reporter: silentReporter });
});
afterAll(() => rm(folder, { recursive: true }));

const made = async (
  texts: readonly string[],
  { grow = 0, dust = undefined as number | undefined, slab = undefined as never } = {},
) => {
  const terms = texts.map((text) =>
    parseAreaTerm(text, { reach: { grow }, dust: dust === undefined ? undefined : { least: dust } }),
  );
  const { mask, absent } = await areaOf(terms, maps, slab);
  return { xs: [...mask.keys()].filter((x) => mask[x] === 1), absent };
};
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe("areas", () => {
  it.each([
    [["membrane:0.5"], {}, [8, 9, 10, 20]],
    [["membrane:0.5"], { grow: 20 }, [...range(6, 12), ...range(18, 22)]],
    [["membrane:0.5"], { grow: 20, dust: 2000 }, range(6, 12)],
    [["membrane:0.5:10:-1"], { grow: 20 }, range(7, 11)],
    [["membrane:0.5", "!carbon:0.5"], { grow: 30 }, range(5, 11)],
    [["membrane:0.5", "!carbon:0.5:20"], { grow: 30 }, range(5, 9)],
    [["!carbon:0.5", "membrane:0.5"], {}, [...range(0, 11), 20]],
    [["!carbon:0.5"], { grow: 30 }, range(0, 11)],
    [["membrane:0.5:20/10:2000"], {}, [6, 7, 8, 10, 11, 12]],
    [["membrane:0.5:20/0:2000"], {}, [6, 7, 11, 12]],
    [["membrane:1"], { grow: 50 }, []],
  ] as const)("of %j with %j are %j", async (texts, settings, expected) => {
    expect((await made([...texts], settings as never)).xs).toEqual([...expected]);
  });

  it("lie within the slab, and tell which features have no map", async () => {
    const flat = (z: number) => ({ at: () => ({ z, normal: 1 }) }) as never;
    expect((await made([], { slab: slabOf(flat(0), flat(10)) as never })).xs).toHaveLength(width);
    expect((await made(["membrane:0.5"], { slab: slabOf(flat(6), flat(10)) as never })).xs).toEqual([]);
    expect(await made(["membrane:0.5", "!gold:0.5"])).toEqual({ xs: [8, 9, 10, 20], absent: ["gold"] });
  });

  it("refuse maps of other grids and terms that are none", async () => {
    await expect(made(["membrane:0.5", "coarse:0.5"])).rejects.toThrow(
      /TS_1: the map of coarse has 1×1×24 voxels of 20 20 20 Å, that of \w+ 1×1×24 voxels of 10 10 10 Å/,
    );
    const none = { reach: { grow: 0 }, dust: undefined };
    for (const [text, message] of [
      ["membrane", "membrane is no term of an area"],
      ["!:0.5", "!:0.5 is no term of an area"],
      ["membrane:x", 'the threshold is "x"'],
      ["membrane:0.5:-3", "-3 Å is below 0"],
      ["membrane:0.5:1/2/3", "wanted"],
      ["membrane:0.5:1:2:3", "no term"],
    ] as const)
      expect(() => parseAreaTerm(text, none), text).toThrow(message);
  });
});
