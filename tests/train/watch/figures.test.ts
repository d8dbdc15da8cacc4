/** The figures that a live table shows of a training. */
import { expect, test } from "vitest";
import { Figures } from "../../../src/train/watch/figures.js";

test("figures of a training are smoothed, and what was seen last stands below", () => {
  const figures = new Figures();
  expect(figures.rows()).toEqual([]);
  const step = { parts: { tversky: 1, crossEntropy: 1 }, norm: 2, rate: 1e-3, samplesPerSecond: 4 };
  figures.step({ ...step, step: 0, loss: 2 });
  figures.step({ ...step, step: 1, loss: 1 });
  expect(figures.rows()).toEqual([
    {
      title: "loss",
      figures: [
        ["", "1.5000"],
        ["tversky", "1.0000"],
        ["crossEntropy", "1.0000"],
      ],
    },
    {
      title: "step",
      figures: [
        ["", "2"],
        ["norm", "2.00"],
        ["rate", "1.0e-3"],
        ["patches/s", "4.00"],
      ],
    },
  ]);
  figures.look(2, { loss: 0.7, parts: { tversky: 0.7 }, f4: { ribosome: 0.456 }, crops: 8 });
  figures.evaluation(2, 0.25);
  expect(figures.rows().slice(2)).toEqual([
    {
      title: "tune loss",
      figures: [
        ["", "0.7000"],
        ["step", "2"],
      ],
    },
    { title: "crops' F4", figures: [["ribosome", "0.46"]] },
    {
      title: "tune runs",
      figures: [
        ["score", "0.2500"],
        ["step", "2"],
      ],
    },
  ]);
});
