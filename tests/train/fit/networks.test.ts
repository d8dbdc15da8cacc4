import { expect, it } from "vitest";
import { challengeParticles } from "../../../src/domain/particles.js";
import { networksOf, patchSpecOf } from "../../../src/train/fit/networks.js";
import { experimentWith } from "../../support/leastExperiment.js";

const weighed = (weights: Readonly<Record<string, number>>) => experimentWith({ patch: { weights } });
const networks = (weights: Readonly<Record<string, number>>) =>
  networksOf(weighed(weights), challengeParticles, { architecture: "plain" });

it("patches are drawn by the experiment's weights", () => {
  const weights = { thyroglobulin: 2, "beta-galactosidase": 2 };
  expect(patchSpecOf(weighed(weights), networks(weights)[0]!, 0).weights).toEqual(weights);
});

it("weights of what is not learned, or ignored, are refused with the names that are", () => {
  for (const name of ["thyroglobuline", "beta-amylase"])
    expect(() => networks({ [name]: 2 })).toThrow(
      `patch.weights: got "${name}", which is not learned, wanted names of apo-ferritin, beta-galactosidase, ribosome, thyroglobulin, virus-like-particle`,
    );
});
