/** `survey build`: what is asked, and what was done, in words. */
import { resolve } from "node:path";
import { openDataset } from "../../data/dataset.js";
import { isRemote } from "../../data/remote/address.js";
import { plural } from "../../present/text.js";
import { type BuiltSurvey, buildSurvey } from "../../survey/build.js";
import { readSettings, type SurveySettings } from "../../survey/folder.js";
import { PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import { report } from "../shared/command.js";
import { checkScale, checkSpacing, checkWritable, threadsOf } from "../shared/flags.js";
import { sourcesAsked } from "./sources.js";

interface BuildFlags {
  readonly folder: string;
  readonly data: string | undefined;
  readonly part: "train" | "test" | undefined;
  readonly tomogram: string | undefined;
  readonly spacing: number | undefined;
  readonly nan: "blank" | undefined;
  readonly maps: readonly string[] | undefined;
  readonly scale: number | undefined;
  readonly picks: readonly string[] | undefined;
  readonly submissions: readonly string[] | undefined;
  readonly summary: string | undefined;
  readonly threshold: number;
  readonly dust: number;
  readonly threads: number | undefined;
  readonly json: boolean | undefined;
}

/** Builds a survey, or catches it up. @throws PickbenchError Stopped where it was stopped; BadDataset where runs were faulty */
export async function build(flags: BuildFlags, reporter: Reporter): Promise<void> {
  const { folder, json } = flags;
  const threads = threadsOf(flags.threads);
  await checkWritable("out", folder, "folder");
  const settings = await settingsAsked(flags, reporter);
  const { data, part, spacing } = settings;
  const built = await reporter.stoppable("tomogram", async () => {
    const dataset = await openDataset(data, { part, spacing, reporter });
    return buildSurvey(folder, dataset, settings, { threads, reporter });
  });
  if (built.faults.length === 0 && built.left === 0) {
    report(json, { survey: folder, ...built }, () => builtText(folder, built));
    return;
  }
  reporter.note(builtText(folder, built));
  for (const { message } of built.faults) reporter.note(`- ${message}`);
  if (built.left > 0)
    throw new PickbenchError(
      "Stopped",
      `stopped with ${plural(built.left, "tomogram")} left; the same command goes on`,
    );
  throw new PickbenchError(
    "BadDataset",
    `${plural(built.faults.length, "tomogram")} could not be surveyed: ${built.faults
      .map(({ run }) => run)
      .slice(0, 10)
      .join(", ")}; mend or leave out what is named above, and build again`,
  );
}

/** What is asked by flags; without --data, what the survey was asked before. */
async function settingsAsked(flags: BuildFlags, reporter: Reporter): Promise<SurveySettings> {
  const { folder, data, picks = [], submissions = [], maps = [], threshold, dust } = flags;
  if (data === undefined) {
    const others = ["part", "tomogram", "spacing", "nan", "maps", "scale", "picks", "submissions", "summary"];
    const other = Object.entries(flags).find(([name, value]) => value !== undefined && others.includes(name));
    if (other)
      throw new PickbenchError(
        "BadUsage",
        `--${other[0]} is given without --data, which says anew what is surveyed; give it, too`,
      );
    const before = await readSettings(folder);
    if (before) return before;
    throw new PickbenchError(
      "BadUsage",
      `survey build wants --data: ${folder} was not built before; name a data set`,
    );
  }
  checkSpacing(flags.spacing);
  checkScale(flags.scale);
  if (!(Number.isFinite(Math.fround(threshold)) && threshold >= 0 && threshold < 1))
    throw new PickbenchError(
      "BadUsage",
      `--threshold is ${threshold}, wanted a probability below 1; write it like --threshold 0.5`,
    );
  if (!(Number.isFinite(dust) && dust >= 0))
    throw new PickbenchError(
      "BadUsage",
      `--dust is ${dust}, wanted Å³, 0 or more; write it like --dust 1000`,
    );
  const given = <Value>(name: string, value: Value | undefined) =>
    value === undefined ? {} : { [name]: value };
  return {
    ...{ version: 1, data: isRemote(data) ? data : resolve(data), threshold, dust },
    ...given("part", flags.part),
    ...given("spacing", flags.spacing),
    ...given("tomogram", flags.tomogram),
    ...given("nan", flags.nan),
    maps: maps.map((path) => resolve(path)),
    ...given("scale", flags.scale),
    sources: await sourcesAsked(picks, submissions, reporter),
    ...given("summary", flags.summary === undefined ? undefined : resolve(flags.summary)),
  };
}

const builtText = (folder: string, { runs, changed, removed, database }: BuiltSurvey): string => {
  const gone = removed === 0 ? "" : `, ${removed} removed`;
  const made = database.isNew ? "made" : "caught up";
  return `${folder}: ${plural(runs, "tomogram")}, ${changed} new or changed${gone}; database ${made}`;
};
