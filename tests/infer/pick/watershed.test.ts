import { describe, expect, it } from "vitest";
import { runsAbove } from "../../../src/domain/morphology/components.js";
import type { Shape3, Volume } from "../../../src/domain/volume.js";
import { watershedGroups } from "../../../src/infer/pick/watershed.js";
import { spacingOf, volumeFrom } from "../../support/pickingFixtures.js";
import fc from "../../support/properties.js";

const shapes = fc.tuple(
  fc.integer({ min: 1, max: 7 }),
  fc.integer({ min: 1, max: 8 }),
  fc.integer({ min: 1, max: 9 }),
);
const spacings = fc.constantFrom(spacingOf(10), spacingOf(20, 10, 10), spacingOf(10, 13, 17));
const uniform = fc.double({ min: 0, max: 1, noNaN: true });

/** 0 and values between ½ and 1: single voxels, and components that touch, branch and meet the faces. */
const fields = fc
  .record({
    shape: shapes,
    density: fc.constantFrom(0.05, 0.2, 0.5, 0.8, 0.97),
    spacing: spacings,
    chance: fc.infiniteStream(uniform),
  })
  .map(({ shape, density, spacing, chance }) =>
    volumeFrom(
      shape,
      () => {
        const drawn = chance.next().value;
        return drawn < density ? 0.5 + drawn / 2 : 0;
      },
      spacing,
    ),
  );

/** Balls that touch, overlap and are cut by the faces. */
const balls = fc
  .record({
    shape: shapes,
    spacing: spacings,
    balls: fc.array(fc.tuple(uniform, uniform, uniform, uniform), { minLength: 1, maxLength: 4 }),
  })
  .map(({ shape, spacing, balls }) =>
    volumeFrom(
      shape,
      (z, y, x) => {
        const inside = ([atZ, atY, atX, radius]: (typeof balls)[number]) =>
          Math.hypot(z - atZ * shape[0], y - atY * shape[1], x - atX * shape[2]) < 1 + 3 * radius;
        return balls.some(inside) ? 0.9 : 0;
      },
      spacing,
    ),
  );

/** Slanting sheets, whose boxes are all of the volume, and upright slabs, whose maxima are plateaus. */
const sheets = fc
  .record({
    shape: shapes,
    spacing: spacings,
    slant: fc.tuple(fc.nat(1), fc.nat(1), fc.nat(1)),
    thickness: fc.integer({ min: 1, max: 4 }),
    gap: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ shape, spacing, slant, thickness, gap }) =>
    volumeFrom(
      shape,
      (z, y, x) => ((slant[0] * z + slant[1] * y + slant[2] * x) % (thickness + gap) < thickness ? 0.9 : 0),
      spacing,
    ),
  );

const volumes = fc.oneof({ arbitrary: fields, weight: 2 }, balls, sheets);
const limit = 0.499;
const radii = fc.constantFrom(1, 2, 3);

function labelled(volume: Volume, radius: number) {
  const labels = new Int32Array(volume.data.length);
  const groups = watershedGroups(volume, runsAbove(volume, limit), radius, labels);
  return { labels, groups };
}

describe("watershedGroups", () => {
  it("gives what the plain method on the whole volume gives", () => {
    fc.assert(
      fc.property(volumes, radii, (volume, radius) => {
        expect(partition(labelled(volume, radius).labels)).toEqual(partition(plainLabels(volume, radius)));
      }),
      { numRuns: 300 },
    );
  });

  it("keeps labels inside the mask, and reaches every voxel that a maximum's faces lead to", () => {
    fc.assert(
      fc.property(volumes, radii, (volume, radius) => {
        const { labels, groups } = labelled(volume, radius);
        const steps = faceSteps(volume.shape);
        labels.forEach((label, i) => {
          if (volume.data[i]! <= limit) expect(label).toBe(0);
          else if (label === 0)
            for (const j of steps(i)) if (volume.data[j]! > limit) expect(labels[j]).toBe(0);
        });
        expect(new Set(labels.filter((label) => label > 0)).size).toBe(groups.length);
      }),
      { numRuns: 200 },
    );
  });

  it("sums each group's voxels, inside their bounding box", () => {
    fc.assert(
      fc.property(volumes, radii, (volume, radius) => {
        const { labels, groups } = labelled(volume, radius);
        groups.forEach((group, g) => {
          const own = [...labels.keys()].filter((i) => labels[i] === g + 1);
          expect(group.voxels).toBe(own.length);
          expect(labels[group.anchor]).toBe(g + 1);
          expect(group.weight).toBeCloseTo(
            own.reduce((sum, i) => sum + volume.data[i]!, 0),
            9,
          );
          const places = own.map((i) => placeOf(i, volume.shape));
          [group.z, group.y, group.x].forEach((mean, axis) => {
            const along = places.map((place) => place[axis]!);
            expect(mean).toBeCloseTo(along.reduce((sum, at) => sum + at) / own.length, 9);
            expect(mean).toBeGreaterThanOrEqual(Math.min(...along));
            expect(mean).toBeLessThanOrEqual(Math.max(...along));
          });
        });
      }),
      { numRuns: 100 },
    );
  });

  it("gives a component beside many slanting ones what it gives it alone", () => {
    const shape = [30, 40, 50] as const;
    const ball = (z: number, y: number, x: number) => Math.hypot(z - 15, y - 33, x - 6) < 5.5;
    const rod = (z: number, y: number, x: number) => x > 14 && (x - z) % 4 === 0 && (y - z) % 4 === 0;
    const alone = labelled(
      volumeFrom(shape, (...at) => (ball(...at) ? 0.9 : 0)),
      3,
    );
    const crowded = labelled(
      volumeFrom(shape, (...at) => (ball(...at) || rod(...at) ? 0.9 : 0)),
      3,
    );
    expect(alone.groups.length).toBe(1);
    expect(crowded.groups.length).toBeGreaterThan(100);
    expect(crowded.groups).toContainEqual(alone.groups[0]);
  });
});

/** Numbers replaced by their order of appearance, so that partitions compare equal. */
function partition(labels: Int32Array): number[] {
  const names = new Map<number, number>([[0, 0]]);
  return [...labels].map((label) => {
    if (!names.has(label)) names.set(label, names.size);
    return names.get(label)!;
  });
}

const placeOf = (i: number, [, height, width]: Shape3): [number, number, number] => [
  Math.floor(i / (height * width)),
  Math.floor(i / width) % height,
  i % width,
];

const isFace = (steps: number[]) => steps.reduce((sum, step) => sum + Math.abs(step), 0) === 1;

const faceSteps =
  (shape: Shape3) =>
  (i: number): number[] =>
    near(i, shape, isFace);

/** Voxels inside the volume whose step from i along z, y, x passes, in raster order. */
function near(i: number, shape: Shape3, passes: (steps: number[]) => boolean): number[] {
  const place = placeOf(i, shape);
  return [...Array(shape[0] * shape[1] * shape[2]).keys()].filter(
    (j) => j !== i && passes(placeOf(j, shape).map((at, axis) => at - place[axis]!)),
  );
}

/** The method as written down: no components, no boxes, every distance and every window by trying all voxels. */
function plainLabels(volume: Volume, radius: number): Int32Array {
  const { data, shape, spacing } = volume;
  const all = [...data.keys()];
  const finest = Math.min(...spacing);
  const length = (steps: number[]) =>
    Math.fround(steps.reduce((sum, step, axis) => sum + (spacing[axis]! / finest) ** 2 * step ** 2, 0));
  const between = (i: number, j: number) =>
    placeOf(i, shape).map((at, axis) => at - placeOf(j, shape)[axis]!);
  const background = all.filter((i) => data[i]! <= limit);
  const distance = all.map((i) =>
    background.reduce((nearest, j) => Math.min(nearest, length(between(i, j))), Number.POSITIVE_INFINITY),
  );
  const isMarker = (i: number) =>
    data[i]! > limit &&
    near(i, shape, (steps) => length(steps) <= radius * radius || isFace(steps)).every(
      (j) => distance[j]! <= distance[i]!,
    );
  const markers = all.filter(isMarker);
  const labels = new Int32Array(data.length);
  const spread = (i: number, label: number) => {
    labels[i] = label;
    for (const j of near(i, shape, (steps) => steps.every((step) => Math.abs(step) <= 1)))
      if (labels[j] === 0 && markers.includes(j)) spread(j, label);
  };
  let count = 0;
  for (const i of markers) if (labels[i] === 0) spread(i, ++count);
  const queue = markers.map((i) => ({ i, age: 0 }));
  for (let age = 1; queue.length > 0; ) {
    queue.sort((a, b) => distance[b.i]! - distance[a.i]! || a.age - b.age || a.i - b.i);
    const { i } = queue.shift()!;
    for (const j of faceSteps(shape)(i)) {
      if (data[j]! <= limit || labels[j] !== 0) continue;
      labels[j] = labels[i]!;
      queue.push({ i: j, age: age++ });
    }
  }
  return labels;
}
