import type { Pick } from "../particles.js";
import { startCounting } from "../progress.js";
import { writeSubmission } from "../score/submissionCsv.js";
import { openDetector } from "../train/detector.js";
import { defineCommand, report } from "./command.js";
import { engineOf, openRuns, withDetectorOptions } from "./detectorOptions.js";
import { checkWhole, checkWritable } from "./flagChecks.js";

export const command = defineCommand({
  usage: "<checkpoint..>",
  lists: ["checkpoint"],
  options: (argv) =>
    withDetectorOptions(argv)
      .option("out", { type: "string", demandOption: true, describe: "the CSV to write" })
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example(
        "$0 submit runs/a/best.safetensors --data test --out submission.csv",
        "the challenge's CSV for all test tomograms",
      )
      .example(
        "$0 submit a.safetensors b.safetensors --data test --out both.csv",
        "the mean of two checkpoints",
      ),
  run: async ({ checkpoint, data, runs: asked, tomogram, engine, threads, out, json }) => {
    checkWhole("threads", threads, 1);
    await checkWritable("out", out, "file");
    const { dataset, runs } = await openRuns(data, asked);
    const detector = await openDetector(checkpoint, { engine: await engineOf(engine), threads, tomogram });
    const picks = new Map<string, readonly Pick[]>();
    try {
      await detector.check(dataset, runs);
      for (const [at, run] of runs.entries()) {
        const progress = startCounting(`${run} (${at + 1} of ${runs.length})`, "tiles");
        picks.set(run, await detector.detect(dataset, run, progress.update));
        progress.stop();
      }
    } finally {
      await detector.close();
    }
    await writeSubmission(out, picks);
    const counts = [...picks].map(([run, found]) => ({
      run,
      picks: found.length,
      perType: countTypes(detector.types, found),
    }));
    report(json, { out, runs: counts }, () =>
      [
        ...counts.map(
          ({ run, perType }) =>
            `${run}: ${Object.entries(perType)
              .map(([type, count]) => `${count} ${type}`)
              .join(", ")}`,
        ),
        `submission: ${out}`,
      ].join("\n"),
    );
  },
});

const countTypes = (types: readonly string[], picks: readonly Pick[]): Record<string, number> =>
  Object.fromEntries(types.map((type) => [type, picks.filter((pick) => pick.type === type).length]));
