/** `pickbench experiment new`: a starter experiment, or one that fits a data set. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parse } from "yaml";
import { shellWord, writeWhole } from "../../system/files.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { type DraftWishes, draftExperiment } from "../../train/draft/draft.js";
import { surveyData } from "../../train/draft/survey.js";
import { checkExperiment } from "../../train/experiment/experiment.js";
import { ask, canAsk } from "../shared/ask.js";
import { report } from "../shared/command.js";
import { checkSpacing, checkWritable, namesGiven } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

/** Beside this file, in the build too. */
const starter = new URL("./starter.yaml", import.meta.url);

/** Flags of `experiment new`. */
export interface NewFlags {
  readonly data?: string | undefined;
  readonly spacing?: number | undefined;
  readonly network?: string | undefined;
  readonly types?: string | undefined;
  readonly features?: string | undefined;
  readonly budget?: string | undefined;
  readonly overwrite: boolean;
  readonly json: boolean | undefined;
}

/** Writes an experiment that is checked as every other; asks for what was not given where someone can be asked. */
export async function writeNew(file: string, flags: NewFlags): Promise<void> {
  await checkWritable("file", file, "file");
  await checkFree(file, flags.overwrite, "another name");
  const { data, network, types, features, budget, spacing } =
    isBare(flags) && canAsk() ? await asked() : flags;
  checkSpacing(spacing);
  const wishes: DraftWishes = {
    network,
    budget,
    spacing,
    types: types === undefined ? undefined : namesGiven("types", types, "types"),
    features: features === undefined ? undefined : namesGiven("features", features, "features"),
    name: data === undefined ? undefined : nameFor(file),
  };
  const reporter = terminalReporter();
  const survey =
    data === undefined ? undefined : await surveyData(data, { spacing, features: wishes.features, reporter });
  const { text, notes } = draftExperiment(await readFile(starter, "utf8"), wishes, survey);
  checkExperiment(parse(text), file);
  await writeWhole(file, text);
  report(flags.json, { file, notes }, () =>
    [
      survey
        ? `${file}: an experiment that fits ${data}`
        : `${file}: a starter experiment with every key; change what you like, leave out what you do not need`,
      ...notes.map((note) => `  ${note}`),
      `next: pickbench run ${shellWord(file)} --data ${data === undefined ? "DIR" : shellWord(data)}`,
    ].join("\n"),
  );
}

const isBare = ({ data, network, types, features, budget, spacing, json }: NewFlags): boolean =>
  [data, network, types, features, budget, spacing].every((flag) => flag === undefined) && json !== true;

async function asked(): Promise<Omit<NewFlags, "overwrite" | "json">> {
  const answers = await ask({
    data: { text: "data set that it is to fit (a folder; empty for none)", default: "" },
    network: { text: "network (pickbench nets lists them)", default: "baseline" },
    types: { text: "particle types, separated by commas (empty for all that have picks)", default: "" },
    budget: { text: "how long to train", default: "4000 steps" },
  });
  const given = (answer: string) => (answer === "" ? undefined : answer);
  return {
    data: given(answers.data),
    network: answers.network,
    types: given(answers.types),
    budget: answers.budget,
  };
}

/** Returns a name for runs by the file's: `my-experiment` where that cannot be one. */
function nameFor(file: string): string {
  const stem = basename(file).replace(/\.ya?ml$/i, "");
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(stem) ? stem : "my-experiment";
}
