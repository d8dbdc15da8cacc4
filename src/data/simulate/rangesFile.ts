/** The file of ranges: what a simulation draws anew for every tomogram, and how widely. */

import { LineCounter } from "yaml";
import { z } from "zod";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { readText } from "../../system/paths/opening.js";
import { describeIssues, mistakesText } from "../../system/schema/issues.js";
import { plainContent, syntaxFault, yamlDocument } from "../../system/schema/yaml.js";
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
  const bad = (what: string, cause?: unknown) =>
    new PickbenchError("BadUsage", `${path}: ${what}`, { path, cause });
  const content = contentOf(await textOf(path, bad), bad);
  const parsed = rangesSchema.safeParse(content ?? {});
  if (parsed.success) return parsed.data;
  throw bad(
    mistakesText(describeIssues(parsed.error.issues, content, rangesSchema), reference),
    parsed.error,
  );
}

type Bad = (what: string, cause?: unknown) => PickbenchError;

async function textOf(path: string, bad: Bad): Promise<string> {
  try {
    return await readText(path);
  } catch (error) {
    throw bad(`it cannot be read (${messageOf(error)}); give the path of a YAML file of ranges`, error);
  }
}

function contentOf(text: string, bad: Bad): unknown {
  const lines = new LineCounter();
  try {
    const document = yamlDocument(text, lines);
    const fault = syntaxFault(document, lines);
    if (fault !== undefined) throw bad(`${fault}; ${reference}`, document.errors[0]);
    return plainContent(document);
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw bad(`its YAML cannot be taken (${messageOf(error)}); write the values out`, error);
  }
}
