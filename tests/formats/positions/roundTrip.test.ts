import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { positionFormats } from "../../../src/formats/positions/catalogue.js";
import { convertPositions } from "../../../src/formats/positions/convert.js";
import type { PositionFormat } from "../../../src/formats/positions/format.js";
import { type PositionSet, type TomogramPosition, toFrame } from "../../../src/formats/positions/frames.js";
import { placeFiles } from "../../../src/formats/positions/placeFiles.js";
import { type PositionsFile, readPositionsFile } from "../../../src/formats/positions/readPositions.js";
import { faults } from "../../support/faults.js";
import { samplePositions, volume } from "../../support/samplePositions.js";

const folder = mkdtempSync(join(tmpdir(), "pickbench-positions-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = { spacing: volume.spacing, size: volume.size, run: "TS_1", type: "ribosome", box: 20 };

async function written(format: PositionFormat, from: PositionsFile, name: string): Promise<string> {
  const path = join(folder, `${name}${format.extensions[0]!}`);
  const { sets } = convertPositions([from], format, options);
  await placeFiles(path, sets, format, { box: 20, isFolder: false, overwrite: true });
  return path;
}

const asFile = (format: PositionFormat, set: PositionSet): PositionsFile => ({
  path: "sample",
  format,
  sets: [set],
});

/** In Å, in the order of x, whatever order and frame a format keeps. */
function comparable({ sets }: PositionsFile): TomogramPosition[] {
  expect(sets).toHaveLength(1);
  const known = { pixel: volume.spacing, volume, ...sets[0]! };
  return [...toFrame(known, { frame: "angstrom" }, "test").positions].sort((a, b) => a.at[0] - b.at[0]);
}

/** What a format's own numbers leave open, in Å: six digits after the point, or a float's 24 bits of 631 voxels. */
const precision = ({ name }: PositionFormat): number =>
  name === "mod"
    ? 631 * 2 ** -24 * volume.spacing
    : ["challenge", "copick", "csv", "tsv", "portal", "eman2"].includes(name)
      ? 1e-8
      : 0.6e-6 * volume.spacing;

const positionsAgree = (
  found: readonly TomogramPosition[],
  wanted: readonly TomogramPosition[],
  axes: number,
  tolerance: number,
) => {
  let largest = 0;
  for (const [i, { at }] of wanted.entries())
    for (let axis = 0; axis < axes; axis++)
      largest = Math.max(largest, Math.abs(at[axis]! - found[i]!.at[axis]!));
  expect(found).toHaveLength(wanted.length);
  expect(largest).toBeLessThan(tolerance);
};

const turn = (a: TomogramPosition, b: TomogramPosition): number =>
  Math.max(...a.rotation!.map((value, i) => Math.abs(value - b.rotation![i]!)));

const count = faults(200, 10_000);
const sample = samplePositions(count, 3);
const expected = sample.positions;

describe(`${count} positions through every pair of formats, to the digits that both print`, () => {
  describe.each(positionFormats.map((format) => [format.name, format] as const))("from %s", (_, from) => {
    let source: PositionsFile | undefined;
    const read = async () => {
      source ??= await readPositionsFile(await written(from, asFile(from, sample), `from-${from.name}`), {
        format: from,
      });
      return source;
    };

    test.each(positionFormats.map((format) => [format.name, format] as const))("to %s", async (_name, to) => {
      const path = await written(to, await read(), `${from.name}-${to.name}`);
      const found = comparable(await readPositionsFile(path, { format: to }));
      const hasDepth = from.carries.has("z") && to.carries.has("z");
      positionsAgree(found, expected, hasDepth ? 3 : 2, precision(from) + precision(to));
      const both = (what: "score" | "orientation") => from.carries.has(what) && to.carries.has(what);
      if (both("score")) expect(found.every(({ score }, i) => score === expected[i]!.score)).toBe(true);
      if (both("orientation"))
        expect(Math.max(...found.map((position, i) => turn(position, expected[i]!)))).toBeLessThan(3e-6);
      rmSync(path);
    });
  });
});

test.each(positionFormats.map((format) => [format.name, format] as const))(
  "10,000 positions through %s, to the digits that it prints",
  async (_, format) => {
    const many = samplePositions(10_000, 6);
    const path = await written(format, asFile(format, many), `many-${format.name}`);
    const found = comparable(await readPositionsFile(path, { format }));
    positionsAgree(found, many.positions, format.carries.has("z") ? 3 : 2, precision(format));
  },
);

test("every format knows its own files by what is in them", async () => {
  for (const format of positionFormats) {
    const path = await written(format, asFile(format, samplePositions(5, 4)), `known-${format.name}`);
    const { format: found } = await readPositionsFile(path);
    expect(found.name).toBe(format.name);
  }
});

test("no position at all is written and read by every format", async () => {
  for (const format of positionFormats) {
    const empty = { ...samplePositions(1, 5), positions: [] };
    const path = await written(format, asFile(format, empty), `empty-${format.name}`);
    const { sets } = await readPositionsFile(path, { format });
    expect(sets.flatMap(({ positions }) => positions)).toEqual([]);
  }
});
