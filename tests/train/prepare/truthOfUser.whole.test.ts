// data.picks: whose picks a training takes for the truth.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { readRunPicks, writePicks } from "../../../src/data/picks.js";
import { pickbench } from "../../support/commandLine.js";
import { tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

it("a training takes the picks of the user and session that the experiment names, in place of the data set's own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "truth-of-user-"));
  const data = await tinyDataset(folder);
  const dataset = await openDataset(data);
  const own = (await readRunPicks(dataset, "TS_S1")).filter(({ type }) => type === "ribosome");
  await writePicks(dataset.overlayRoot, "TS_S1", "ribosome", own, { userId: "mia", sessionId: "first" });
  const run = async (user: string, session: string, types: readonly string[]) => {
    const path = await tinyExperiment(join(folder, `${user}-${session}.yaml`), {
      splits: { train: ["TS_S1"] },
      data: { picks: { user, session } },
      types,
      budget: "1 steps",
    });
    const out = join(folder, `${user}-${session}-${types.join("-")}`);
    return pickbench(
      "run",
      path,
      "--data",
      data,
      "--out",
      out,
      "--submissions",
      join(folder, "s"),
      "--quiet",
    );
  };
  expect((await run("mia", "first", ["ribosome"])).stderr).toBe("");
  expect((await run("mia", "first", ["apo-ferritin", "ribosome"])).stderr).toContain("apo-ferritin");
  expect((await run("mia", "second", ["ribosome"])).code).toBe(1);
});
