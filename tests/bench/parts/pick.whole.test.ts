import { expect, test } from "vitest";
import { type Ball, ballRadius, particleVolume } from "../../../src/bench/particleVolume.js";
import { agreementOf } from "../../../src/bench/parts/pick.js";
import { findPython } from "../../../src/bench/peer.js";
import { angstrom, type Position } from "../../../src/domain/units.js";
import { pickbenchProcess } from "../../support/commandLine.js";

const position = (x: number, y: number, z: number): Position => ({
  x: angstrom(x),
  y: angstrom(y),
  z: angstrom(z),
});

test("two pickers agree as well as their furthest particles, whichever of them has them", () => {
  const isTouching = ({ x }: Position) => x > 100;
  const ours = [position(0, 0, 0), position(200, 0, 0)];
  const theirs = [position(0, 3, 4), position(200, 0, 1), position(206, 8, 0)];
  expect(agreementOf(ours, theirs, isTouching)).toEqual({ lone: 5, touching: 10 });
  expect(agreementOf(theirs, ours, isTouching)).toEqual({ lone: 5, touching: 10 });
  expect(agreementOf([], [], isTouching)).toEqual({ lone: null, touching: null });
  expect(agreementOf(ours.slice(0, 1), [], isTouching).lone).toBe(Number.POSITIVE_INFINITY);
});

test("the volume to pick from: every fifth place holds a touching pair, all others a ball alone", () => {
  const { volume, balls } = particleVolume([64, 160, 160]);
  expect(balls.filter(({ touching }) => touching).length).toBe(2);
  expect(balls.length).toBe(10);
  const apart = ({ centre: a }: Ball, { centre: b }: Ball) =>
    Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  for (const ball of balls) {
    const nearest = Math.min(...balls.filter((other) => other !== ball).map((other) => apart(ball, other)));
    if (ball.touching) expect(nearest).toBeCloseTo(16, 9);
    else expect(nearest).toBeGreaterThan(2 * ballRadius + 2);
    const [z, y, x] = ball.centre.map(Math.round) as [number, number, number];
    expect(volume.data[(z * 160 + y) * 160 + x]).toBeGreaterThan(0.9);
  }
});

test("pick beside scikit-image, where it is installed: the same particles", async (context) => {
  if ((await findPython(["numpy", "scipy", "skimage"])) === null)
    context.skip("no python3 with scipy and skimage is installed");
  const args = ["pick", "--volume", "50,110,260", "--steps", "1", "--no-history", "--json"];
  const { code, stdout } = await pickbenchProcess("bench", ...args);
  expect(code).toBe(0);
  const [row] = (JSON.parse(stdout) as { rows: Record<string, number | string | null>[] }).rows;
  expect(row).toMatchObject({
    voxels: 50 * 110 * 260,
    particles: 12,
    picks: 12,
    peer_picks: 12,
    peer_runs: 1,
  });
  expect(row!.lone_apart_a).toBeLessThan(0.01);
  expect(row!.touching_apart_a).toBeLessThan(2);
  expect(row!.pick_ratio).toBeGreaterThan(0);
});

test("pick without peers: times, and nothing to compare", async () => {
  const args = ["pick", "--volume", "20,40,40", "--steps", "1", "--no-peers", "--no-history", "--json"];
  const { stdout } = await pickbenchProcess("bench", ...args);
  const [row] = (JSON.parse(stdout) as { rows: Record<string, number | string | null>[] }).rows;
  expect(row).toMatchObject({ particles: 1, picks: 1, peer: null, peer_pick_ms: null, pick_ratio: null });
  expect(row!.pick_ms).toBeGreaterThan(0);
});
