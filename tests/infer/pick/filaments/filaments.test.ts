import { describe, expect, test } from "vitest";
import { angstrom } from "../../../../src/domain/units.js";
import type { Shape3, Spacing3, Volume } from "../../../../src/domain/volume.js";
import {
  type Filament,
  type FilamentSettings,
  traceFilaments,
} from "../../../../src/infer/pick/filaments/filaments.js";

type Point = readonly [x: number, y: number, z: number];

const settings: FilamentSettings = {
  method: "filament",
  threshold: 0.5,
  spacing: angstrom(40),
  length: angstrom(200),
  minVolume: 0,
  sign: "z",
};

/** A map of tubes: 1 on points of curves, ½ at a radius from them. Points in Å from the corner. */
function tubes(shape: Shape3, spacing: Spacing3, radius: number, points: readonly Point[]): Volume {
  const data = new Float32Array(shape[0] * shape[1] * shape[2]);
  const reach = spacing.map((step) => Math.ceil((2 * radius) / step));
  for (const [x, y, z] of points) {
    const at = [z, y, x].map((value, axis) => Math.floor(value / spacing[axis]!));
    const range = (axis: number) =>
      Array.from({ length: 2 * reach[axis]! + 1 }, (_, i) => at[axis]! - reach[axis]! + i).filter(
        (index) => index >= 0 && index < shape[axis]!,
      );
    for (const i of range(0))
      for (const j of range(1))
        for (const k of range(2)) {
          const away = Math.hypot(
            (i + 0.5) * spacing[0] - z,
            (j + 0.5) * spacing[1] - y,
            (k + 0.5) * spacing[2] - x,
          );
          const index = (i * shape[1] + j) * shape[2] + k;
          data[index] = Math.max(data[index]!, 1 - away / (2 * radius));
        }
  }
  return { data, shape, spacing };
}

const cubic = [10, 10, 10].map(angstrom) as unknown as Spacing3;
const anisotropic = [14, 8, 10].map(angstrom) as unknown as Spacing3;

const line = (from: Point, to: Point): Point[] =>
  Array.from(
    { length: 100 },
    (_, i) => from.map((value, axis) => value + ((to[axis]! - value) * i) / 99) as unknown as Point,
  );

const arc = (centre: Point, radius: number, from: number, to: number): Point[] =>
  Array.from({ length: 180 }, (_, i) => {
    const angle = from + ((to - from) * i) / 179;
    return [centre[0] + radius * Math.cos(angle), centre[1] + radius * Math.sin(angle), centre[2]] as Point;
  });

const shapeFor = (spacing: Spacing3, [x, y, z]: Point): Shape3 => [
  Math.ceil(z / spacing[0]),
  Math.ceil(y / spacing[1]),
  Math.ceil(x / spacing[2]),
];

const inner = ({ points }: Filament) => points.slice(1, -1);
const degrees = (cosine: number) => (Math.acos(Math.min(1, cosine)) * 180) / Math.PI;

describe.each([
  ["cubic", cubic],
  ["anisotropic", anisotropic],
] as const)("filaments on %s voxels", (_, spacing) => {
  test("that are straight have their line's place, tangent and no curvature", () => {
    const [from, to]: Point[] = [
      [120, 150, 100],
      [680, 420, 380],
    ];
    const volume = tubes(shapeFor(spacing, [800, 560, 480]), spacing, 45, line(from!, to!));
    const { filaments } = traceFilaments(volume, settings);
    expect(filaments.length).toBe(1);
    const axis = to!.map((value, k) => value - from![k]!);
    const unit = axis.map((value) => value / Math.hypot(...axis));
    const { length, points } = filaments[0]!;
    expect(Math.abs(length - Math.hypot(...axis))).toBeLessThan(100);
    expect(points.map(({ connectivity }) => connectivity)).toEqual([1, ...points.slice(2).map(() => 0), 1]);
    for (const { x, y, z, direction, radius, score } of inner(filaments[0]!)) {
      const off = [x, y, z].map((value, k) => value - from![k]!);
      const along = off.reduce((sum, value, k) => sum + value * unit[k]!, 0);
      expect(Math.hypot(...off.map((value, k) => value - along * unit[k]!))).toBeLessThan(8);
      expect(degrees(direction.reduce((sum, value, k) => sum + value * unit[k]!, 0))).toBeLessThan(4);
      expect(radius).toBeGreaterThan(1500);
      expect(score).toBeGreaterThan(0.85);
    }
    const steps = points
      .slice(1)
      .map((point, i) => Math.hypot(point.x - points[i]!.x, point.y - points[i]!.y, point.z - points[i]!.z));
    for (const step of steps) expect(Math.abs(step - 40)).toBeLessThan(2);
  });

  test("that are arcs have their circle's tangents and radius", () => {
    const centre: Point = [500, 480, 150];
    const volume = tubes(shapeFor(spacing, [1000, 960, 300]), spacing, 40, arc(centre, 360, 0.3, 4.2));
    const { filaments } = traceFilaments(volume, settings);
    expect(filaments.length).toBe(1);
    expect(Math.abs(filaments[0]!.length - 360 * 3.9)).toBeLessThan(100);
    const radii: number[] = [];
    for (const { x, y, z, direction, radius } of inner(filaments[0]!)) {
      const off = [x - centre[0], y - centre[1]];
      expect(Math.abs(Math.hypot(...off) - 360)).toBeLessThan(9);
      expect(Math.abs(z - 150)).toBeLessThan(9);
      const across = (off[0]! * direction[0] + off[1]! * direction[1]) / Math.hypot(...off);
      expect(Math.abs(90 - degrees(Math.abs(across)))).toBeLessThan(6);
      radii.push(radius);
    }
    const median = radii.toSorted((a, b) => a - b)[Math.floor(radii.length / 2)]!;
    expect(Math.abs(median / 360 - 1)).toBeLessThan(0.1);
  });

  test("that close to a ring are cut at one place", () => {
    const volume = tubes(
      shapeFor(spacing, [1000, 960, 300]),
      spacing,
      40,
      arc([500, 480, 150], 360, 0, 2 * Math.PI),
    );
    const { filaments } = traceFilaments(volume, settings);
    expect(filaments.length).toBe(1);
    expect(Math.abs(filaments[0]!.length / (2 * Math.PI * 360) - 1)).toBeLessThan(0.07);
    expect(filaments[0]!.points.filter(({ connectivity }) => connectivity === 2)).toEqual([]);
  });

  test("that branch are two, each with the point where they meet", () => {
    const volume = tubes(shapeFor(spacing, [1000, 700, 300]), spacing, 40, [
      ...line([100, 200, 150], [900, 200, 150]),
      ...line([500, 200, 150], [500, 600, 150]),
    ]);
    const { filaments, short } = traceFilaments(volume, settings);
    expect([filaments.length, short]).toEqual([2, 0]);
    const [long, branch] = filaments;
    expect(long!.points.filter(({ connectivity }) => connectivity === 1).length).toBe(2);
    const meeting = filaments.map(({ points }) => points.filter(({ connectivity }) => connectivity === 2));
    expect(meeting.map(({ length }) => length)).toEqual([1, 1]);
    for (const { x, y } of meeting.flat()) expect(Math.hypot(x - 500, y - 200)).toBeLessThan(60);
    expect(branch!.points.filter(({ connectivity }) => connectivity === 1).length).toBe(1);
    expect(Math.abs(branch!.length - 400)).toBeLessThan(90);
  });
});

describe("filaments", () => {
  const straight = () => tubes([30, 40, 90], cubic, 35, line([100, 200, 150], [800, 200, 150]));

  test("shorter than asked, and components smaller than asked, are left out", () => {
    const volume = straight();
    expect(traceFilaments(volume, { ...settings, length: angstrom(2000) })).toMatchObject({
      filaments: [],
      short: 1,
    });
    expect(traceFilaments(volume, { ...settings, minVolume: 1e8 })).toMatchObject({
      filaments: [],
      components: 0,
    });
  });

  test("go as the sign asks", () => {
    const along = (sign: FilamentSettings["sign"], volume: Volume) =>
      traceFilaments(volume, { ...settings, sign }).filaments[0]!.points[3]!.direction;
    const slanted = tubes([40, 40, 90], cubic, 35, line([100, 200, 300], [800, 200, 100]));
    expect(along("z", slanted)[2]).toBeGreaterThan(0.2);
    const beside = tubes([30, 40, 90], cubic, 35, line([500, 80, 150], [820, 330, 150]));
    const [x] = along("out", beside);
    expect(Math.sign(x)).toBe(1);
    expect(Math.sign(along("centre", beside)[0])).toBe(-1);
  });

  test("are the same every time", () => {
    expect(traceFilaments(straight(), settings)).toEqual(traceFilaments(straight(), settings));
  });
});

test("a lone voxel has no direction and is no filament, however short they may be", () => {
  const data = new Float32Array(1000);
  data[555] = 1;
  const volume: Volume = { data, shape: [10, 10, 10], spacing: cubic };
  const { filaments, short } = traceFilaments(volume, { ...settings, length: angstrom(0) });
  expect([filaments, short]).toEqual([[], 1]);
});
