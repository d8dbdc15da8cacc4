import { describe, expect, it } from "vitest";
import { randomFor } from "../../src/domain/random.js";
import { unitOf, valueAt } from "../../src/search/parameters.js";
import {
  type Method,
  normalBelow,
  type Observation,
  parzenDensity,
  propose,
} from "../../src/search/sampler.js";
import type { SearchParameter } from "../../src/train/experiment/searchSpace.js";

const rate = { path: "rate", kind: "log", low: 1e-5, high: 1e-1 } as const;
const share = { path: "share", kind: "range", low: -2, high: 6 } as const;
const batch = { path: "batch", kind: "integer", low: 1, high: 4 } as const;
const shape = { path: "shape", kind: "choice", values: [[8, 8, 8], "none", null, 3] } as const;

/** The score of `trials` trials, one after another, each proposed from those before it. */
function searched(
  parameters: readonly SearchParameter[],
  method: Method,
  seed: number,
  trials: number,
  score: (values: Readonly<Record<string, unknown>>) => number,
): Observation[] {
  const seen: Observation[] = [];
  for (let trial = 0; trial < trials; trial++) {
    const values = propose(parameters, method, seed, trial, seen);
    seen.push({ values, reached: Number.POSITIVE_INFINITY, score: score(values) });
  }
  return seen;
}

/** The greatest distance between the values' distribution and the uniform one (Kolmogorov and Smirnov). */
function distanceFromUniform(units: readonly number[]): number {
  const n = units.length;
  return Math.max(
    ...units
      .toSorted((a, b) => a - b)
      .flatMap((unit, at) => [Math.abs(unit - at / n), Math.abs(unit - (at + 1) / n)]),
  );
}

describe("random values", () => {
  const count = 2000;
  const drawn = Array.from({ length: count }, (_, trial) =>
    propose([rate, share, batch, shape], "random", 3, trial, []),
  );

  it.each([rate, share])("of $path are spread as its kind says", (parameter) => {
    const units = drawn.map((values) => unitOf(parameter, values[parameter.path] as number));
    expect(distanceFromUniform(units)).toBeLessThan(1.63 / Math.sqrt(count));
  });

  it("of whole numbers and choices come equally often", () => {
    const chiSquare = (values: readonly unknown[], all: readonly unknown[]) =>
      all.reduce<number>((sum, each) => {
        const found = values.filter((value) => value === each).length;
        return sum + (found - count / all.length) ** 2 / (count / all.length);
      }, 0);
    expect(
      chiSquare(
        drawn.map((values) => values.batch),
        [1, 2, 3, 4],
      ),
    ).toBeLessThan(11.34);
    expect(
      chiSquare(
        drawn.map((values) => values.shape),
        shape.values,
      ),
    ).toBeLessThan(11.34);
  });

  it("stay within their bounds, and come back from where they lie", () => {
    for (const parameter of [rate, share, batch]) {
      expect(valueAt(parameter, 0)).toBe(parameter.low);
      expect(valueAt(parameter, 1)).toBe(parameter.high);
    }
    for (const unit of [0.1, 0.35, 0.9]) expect(unitOf(rate, valueAt(rate, unit))).toBeCloseTo(unit, 3);
  });

  it("depend on seed, trial and path alone: another parameter beside them changes nothing", () => {
    expect(propose([share, rate], "random", 3, 5, [])).toEqual(
      Object.fromEntries(["share", "rate"].map((path) => [path, drawn[5]![path]])),
    );
    expect(propose([rate], "random", 4, 5, [])).not.toEqual(propose([rate], "random", 3, 5, []));
  });
});

describe("Parzen windows", () => {
  it("hold a share of 1 within the range, wherever the observations lie", () => {
    for (const observations of [[], [0.001], [0.999, 0.998], [0.2, 0.21, 0.9]]) {
      const density = parzenDensity(observations);
      const steps = 20_000;
      let share = 0;
      for (let i = 0; i < steps; i++) share += density.at((i + 0.5) / steps) / steps;
      expect(share).toBeCloseTo(1, 5);
    }
  });

  it("are drawn from as they weigh", () => {
    const density = parzenDensity([0.1, 0.12, 0.7]);
    const random = randomFor(0, "tests/parzen");
    const drawn = Array.from({ length: 4000 }, () => density.draw(random));
    const below = drawn.filter((unit) => unit < 0.3).length / drawn.length;
    let expected = 0;
    for (let i = 0; i < 3000; i++) expected += density.at((i + 0.5) / 10_000) / 10_000;
    expect(Math.abs(below - expected)).toBeLessThan(0.025);
  });

  it("know the normal distribution's tables", () => {
    for (const [x, share] of [
      [0, 0.5],
      [1, 0.8413447461],
      [-1.6448536, 0.05],
      [2.5758293, 0.995],
    ] as const)
      expect(normalBelow(x)).toBeCloseTo(share, 6);
  });
});

/** Branin's function, turned over: its three greatest values are −0.397887 (Dixon and Szegő 1978). */
function branin(x: number, y: number): number {
  const bowl = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6;
  return -(bowl * bowl + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10);
}

const problems: Readonly<
  Record<string, readonly [readonly SearchParameter[], (values: Readonly<Record<string, unknown>>) => number]>
> = {
  "Branin's function": [
    [
      { path: "x", kind: "range", low: -5, high: 10 },
      { path: "y", kind: "range", low: 0, high: 15 },
    ],
    ({ x, y }) => branin(x as number, y as number),
  ],
  "a bowl over a rate, a share, a whole number and a choice": [
    [rate, share, batch, shape],
    (values) =>
      -((Math.log10(values.rate as number) + 3) ** 2) -
      ((values.share as number) - 4) ** 2 / 4 -
      ((values.batch as number) - 3) ** 2 / 4 -
      (values.shape === "none" ? 0 : 1),
  ],
};

describe("the Parzen estimator", () => {
  it.each(Object.entries(problems))("finds more of %s than chance does", (name, [parameters, score]) => {
    const bests = (method: Method) =>
      Array.from({ length: 50 }, (_, seed) =>
        Math.max(...searched(parameters, method, seed, 40, score).map((each) => each.score)),
      );
    const [guided, random] = [bests("tpe"), bests("random")];
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const gains = guided.map((value, seed) => value - random[seed]!);
    const spread = Math.sqrt(mean(gains.map((gain) => (gain - mean(gains)) ** 2)) / (gains.length - 1));
    console.info(
      `${name}, best of 40 trials, mean of 50 seeds: tpe ${mean(guided).toFixed(4)}, random ${mean(random).toFixed(4)}, gain ${mean(gains).toFixed(4)} ± ${spread.toFixed(4)}`,
    );
    expect(mean(gains)).toBeGreaterThan(2 * spread);
  });

  it("proposes the same from the same trials, and looks at no other", () => {
    const [parameters, score] = problems["Branin's function"]!;
    const whole = searched(parameters, "tpe", 1, 20, score);
    expect(searched(parameters, "tpe", 1, 20, score)).toEqual(whole);
    expect(propose(parameters, "tpe", 1, 15, whole.slice(0, 15))).toEqual(whole[15]!.values);
  });

  it("counts a trial that was ended early, or failed, among the bad whatever its score", () => {
    const at = (x: number, reached: number, score: number): Observation => ({
      values: { share: x },
      reached,
      score,
    });
    const whole = Number.POSITIVE_INFINITY;
    const before = [
      ...Array.from({ length: 5 }, (_, i) => at(-1.9 + 0.01 * i, 0, 0.9)),
      ...Array.from({ length: 5 }, (_, i) => at(-1.5 + 0.01 * i, -1, 0)),
      ...Array.from({ length: 3 }, (_, i) => at(5 + 0.01 * i, whole, 0.3)),
    ];
    for (let seed = 0; seed < 10; seed++)
      expect(propose([share], "tpe", seed, before.length, before).share).toBeGreaterThan(2);
  });
});
