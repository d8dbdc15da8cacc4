/** A bar's line fits its terminal, and what counts most stays longest. */
import { expect, test } from "vitest";
import { barLine } from "../../../src/commands/shared/progress.js";

const work = { label: "training virus-like-particle (6 of 6)", total: 4000, unit: "steps", from: 0 };
const state = { done: 1000, note: "step 1000, loss 0.1234", seconds: 300 };

test("a wide terminal shows all: bar, counts, rate, time left, note", () => {
  expect(barLine({ ...work, label: "training" }, state, 119)).toBe(
    `training ${"█".repeat(6)}${"░".repeat(18)} 25%, 1000/4000 steps, 3.3 steps/s, 15 min 0 s left, step 1000, loss 0.1234`,
  );
});

test("80 columns keep loss and time left", () => {
  const line = barLine(work, state, 79);
  expect(line).toContain("15 min 0 s left, step 1000, loss 0.1234");
  expect(line.length).toBeLessThanOrEqual(79);
  expect(barLine({ ...work, label: "training" }, state, 79)).toMatch(
    /^training █+░+ 25%, 1000\/4000 steps, 15 min 0 s left, step 1000, loss 0\.1234$/,
  );
});

test.each([200, 120, 100, 80, 60, 40, 20, 10, 1])("%i columns are never passed", (columns) => {
  for (const done of [0, 1, 1999, 4000])
    for (const note of ["", "a", "TS_5_4 (3 of 500) ".repeat(4)])
      expect(barLine(work, { ...state, done, note }, columns).length).toBeLessThanOrEqual(columns);
});

test("work that is done has no time left, work without units is whole", () => {
  expect(barLine(work, { ...state, done: 4000, note: "" }, 119)).toMatch(
    /100%, 4000\/4000 steps, 13\.3 steps\/s$/,
  );
  expect(barLine({ ...work, total: 0 }, { ...state, done: 0 }, 119)).toContain("100%");
  expect(barLine({ ...work, unit: "s" }, state, 119)).not.toContain("s/s");
});
