/** The file of ranges: what a simulation draws anew for every tomogram, and how widely. */

import { z } from "zod";
import { PickbenchError } from "../../system/errors.js";
import { describeIssues, mistakesText } from "../../system/schema/issues.js";
import { readYaml } from "../../system/schema/yaml.js";
import { microscopeKeys } from "./microscope/ranges.js";
import { drawnRange } from "./range.js";
import { simulationRanges } from "./ranges.js";
import { contentKeys } from "./solution/contents.js";

const { crowding } = simulationRanges;

const ice = z
  .strictObject({
    thickness: drawnRange(200, 10_000)
      .default([700, 2000])
      .describe("thickness of the ice, Å; a tomogram that is too shallow is nearly filled"),
    slope: drawnRange(-20, 20)
      .default([-6, 6])
      .describe("how steep the ice lies along x and along y, degrees; less where a tomogram is too shallow"),
  })
  .prefault({});

/** Schema of a ranges file; every key may be left out. */
export const rangesSchema = z.strictObject({
  ...microscopeKeys,
  ice,
  ...contentKeys,
  crowding: drawnRange(crowding.least, crowding.greatest)
    .default([0.02, 0.15])
    .describe(
      "share of a cell's cytosol that is small proteins (`--scene cell`); the flag `--crowding` goes before it",
    ),
});

/** What a simulation draws for every tomogram: a number is fixed, and a pair drawn evenly between its two. */
export type SimulationRanges = z.output<typeof rangesSchema>;

/** The ranges without a file. */
export const defaultRanges: SimulationRanges = rangesSchema.parse({});

/** Returns ranges with what flags fix in them. */
export const withFixed = (
  ranges: SimulationRanges,
  { noise, crowding }: { readonly noise?: number | undefined; readonly crowding?: number | undefined },
): SimulationRanges => ({
  ...ranges,
  noise: { ...ranges.noise, amount: noise ?? ranges.noise.amount },
  crowding: crowding ?? ranges.crowding,
});

const reference = "docs/simulation.md explains every key";

/** Reads a ranges file. @throws PickbenchError BadUsage that names every mistake in it */
export async function readRanges(path: string): Promise<SimulationRanges> {
  const content = await readYaml(path, { file: "a YAML file of ranges", reference });
  const parsed = rangesSchema.safeParse(content ?? {});
  if (parsed.success) return parsed.data;
  const issues = describeIssues(parsed.error.issues, content, rangesSchema);
  throw new PickbenchError("BadUsage", `${path}: ${mistakesText(issues, reference)}`, {
    path,
    cause: parsed.error,
  });
}
