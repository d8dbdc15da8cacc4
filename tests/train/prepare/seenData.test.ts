/** What the voxels of a run's tomograms show, each read once. */
import { expect, test } from "vitest";
import type { Dataset, TomogramReader } from "../../../src/data/model.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { seeData } from "../../../src/train/prepare/seenData.js";
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

test("contrast of further data sets is compared with that of the others, and counts for the checkpoint", async () => {
  const particles = [{ name: "ball", radius: angstrom(25), weight: 1, isPickable: true }];
  const at = [5, 12, 19, 26].flatMap((x) => [6, 16, 26].map((y) => ({ x: 10 * x, y: 10 * y, z: 80 })));
  const balls = at.map(({ x, y, z }) => ({ type: "ball", x: angstrom(x), y: angstrom(y), z: angstrom(z) }));
  const shown = (run: string, path: string, sign: 1 | -1) => {
    const { reader } = readerOf(run, path, sign);
    return {
      ...reader,
      readAll: async () => {
        const volume = await reader.readAll();
        volume.data.forEach((_, index) => {
          const [z, y, x] = [Math.floor(index / 1024), Math.floor(index / 32) % 32, index % 32];
          const isIn = at.some(
            (ball) => (ball.x / 10 - x) ** 2 + (ball.y / 10 - y) ** 2 + (ball.z / 10 - z) ** 2 <= 4,
          );
          if (isIn) volume.data[index]! += 8 * sign;
        });
        return volume;
      },
    } as TomogramReader;
  };
  const own = shown("A", "a", -1);
  const further = [{ reader: shown("A", "x", 1), name: "A of more", picks: balls }];
  const picked = new Map([["A", balls]]);
  const known = { particles } as unknown as Pick<Dataset, "particles">;
  const reporter = hearingReporter();
  const learned = { train: ["A"], isMatched: false };
  const seen = await seeData(known, picked, [own], { ...learned, further }, reporter);
  expect(reporter.notes).toEqual([
    expect.stringMatching(/^particles are bright in A of more and dark in A:/),
  ]);
  expect([seen.trained, seen.contrast]).toEqual(["mixed", { A: "dark" }]);
  const alone = await seeData(known, picked, [own], { ...learned, further: [] }, reporter);
  expect(alone.trained).toBe("dark");
});
