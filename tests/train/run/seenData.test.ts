/** What the voxels of a run's tomograms show, each read once. */
import { expect, test } from "vitest";
import type { Dataset, TomogramReader } from "../../../src/data/model.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { seeData } from "../../../src/train/run/seenData.js";
import { hearingReporter } from "../../support/hearingReporter.js";

const shape = [16, 32, 32] as const;
const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;
const dataset: Pick<Dataset, "particles"> = { particles: [] };
const picks = new Map([
  ["A", []],
  ["B", []],
]);

/** A reader of noise, skewed by squares to one side, with a blank margin where it is asked for; it counts reads. */
function readerOf(run: string, path: string, sign: 1 | -1, blankPlanes = 0) {
  const reads = { count: 0 };
  const random = randomFor(1, `tests/seenData/${path}`, 0);
  const data = Float32Array.from({ length: 16 * 32 * 32 }, (_, at) =>
    at < blankPlanes * 32 * 32 ? 0 : sign * random.normal() ** 2,
  );
  const box = { start: [0, 0, 0], end: shape } as const;
  const reader = {
    ref: { run, tomoType: "denoised", path, levels: [] },
    shape,
    spacing,
    chunks: () => [{ box, file: path }],
    readAll: async () => {
      reads.count++;
      return { data: data.slice(), shape, spacing };
    },
  } as unknown as TomogramReader;
  return { reader, reads };
}

test("what was seen once is handed on: nothing is read or told again, and the facts are the same", async () => {
  const all = [readerOf("A", "a", -1, 4), readerOf("B", "b", 1), readerOf("B", "c", -1)];
  const readers = all.map(({ reader }) => reader);
  const reporter = hearingReporter();
  const first = await seeData(
    dataset,
    picks,
    [...readers, ...readers],
    { train: ["A", "B"], isMatched: false, further: [] },
    reporter,
  );
  expect(all.map(({ reads }) => reads.count)).toEqual([1, 1, 1]);
  expect([first.trained, first.blank]).toEqual(["mixed", { A: 0.25 }]);
  expect(reporter.notes).toEqual([expect.stringMatching(/^A: 25.0 % of the voxels are blank/)]);

  const [a, b, c] = readers as [TomogramReader, TomogramReader, TomogramReader];
  for (const [some, train] of [
    [[a, b], ["A"]],
    [[b, c], ["B"]],
    [[c, a], ["B"]],
  ] as const) {
    const again = await seeData(
      dataset,
      picks,
      some,
      { train, isMatched: false, further: [] },
      reporter,
      first.tomograms,
    );
    expect(again).toMatchObject({
      ...(await seeData(dataset, picks, some, { train, isMatched: false, further: [] }, hearingReporter())),
      tomograms: {},
    });
  }
  expect(reporter.notes.length).toBe(1);
  expect(all.map(({ reads }) => reads.count)).toEqual([3, 3, 3]);
});
