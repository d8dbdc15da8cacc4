import { appendFileSync, mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LogFollower } from "../../../src/studio/progress/logFollower.js";
import { workInOwnFolder } from "../../support/ownFolder.js";

const step = (number: number, loss = 1 / (number + 1), network = "all"): string =>
  `${JSON.stringify({ network, step: number, loss, parts: { dice: loss / 2 }, norm: 1, rate: 0.001, ms: 5, waitedMs: 1, samplesPerSecond: 10 })}\n`;
const evaluation = (number: number, tuneScore: number): string =>
  `${JSON.stringify({ network: "all", step: number, tuneScore, best: true })}\n`;
const steps = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, at) => step(from + at)).join("");

describe("following a log", () => {
  workInOwnFolder(async () => undefined);
  const log = "log.jsonl";
  const curve = (grown: Awaited<ReturnType<LogFollower["grown"]>>, figure: string) =>
    grown.curves.find((each) => each.figure === figure);

  test("gives whole curves, then what comes behind a line", async () => {
    writeFileSync(log, steps(0, 3) + evaluation(2, 0.4));
    const follower = new LogFollower(log);
    const first = await follower.grown();
    expect(first).toMatchObject({ lines: 4, isWhole: true, notes: [] });
    expect(curve(first, "train/loss")).toMatchObject({ steps: [0, 1, 2], values: [1, 0.5, 0.333333] });
    expect(curve(first, "tune/score")).toMatchObject({ steps: [2], values: [0.4] });
    appendFileSync(log, step(3));
    const second = await follower.grown(first.lines, first.version);
    expect(second).toMatchObject({ lines: 5, isWhole: false });
    expect(curve(second, "train/loss")).toMatchObject({ steps: [3], values: [0.25] });
    expect(curve(second, "tune/score")).toBeUndefined();
    const third = await follower.grown(second.lines, second.version);
    expect(third).toMatchObject({ isWhole: false, curves: [] });
  });

  test("waits for the end of a line that is being written", async () => {
    const text = step(1);
    writeFileSync(log, step(0) + text.slice(0, 20));
    const follower = new LogFollower(log);
    const first = await follower.grown();
    expect(first).toMatchObject({ lines: 1, notes: [] });
    appendFileSync(log, text.slice(20));
    const second = await follower.grown(first.lines, first.version);
    expect(curve(second, "train/loss")!.steps).toEqual([1]);
  });

  test("begins anew where a resumed training wrote the log again, or it is shorter", async () => {
    writeFileSync(log, steps(0, 5));
    const follower = new LogFollower(log);
    const first = await follower.grown();
    writeFileSync("other", steps(0, 2) + step(2, 7));
    renameSync("other", log);
    const second = await follower.grown(first.lines, first.version);
    expect(second).toMatchObject({ lines: 3, isWhole: true });
    expect(curve(second, "train/loss")!.values).toEqual([1, 0.5, 7]);
    truncateSync(log, step(0).length);
    const third = await follower.grown(second.lines, second.version);
    expect(third).toMatchObject({ lines: 1, isWhole: true });
  });

  test("counts what cannot be read, and goes on behind it", async () => {
    const huge = `{"network":"${"x".repeat(2 ** 21)}"}\n`;
    const hostile = `{"network":"<img src=x onerror=alert(1)>","step":0,"loss":1,"rate":1,"ms":1,"waitedMs":1}\n`;
    writeFileSync(log, `\0\0\0\n${huge}[1,2]\n{"__proto__":1}\n${hostile}${step(0)}`);
    const grown = await new LogFollower(log).grown();
    expect(grown.lines).toBe(6);
    expect(grown.notes).toEqual([
      "4 lines of the log cannot be read: line 1 is neither a step, an evaluation, a look nor a search for false picks",
    ]);
    expect(grown.curves.map(({ network }) => network)).toContain("<img src=x onerror=alert(1)>");
    expect(curve(grown, "train/norm")!.steps).toEqual([0]);
  });

  test("says that a line is too long", async () => {
    writeFileSync(log, `${"x".repeat(2 ** 20 + 1)}\n${step(0)}`);
    const grown = await new LogFollower(log).grown();
    expect(grown.notes).toEqual(["1 line of the log cannot be read: line 1 is longer than 1048576 bytes"]);
    expect(curve(grown, "train/loss")!.steps).toEqual([0]);
  });

  test("draws a long log by means, never by more than 2000 points", async () => {
    const count = 12_345;
    writeFileSync(log, Array.from({ length: count }, (_, at) => step(at, at)).join(""));
    const grown = await new LogFollower(log).grown();
    const { steps: at, values, mean } = curve(grown, "train/loss")!;
    expect(at.length).toBeLessThanOrEqual(2001);
    expect(at.length).toBeGreaterThan(1000);
    expect(mean).toBe(8);
    expect([at[0], values[0]]).toEqual([7, 3.5]);
    expect([at.at(-1), values.at(-1)]).toEqual([count - 1, count - 1]);
    const whole = values.slice(0, -1).reduce((sum, value) => sum + mean * value, 0);
    expect(whole).toBeCloseTo(((count - 1) * (count - 2)) / 2, -3);
  });

  test("gives everything to who has been away for long", async () => {
    writeFileSync(log, step(0));
    const follower = new LogFollower(log);
    const first = await follower.grown();
    appendFileSync(log, steps(1, 20_000));
    expect(await follower.grown(first.lines, first.version)).toMatchObject({ isWhole: true, lines: 20_000 });
    expect(await follower.grown(15, 99)).toMatchObject({ isWhole: true });
    expect(await follower.grown(1e9, first.version)).toMatchObject({ isWhole: true });
  });

  test("shares one reading among all who ask at once", async () => {
    writeFileSync(log, steps(0, 100));
    const follower = new LogFollower(log);
    const all = await Promise.all([follower.grown(), follower.grown(), follower.grown()]);
    expect(all.map(({ lines }) => lines)).toEqual([100, 100, 100]);
    expect(curve(all[2], "train/loss")!.steps.length).toBe(100);
  });

  test("says where there is no log, or something else in its place", async () => {
    expect((await new LogFollower("none").grown()).notes).toEqual(["there is no log yet"]);
    mkdirSync(log);
    expect((await new LogFollower(log).grown()).notes[0]).toMatch(/no file/);
    writeFileSync("secret", step(0));
    symlinkSync("secret", "link.jsonl");
    expect((await new LogFollower("link.jsonl").grown()).notes[0]).toMatch(/no file/);
  });
});
