import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Denoiser, denoise } from "../../../../src/data/simulate/microscope/denoisers.js";
import type { Shape3 } from "../../../../src/domain/volume.js";

/** What make_denoised.py computed. */
const expected: {
  readonly [Key in "values" | "median" | "gaussian" | "wiener"]: readonly number[];
} & { readonly [Key in "spacing" | "sigma" | "cut" | "lift" | "liftLength"]: number } & {
  readonly shape: Shape3;
} = JSON.parse(readFileSync("tests/fixtures/simulate/denoised.json", "utf8"));

const { sigma, cut, lift, liftLength } = expected;

const denoised = (denoiser: Denoiser): Float32Array => {
  const values = Float32Array.from(expected.values);
  denoise(values, expected.shape, expected.spacing, denoiser);
  return values;
};

describe("denoise", () => {
  it.each<[Denoiser, readonly number[]]>([
    [{ kind: "none" }, expected.values],
    [{ kind: "median" }, expected.median],
    [{ kind: "gaussian", sigma }, expected.gaussian],
    [{ kind: "wiener", cut, lift, liftLength }, expected.wiener],
  ])("is SciPy's and NumPy's: %o", (denoiser, wanted) => {
    const values = denoised(denoiser);
    // SciPy samples its kernel in space; ours is Gaussian in frequency.
    const slack = denoiser.kind === "gaussian" ? 2e-3 : 2e-6;
    const worst = Math.max(...wanted.map((value, i) => Math.abs(value - values[i]!)));
    expect(worst).toBeLessThan(slack);
  });
});
