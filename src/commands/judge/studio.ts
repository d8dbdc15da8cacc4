/** pickbench studio: a page in the browser to look at tomograms, picks, runs and surveys. */
import { userInfo } from "node:os";
import { bytesText } from "../../present/text.js";
import { type Opened, openForStudio } from "../../studio/opened.js";
import { besideOthers } from "../../studio/others.js";
import { checkCopyPlace, writeStill } from "../../studio/still/still.js";
import { serveStudio } from "../../studio/studio.js";
import { openInBrowser } from "../../system/desktop.js";
import { shellWord } from "../../system/files.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { defineCommand, report } from "../shared/command.js";
import {
  checkPort,
  checkSpacing,
  checkWritable,
  overwriteOption,
  quietOption,
  spacingOption,
} from "../shared/flags.js";
import { untilStopped } from "../shared/processEvents.js";
import { terminalReporter } from "../shared/terminal.js";

export const command = defineCommand({
  usage: "[path..]",
  lists: ["path", "picks", "maps"],
  reads: ["path", "data", "picks", "maps"],
  writes: ["export"],
  options: (argv) =>
    argv
      .positional("path", {
        type: "string",
        array: true,
        describe:
          "what to show: a data set, one tomogram, a survey, runs, submissions, picks, maps or meshes; this folder if absent",
      })
      .option("data", { type: "string", describe: "the data set, where it is not among the paths" })
      .option("picks", {
        type: "string",
        array: true,
        describe: "picks to judge: CSVs, folders that pick wrote, folders of runs, any positions file",
      })
      .option("maps", { type: "string", array: true, describe: "maps of features to lay over the tomograms" })
      .option("spacing", spacingOption)
      .option("annotate", {
        type: "boolean",
        default: false,
        describe: "let the page write picks and masks, under a user and a session of their own",
      })
      .option("user", { type: "string", describe: "copick user of what is annotated; your login if absent" })
      .option("session", {
        type: "string",
        default: "studio",
        describe: "copick session of what is annotated",
      })
      .option("out", {
        type: "string",
        default: "studio",
        describe: "folder for predictions and trainings that the page starts",
      })
      .option("export", {
        type: "string",
        describe: "write a still copy of what is shown into this folder, for any static host, and end",
      })
      .option("overwrite", overwriteOption)
      .option("port", { type: "number", describe: "port of this machine; any free one if absent" })
      .option("open", {
        type: "boolean",
        default: true,
        describe: "open the browser, where there is a desktop; --no-open only prints the address",
      })
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print the address as one JSON document" })
      .example("$0 studio czii/train", "look at the tomograms and the known picks of a data set")
      .example("$0 studio czii/train --picks a.csv b.csv", "judge two submissions beside the truth")
      .example("$0 studio survey", "search the tomograms of a survey, and look at them")
      .example("$0 studio czii/train --export shown", "a folder to put on a web server")
      .example("$0 studio czii/train --annotate --user mia", "add, move and delete picks, paint masks"),
  run: async ({
    path = [],
    data,
    picks = [],
    maps = [],
    spacing,
    annotate,
    session,
    out,
    port,
    open,
    overwrite,
    quiet,
    json,
    ...flags
  }) => {
    checkSpacing(spacing);
    if (flags.export !== undefined) {
      await checkWritable("export", flags.export, "folder");
      await checkFree(flags.export, overwrite, "another --export");
    }
    checkPort(port);
    const reporter = terminalReporter({ quiet: quiet || json === true });
    const paths = path.length === 0 && data === undefined ? ["."] : path;
    const user = flags.user ?? userName();
    const opened = await openForStudio({
      paths,
      data,
      picks,
      maps,
      spacing,
      isAnnotating: annotate,
      user,
      session,
      out,
      reporter,
    });
    if (flags.export !== undefined) return exportStill(opened, flags.export, json);
    await besideOthers(opened, async () => {
      const server = await serveStudio(opened, port ?? 0);
      const address = `${server.url}/`;
      report(json, { address }, () => `the studio is open until Ctrl-C: ${address}`);
      const forget = open ? openInBrowser(address) : () => {};
      await untilStopped();
      forget();
      await server.close();
    });
    reporter.note("the studio is closed");
  },
});

async function exportStill(opened: Opened, folder: string, json: boolean | undefined): Promise<void> {
  const { reporter } = opened;
  await checkCopyPlace(opened, folder);
  const copy = await reporter.stoppable("file", () => writeStill(opened, folder));
  report(json, { folder, ...copy }, () =>
    [
      `${folder}: ${copy.files} files, ${bytesText(copy.bytes)}`,
      `to look at it here: npx http-server ${shellWord(folder)}, or python3 -m http.server -d ${shellWord(folder)}`,
    ].join("\n"),
  );
}

/** Returns the login's name as copick takes it. */
function userName(): string {
  const name = userInfo().username.replace(/[^A-Za-z0-9-]+/g, "-");
  return name === "" ? "studio" : name;
}
