/** `pickbench survey build|find|show|export|subset|sql`: a catalogue of thousands of tomograms. */
import { resolve } from "node:path";
import { plural, wordTable } from "../../present/text.js";
import { usualSurvey } from "../../survey/places.js";
import { newSubsetPath, readSubset, subsetNames, subsetPath, writeSubset } from "../../survey/subsets.js";
import { openSurvey, type Survey, showRun } from "../../survey/survey.js";
import { PickbenchError } from "../../system/errors.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { defineCommand, report } from "../shared/command.js";
import {
  checkWhole,
  checkWritable,
  namesGiven,
  nanOption,
  overwriteOption,
  quietOption,
  scaleOption,
  spacingOption,
  threadsOption,
} from "../shared/flags.js";
import type { RunningMaking } from "../shared/making.js";
import { terminalReporter } from "../shared/terminal.js";
import { answerText, columnText, entryText, foundText } from "./text.js";

const actions = ["build", "find", "show", "export", "subset", "sql"] as const;
type Action = (typeof actions)[number];
const list = { type: "string", array: true, nargs: 1 } as const;

export const command = defineCommand({
  usage: "<action> [target]",
  lists: ["maps", "picks", "submissions"],
  reads: ["data", "maps", "picks", "submissions", "summary"],
  writes: ["out"],
  writesUnasked: true,
  options: (argv) =>
    argv
      .positional("action", {
        choices: actions,
        demandOption: true,
        describe:
          "build measures tomograms, find lists those for which an expression is true, show prints one or the columns that expressions know, export writes a table, subset a list of runs, sql answers a SELECT",
      })
      .positional("target", {
        type: "string",
        describe:
          "find: the expression; show: a run, the columns if absent; export: a file .star, .csv or .parquet; subset: its name; sql: a SELECT",
      })
      .option("survey", { type: "string", default: usualSurvey, describe: "the survey's folder" })
      .option("out", { type: "string", describe: "build: the survey's folder, as --survey" })
      .option("data", {
        type: "string",
        describe: "build: the data set; as the survey was built before if absent",
      })
      .option("part", {
        choices: ["train", "test"] as const,
        describe: "build: which part of --data, where there are both",
      })
      .option("tomogram", {
        type: "string",
        describe:
          "build: the reconstruction to measure: denoised where there is one, else the first, if absent",
      })
      .option("spacing", { ...spacingOption, describe: `build: ${spacingOption.describe}` })
      .option("nan", { ...nanOption, describe: `build: ${nanOption.describe}` })
      .option("maps", { ...list, describe: "build: maps of features as pick takes them; may be given again" })
      .option("scale", { ...scaleOption, describe: `build: ${scaleOption.describe}` })
      .option("picks", {
        ...list,
        describe:
          "build: picks of any format that convert takes, as [NAME=]PATH, with @USER_SESSION behind where it holds several; may be given again",
      })
      .option("submissions", {
        ...list,
        describe: "build: submission CSVs, folders of submissions, or a folder of such; may be given again",
      })
      .option("summary", {
        type: "string",
        describe: "build: Pom's summary.star, whose values are taken over where there are no maps",
      })
      .option("threshold", { type: "number", default: 0.5, describe: "build: voxels of maps above it count" })
      .option("dust", {
        type: "number",
        default: 1000,
        describe: "build: components of fewer Å³ are not counted",
      })
      .option("where", {
        type: "string",
        describe:
          "export, subset: an expression, as find takes it; if absent, export takes all tomograms, and subset shows the one of that name, or lists all",
      })
      .option("sort", {
        type: "string",
        describe: "find, export, subset: a column, with desc behind it for falling order; the run if absent",
      })
      .option("columns", {
        type: "string",
        describe:
          "find, export: names of columns, separated by commas; those of the expression, or all to export, if absent",
      })
      .option("limit", {
        type: "number",
        describe:
          "find, export, subset, sql: at most so many; find shows 50 if absent, all with --json, sql 1000",
      })
      .option("threads", threadsOption)
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example(
        "$0 survey build --data DIR --maps maps --picks picks --out survey",
        "measures what is new since the last time",
      )
      .example(
        '$0 survey find "membrane.percent > 2 and ribosome.count > 50" --sort "ribosome.density desc"',
        "the fullest first",
      )
      .example("$0 survey show TS_1", "all that is known of one tomogram")
      .example(
        '$0 survey subset good --where "sample < 2000 and noise < 0.6"',
        "a list that --runs @good takes everywhere",
      )
      .example("$0 survey export summary.star", "as Pom writes it; .csv and .parquet hold all columns"),
  run: async (given, making) => {
    const { action, target, where, limit, json, quiet } = given;
    checkWhole("limit", limit, 1);
    const reporter = terminalReporter({ quiet: quiet || json === true });
    if (action === "build") {
      if (target !== undefined)
        throw refused(action, `takes no ${JSON.stringify(target)}; name the data by --data`);
      const { build } = await import("./build.js");
      const folder = given.out ?? given.survey;
      making.wrote("survey", folder);
      return build({ ...given, folder }, reporter);
    }
    if (where !== undefined && action !== "export" && action !== "subset")
      throw refused(
        action,
        `--where belongs to export and subset${action === "find" ? "; find takes the expression itself" : ""}; leave it out`,
      );
    if (action === "show" && target !== undefined) return show(given.survey, target, json);
    if (action === "subset" && where === undefined) return showSubsets(given.survey, target, json);
    const survey = await openSurvey(given.survey, { reporter });
    try {
      await actionsOnSurvey[action](survey, given);
      noteWritten(given, making);
    } finally {
      survey.close();
    }
  },
});

/** Notes what an action wrote of a survey. */
function noteWritten(
  {
    action,
    survey,
    target,
  }: { readonly action: Action; readonly survey: string; readonly target?: string | undefined },
  making: RunningMaking,
): void {
  if (target === undefined || (action !== "export" && action !== "subset")) return;
  making.read("survey", survey);
  making.wrote("target", action === "export" ? target : subsetPath(survey, target));
}

interface Given {
  readonly target: string | undefined;
  readonly where: string | undefined;
  readonly sort: string | undefined;
  readonly columns: string | undefined;
  readonly limit: number | undefined;
  readonly overwrite: boolean;
  readonly json: boolean | undefined;
}

const refused = (action: string, what: string): PickbenchError =>
  new PickbenchError("BadUsage", `survey ${action}: ${what}`);

/** Rows that people are shown where no limit is given. */
const usualRows = 50;

const actionsOnSurvey = {
  async find(survey: Survey, { target, sort, columns, limit, json }: Given) {
    const found = await survey.find(target, {
      sort,
      columns: columns === undefined ? undefined : namesGiven("columns", columns, "columns"),
      limit: limit ?? (json ? undefined : usualRows),
    });
    report(json, asObjects(found), () => foundText(found));
  },
  async show(survey: Survey, { json }: Given) {
    const columns = (await survey.columns()).map(({ name, type, says }) => ({ name, type, says }));
    report(json, columns, () => columnText(columns));
  },
  async export(survey: Survey, { target, where, sort, columns, limit, overwrite, json }: Given) {
    const { exportFormats } = await import("../../survey/export/tables.js");
    const format = exportFormats.find((each) => target?.endsWith(`.${each}`));
    if (target === undefined || format === undefined)
      throw refused(
        "export",
        `wants a file .star, .csv or .parquet, got ${target ?? "none"}; name one, as in summary.star`,
      );
    if (format === "star" && columns !== undefined)
      throw refused("export", "Pom's summary has its own columns; leave --columns out");
    await checkWritable("out", target, "file");
    await checkFree(target, overwrite, "another name");
    const asked = columns === undefined ? undefined : namesGiven("columns", columns, "columns");
    const tomograms = await survey.export(target, format, where, { sort, columns: asked, limit });
    report(json, { path: target, tomograms }, () => `${target}: ${plural(tomograms, "tomogram")}`);
  },
  async subset(survey: Survey, { target, where, sort, limit, overwrite, json }: Given) {
    if (target === undefined)
      throw refused("subset", "wants a name, as in survey subset good --where EXPRESSION");
    const path = newSubsetPath(survey.folder, target);
    await checkFree(path, overwrite, "another name");
    const { rows } = await survey.find(where, { sort, limit, columns: [] });
    const runs = rows.map(([run]) => String(run));
    if (runs.length === 0)
      throw refused(
        "subset",
        `no tomogram fulfils ${where}, so there is nothing to write; pickbench survey find shows what they have`,
      );
    await writeSubset(path, runs, `${target}: ${where}`);
    report(
      json,
      { path, runs },
      () => `${path}: ${plural(runs.length, "run")}; commands take it as --runs @${target}`,
    );
  },
  async sql(survey: Survey, { target, limit, json }: Given) {
    if (target === undefined) throw refused("sql", 'wants a statement, as in "SELECT count(*) FROM picks"');
    const answer = await survey.sql(target, limit);
    report(json, answer, () => answerText(answer));
  },
};

const asObjects = ({ total, columns, rows }: Awaited<ReturnType<Survey["find"]>>) => ({
  total,
  tomograms: rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]]))),
});

async function show(folder: string, run: string, json: boolean | undefined): Promise<void> {
  const entry = await showRun(folder, run);
  report(json, entry, () => entryText(entry, resolve(folder)));
}

async function showSubsets(
  folder: string,
  name: string | undefined,
  json: boolean | undefined,
): Promise<void> {
  if (name !== undefined) {
    const runs = readSubset(subsetPath(folder, name));
    report(json, { path: subsetPath(folder, name), runs }, () => runs.join("\n"));
    return;
  }
  const names = await subsetNames(folder);
  const subsets = names.map((each) => ({ name: each, runs: readSubset(subsetPath(folder, each)).length }));
  report(json, subsets, () =>
    subsets.length === 0
      ? `${folder} has no subsets; pickbench survey subset NAME --where EXPRESSION makes one`
      : wordTable([["subset", "runs"], ...subsets.map((each) => [each.name, String(each.runs)])]),
  );
}
