/** Scores of feature sets: of their particles, and of their identities. */
import { rmSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ParticlePick } from "../../domain/particles.js";
import type { Reporter } from "../../system/reporter.js";
import { report } from "../shared/command.js";
import { runNames } from "../shared/flags.js";

/** Tells whether a path is a folder, as identities are, and no submission. */
export const isLabels = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;

/** Holds identities against the masks of a data set, and reports the confusion. */
export async function scoreLabels(
  folder: string,
  asked: {
    readonly truth: string;
    readonly runs: string | undefined;
    readonly spacing: number | undefined;
    readonly json: boolean | undefined;
    readonly reporter: Reporter;
  },
): Promise<void> {
  const { openDataset } = await import("../../data/dataset.js");
  const { judgeLabels, openLabels } = await import("../../features/judge/labels.js");
  const { identitiesText } = await import("../../score/masks/identitiesText.js");
  const { truth, runs, spacing, reporter } = asked;
  const labels = await openLabels(folder);
  const dataset = await openDataset(truth, { prefer: "train", spacing, reporter });
  const judged = await judgeLabels(labels, dataset, runs === undefined ? undefined : runNames("runs", runs));
  if (judged.withoutTruth.length > 0)
    reporter.note(
      `no mask of ${judged.withoutTruth.join(", ")} in the truth: no row of its own, and part of "none"`,
    );
  report(asked.json, judged, () => identitiesText(judged));
}

/** Submits a feature set over the data set that is the truth, into a CSV that is there while `work` runs. */
export async function withSubmittedSet(
  path: string,
  asked: {
    readonly data: string;
    readonly runs: string | undefined;
    readonly spacing: number | undefined;
  },
  reporter: Reporter,
  work: (csv: string) => Promise<void>,
): Promise<void> {
  const { openSet } = await import("../features/segmentSet.js");
  const { pickAll } = await import("../../features/pick/pickAll.js");
  const { writeSubmission } = await import("../../score/submissionCsv.js");
  const folder = await mkdtemp(join(tmpdir(), "pickbench-score-"));
  const forget = reporter.onEnd(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const { sources, ...opened } = await openSet(path, asked.data, asked, reporter);
    const picks = new Map<string, readonly ParticlePick[]>();
    try {
      const request = { ...opened, sources, scratch: join(folder, "maps"), reporter };
      await pickAll(request, sources.runs, async ({ run }, picked) => {
        picks.set(
          run,
          picked.flatMap((each) => each.picks),
        );
      });
    } finally {
      await sources.close();
    }
    const csv = join(folder, "submission.csv");
    await writeSubmission(csv, picks);
    await work(csv);
  } finally {
    forget();
    await rm(folder, { recursive: true, force: true });
  }
}
