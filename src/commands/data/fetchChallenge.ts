/** `pickbench fetch czii`: the challenge's data from Kaggle or the CryoET Data Portal, or what there is and how to get it. */
import { accessFor } from "../../data/remote/access.js";
import {
  competition,
  explained,
  kaggleApi,
  kaggleFiles,
  wantedFiles,
} from "../../data/remote/challenge/kaggleFiles.js";
import { kaggleAuthorization } from "../../data/remote/challenge/kaggleToken.js";
import { serverOrTest } from "../../data/remote/challenge/publicServer.js";
import { destinationIn, fetchFiles } from "../../data/remote/fetchFiles.js";
import { portalApi, portalFiles } from "../../data/remote/portalApi.js";
import { plural } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { shellWord } from "../../system/files.js";
import type { Reporter } from "../../system/reporter.js";
import { report } from "../shared/command.js";
import { namesGiven, runNames } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";
import { fetchedLine } from "./fetched.js";

/** The word that stands for the challenge in place of an address. */
export const challengeWord = "czii";

/** Flags of `fetch czii`. */
export interface ChallengeFlags {
  readonly from?: "kaggle" | "portal" | undefined;
  readonly out?: string | undefined;
  readonly part?: "train" | "test" | undefined;
  readonly runs?: string | undefined;
  readonly tomograms?: string | undefined;
  readonly quiet: boolean;
  readonly json: boolean;
}

/** Numbers of the portal's datasets of the challenge. */
const datasets = { train: 10440, publicTest: 10445, privateTest: 10446 } as const;

const ways = [
  {
    from: "kaggle",
    address: `https://www.kaggle.com/competitions/${competition}`,
    needs:
      "an account at Kaggle that has accepted the competition's rules, which say how the data may be used, and its token (kaggle.json in ~/.kaggle)",
    holds:
      "train/static: 7 runs, each in 4 reconstructions (denoised, wbp, ctfdeconvolved, isonetcorrected); train/overlay: their picks; test/static: 3 denoised tomograms, which stand in for the hidden test",
    bytes: "about 9 GB; about 2 GB with --tomograms denoised --part train",
  },
  {
    from: "portal",
    address: `https://cryoetdataportal.czscience.com/datasets/${datasets.train}`,
    needs: "nothing; the portal's data are CC0",
    holds: `dataset ${datasets.train}: the 7 training runs with their tomograms and points; the whole test is there too, with its points: ${datasets.publicTest} (public part) and ${datasets.privateTest} (private part)`,
    bytes: "about 0.3 GB a tomogram; the portal may hold more tomograms of a run than Kaggle",
  },
] as const;

const notes = [
  "A tomogram has 184×630×630 voxels of 10.012 Å. Six types are picked; beta-amylase is not scored.",
  "Positions in the portal's annotations of version 2.0 are the mirror image of Kaggle's picks: keep the two in folders of their own.",
] as const;

/** Prints the ways, or goes one of them. */
export async function fetchChallenge(flags: ChallengeFlags): Promise<void> {
  const { from, out, quiet, json } = flags;
  if (from === undefined) {
    const { part, runs, tomograms } = flags;
    const asked = Object.entries({ out, part, runs, tomograms }).find(([, value]) => value !== undefined);
    if (asked)
      throw new PickbenchError(
        "BadUsage",
        `--${asked[0]} says what to fetch, and nothing says from where; add --from kaggle or --from portal`,
      );
    report(json, { ways, notes, next: nextSteps("DIR") }, guide);
    return;
  }
  if (out === undefined) throw new PickbenchError("BadUsage", "fetch czii --from wants --out; name a folder");
  const reporter = terminalReporter({ quiet });
  await reporter.stoppable("file", async () => {
    const fetched =
      from === "kaggle" ? await fromKaggle(out, flags, reporter) : await fromPortal(out, flags, reporter);
    report(json, { out, from, ...fetched, next: nextSteps(out) }, () =>
      [fetchedLine(out, fetched), ...nextLines(out)].join("\n"),
    );
  });
}

async function fromKaggle(out: string, flags: ChallengeFlags, reporter: Reporter) {
  const url = serverOrTest(kaggleApi, "PICKBENCH_TEST_KAGGLE");
  const authorization = await kaggleAuthorization(reporter);
  const { part } = flags;
  const wish = { part, runs: named("runs", flags.runs), tomograms: named("tomograms", flags.tomograms) };
  const files = wantedFiles(await kaggleFiles({ url, authorization, signal: reporter.signal }), wish);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  reporter.note(
    `${plural(files.length, "file")}, ${(bytes / 1e9).toFixed(2)} GB; what is here and whole is kept`,
  );
  return explained(() =>
    fetchFiles(files, destinationIn(out), {
      access: accessFor(reporter),
      label: challengeWord,
      authorization,
    }),
  );
}

async function fromPortal(out: string, flags: ChallengeFlags, reporter: Reporter) {
  if (flags.part === "test")
    throw new PickbenchError(
      "BadUsage",
      `--part test: the portal has the test as datasets of their own; give pickbench portal get ${datasets.publicTest} or ${datasets.privateTest}, each with an --out of its own`,
    );
  const api = { url: serverOrTest(portalApi, "PICKBENCH_TEST_PORTAL"), signal: reporter.signal };
  const files = await portalFiles(api, {
    dataset: datasets.train,
    runs: named("runs", flags.runs),
    tomoTypes: named("tomograms", flags.tomograms),
    annotations: "ground-truth",
  });
  return fetchFiles(files, destinationIn(out), {
    access: accessFor(reporter),
    label: challengeWord,
  });
}

const named = (flag: string, given: string | undefined): string[] | undefined =>
  given === undefined ? undefined : flag === "runs" ? runNames(flag, given) : namesGiven(flag, given, flag);

const nextSteps = (out: string) => [
  { command: `pickbench inspect --data ${shellWord(out)}`, does: "look at what has come" },
  {
    command: `pickbench experiment new my.yaml --data ${shellWord(out)}`,
    does: "an experiment that fits the data",
  },
  { command: `pickbench run my.yaml --data ${shellWord(out)}`, does: "train, pick and score" },
];

const nextLines = (out: string): string[] =>
  nextSteps(out).map(({ command, does }) => `  ${command}  # ${does}`);

function guide(): string {
  const parts = ways.flatMap(({ from, address, needs, holds, bytes }) => [
    `--from ${from}   ${address}`,
    `  holds  ${holds}`,
    `  size   ${bytes}`,
    `  needs  ${needs}`,
    `  pickbench fetch ${challengeWord} --from ${from} --tomograms denoised --out DIR`,
    "",
  ]);
  return [
    "The data of the CZII CryoET Object Identification challenge, in two places:",
    "",
    ...parts,
    ...notes,
    "A fetch that was stopped goes on with the same command.",
    "",
    "then:",
    ...nextLines("DIR"),
  ].join("\n");
}
