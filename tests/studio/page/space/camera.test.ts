import { describe, expect, test } from "vitest";
import {
  angstromsPerPixel,
  type Camera,
  cameraOf,
  clipMatrix,
  frameOf,
  halfView,
  panned,
  project,
  reachOf,
  storedDepth,
  turned,
  unproject,
  zoomed,
} from "../../../../src/web/studio/space/camera.js";
import { cross, dot, type Vector } from "../../../../src/web/studio/space/vectors.js";

const size = { width: 640, height: 480 };
const lengths: Vector = [6300, 6300, 1840];
const straight = cameraOf(lengths);
const aslant: Camera = { target: [100, 200, 300], yaw: 0.7, pitch: -0.4, distance: 5000 };

const near = (got: Vector, wanted: Vector): void => {
  for (const axis of [0, 1, 2]) expect(got[axis]).toBeCloseTo(wanted[axis]!, 6);
};

describe("a camera", () => {
  test("without a turn sees x to the right, y down and z away, as slices are drawn", () => {
    const { right, down, forward, eye } = frameOf(straight);
    near(right, [1, 0, 0]);
    near(down, [0, 1, 0]);
    near(forward, [0, 0, 1]);
    near(eye, [3150, 3150, 920 - straight.distance]);
  });

  test("has directions of length 1 at right angles, of one handedness, however it is turned", () => {
    for (const [yaw, pitch] of [
      [0, 0],
      [1, 0.5],
      [-2.5, 1.5],
      [3, -Math.PI / 2],
    ] as const) {
      const { right, down, forward } = frameOf({ ...aslant, yaw, pitch });
      near(cross(right, down), forward);
      near(cross(down, forward), right);
      expect(dot(right, right)).toBeCloseTo(1, 9);
    }
  });

  test("has its target in the middle of the picture, at its distance", () => {
    const seen = project(aslant.target, frameOf(aslant), size)!;
    expect(seen.x).toBeCloseTo(320, 9);
    expect(seen.y).toBeCloseTo(240, 9);
    expect(seen.depth).toBeCloseTo(5000, 9);
  });

  test("shows what lies at half the angle of view at the picture's edge", () => {
    const camera: Camera = { target: [0, 0, 0], yaw: 0, pitch: 0, distance: 1000 };
    const seen = project([0, 1000 * halfView, 0], frameOf(camera), size)!;
    expect(seen.y).toBeCloseTo(480, 9);
    const twiceAsFar = project([1000 * halfView, 0, 1000], frameOf(camera), size)!;
    expect(twiceAsFar.x).toBeCloseTo(320 + 120, 9);
    expect(angstromsPerPixel(1000, size)).toBeCloseTo((2000 * halfView) / 480, 9);
  });

  test("sees a box's whole sphere", () => {
    const frame = frameOf(straight);
    for (const x of [0, 6300])
      for (const y of [0, 6300])
        for (const z of [0, 1840]) {
          const seen = project([x, y, z], frame, { width: 400, height: 400 })!;
          expect(seen.x).toBeGreaterThan(0);
          expect(seen.x).toBeLessThan(400);
          expect(seen.y).toBeGreaterThan(0);
          expect(seen.y).toBeLessThan(400);
        }
  });

  test("finds a pixel's point again", () => {
    const frame = frameOf(aslant);
    const point: Vector = [123, -456, 789];
    near(unproject(project(point, frame, size)!, frame, size), point);
    expect(project([0, 0, -1e6], frameOf(straight), size)).toBeUndefined();
  });

  test("gives the graphics card the same pixels and depths as `project`", () => {
    const frame = frameOf(aslant);
    const reach = reachOf(frame, lengths);
    const matrix = clipMatrix(frame, reach, size);
    for (const point of [
      [0, 0, 0],
      [500, 100, 900],
      [6300, 6300, 1840],
    ] as const) {
      const away = point.map((value, axis) => value - frame.eye[axis]!);
      const [x, y, z, w] = [0, 1, 2, 3].map((row) =>
        [...away, 1].reduce((sum, value, column) => sum + matrix[4 * column + row]! * value, 0),
      ) as [number, number, number, number];
      const seen = project(point, frame, size)!;
      expect(((x / w + 1) * size.width) / 2).toBeCloseTo(seen.x, 2);
      expect(((1 - y / w) * size.height) / 2).toBeCloseTo(seen.y, 2);
      expect((z / w + 1) / 2).toBeCloseTo(storedDepth(seen.depth, reach), 4);
    }
    expect(storedDepth(reach.near, reach)).toBe(0);
    expect(storedDepth(reach.far, reach)).toBeCloseTo(1, 12);
  });

  test("turns half around by a drag over the picture's height, and tilts no further than straight down", () => {
    expect(turned(straight, -240, 0, size).yaw).toBeCloseTo(Math.PI / 2, 9);
    expect(turned(straight, 0, 5000, size).pitch).toBe(Math.PI / 2);
    expect(Math.abs(turned({ ...straight, yaw: 3 }, -240, 0, size).yaw)).toBeLessThanOrEqual(Math.PI);
  });

  test("dragged aside takes the target's point along", () => {
    const moved = panned(aslant, 30, -12, size);
    const seen = project(aslant.target, frameOf(moved), size)!;
    expect(seen.x).toBeCloseTo(350, 6);
    expect(seen.y).toBeCloseTo(228, 6);
  });

  test("goes nearer and farther within bounds", () => {
    expect(zoomed(aslant, 2).distance).toBe(2500);
    expect(zoomed(aslant, 1e9).distance).toBe(1);
    expect(zoomed(aslant, 1e-9).distance).toBe(1e7);
  });

  test("keeps the near distance above 0 where it stands within the box", () => {
    const { near: least, far } = reachOf(frameOf({ ...straight, distance: 1 }), lengths);
    expect(least).toBeGreaterThan(0);
    expect(far).toBeGreaterThan(least);
  });
});
