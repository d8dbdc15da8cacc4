/** pickbench open: files that show a run in other programs. */
import { dirname, join, resolve } from "node:path";
import { findRun, findTomogram, openDataset, tomogramMeant, usualTomogram } from "../../data/dataset.js";
import type { DataAccess, Dataset, TomogramRef } from "../../data/model.js";
import { readPicks } from "../../data/picks.js";
import { ensureLocal } from "../../data/remote/mirror.js";
import type { ParticlePick } from "../../domain/particles.js";
import type { PicksAuthor } from "../../formats/copickPicks.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { checkLinks } from "../../system/paths/names.js";
import { checkFree } from "../../system/paths/overwriting.js";
import type { Reporter } from "../../system/reporter.js";
import { type ContrastRange, contrastRange } from "../../viewers/contrast.js";
import { pointFiles, viewerOrigin } from "../../viewers/neuroglancer.js";
import { layersOf, type PickerLayer, pickerName, type Scene } from "../../viewers/scene.js";
import { type SceneServer, serveScene } from "../../viewers/sceneServer.js";
import { sceneVolume } from "../../viewers/sceneVolume.js";
import { servedNames, type Viewer, viewerFiles, viewers } from "../../viewers/viewerFiles.js";
import { defineCommand, report } from "../shared/command.js";
import {
  checkPort,
  checkSpacing,
  checkWritable,
  overwriteOption,
  quietOption,
  spacingOption,
} from "../shared/flags.js";
import { readRunOfPicker } from "../shared/pickSources.js";
import { untilStopped } from "../shared/processEvents.js";
import { terminalReporter } from "../shared/terminal.js";

/** `pickbench open`: files that let other programs show a run with its truth and with picks. */
export const command = defineCommand({
  usage: "<run>",
  reads: ["data", "picks"],
  writes: ["out"],
  selects: "run",
  options: (argv) =>
    argv
      .positional("run", { type: "string", demandOption: true, describe: "name of the run to show" })
      .option("data", { type: "string", demandOption: true, describe: "data set, or copick configuration" })
      .option("picks", {
        type: "string",
        array: true,
        describe:
          "predictions: CSVs, folders that pick wrote, folders of runs; PATH@USER_SESSION takes one author's",
      })
      .option("tomogram", {
        type: "string",
        describe: `the reconstruction to show; ${usualTomogram}, or the only one, if absent`,
      })
      .option("spacing", spacingOption)
      .option("voxel-spacing", { type: "number", describe: "its label, where there are several" })
      .option("user", { type: "string", describe: "copick user of the truth, where there are several" })
      .option("session", { type: "string", describe: "copick session of the truth, where there are several" })
      .option("for", {
        type: "string",
        default: viewers.join(","),
        describe: "programs to write for, separated by commas",
      })
      .option("url", {
        type: "string",
        describe:
          "where the data's folder is served for Neuroglancer, or the store itself if it ends in .zarr",
      })
      .option("serve", {
        type: "boolean",
        default: false,
        describe:
          "serve tomogram and points to Neuroglancer on this machine until Ctrl-C, and print the link",
      })
      .option("port", { type: "number", describe: "port for --serve; any free one if absent" })
      .option("out", { type: "string", demandOption: true, describe: "folder for the files" })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 open TS_5_4 --data czii/train --out view", "tomogram and truth, for all four programs")
      .example(
        "$0 open TS_5_4 --data czii/train --picks submission.csv runs/a --out view --for napari",
        "truth and two lists of picks, for napari",
      )
      .example(
        "$0 open TS_5_4 --data czii/train --out view --for neuroglancer --serve",
        "a link that shows the tomogram in Neuroglancer, until Ctrl-C",
      ),
  lists: ["picks"],
  run: async ({ run, data, picks = [], tomogram, voxelSpacing, user, session, url, out, json, ...flags }) => {
    const programs = programsOf(flags.for);
    checkSpacing(flags.spacing);
    checkServing(flags, programs, url);
    await checkWritable("out", out, "folder");
    const reporter = terminalReporter({ quiet: flags.quiet });
    const dataset = await openDataset(data, { reporter, spacing: flags.spacing });
    const target = findRun(dataset, run);
    const named = tomogram ?? tomogramMeant([target], usualTomogram, voxelSpacing);
    const ref = findTomogram(target, named, voxelSpacing);
    const author = {
      ...(user === undefined ? {} : { userId: user }),
      ...(session === undefined ? {} : { sessionId: session }),
    };
    const truth = await readTruthOf(dataset, run, author);
    const pickers = await readPickers(dataset, run, picks, reporter);
    const found = await sceneVolume(ref, dataset.access);
    const { contrast, contrastNotes } = await contrastOf(ref, dataset.access);
    const volume = { ...found, contrast };
    const scene: Scene = { run, volume, layers: layersOf(dataset.particles, truth, pickers) };
    const where = { folders: [resolve(data), ...dataset.roots, dirname(volume.path)], url };
    const written = programs.map((program) => viewerFiles(program, scene, where));
    const places = written.flatMap(({ files }) => [...files.keys()].map((name) => join(out, name)));
    await checkFree(places, flags.overwrite);
    await checkLinks(out, places);
    const server = flags.serve ? await serve(scene, flags.port ?? 0, dataset.access) : undefined;
    const shown = server
      ? programs.map((program) => viewerFiles(program, scene, { ...where, server: server.url }))
      : written;
    for (const { files } of shown)
      for (const [name, content] of files) await writeWhole(join(out, name), content);
    const link = server && shown.flatMap(({ link: each }) => each ?? [])[0];
    const document = {
      run,
      tomogram: volume.path,
      layers: scene.layers.map(({ name, points }) => ({ name, points: points.length })),
      files: places,
      ...(link === undefined ? {} : { link }),
      notes: [...contrastNotes, ...emptyNotes(run, truth, pickers), ...shown.flatMap(({ notes }) => notes)],
    };
    report(json, document, () =>
      [
        `${run}: ${document.layers.map(({ name, points }) => `${points} ${name}`).join(", ") || "no points"}`,
        ...shown.map(({ how }) => `  ${how((name) => join(out, name))}`),
        ...document.notes.map((note) => `- ${note}`),
        ...(link === undefined ? [] : [`served until Ctrl-C: ${link}`]),
      ].join("\n"),
    );
    if (!server) return;
    await untilStopped();
    await server.close();
    reporter.note("no longer served");
  },
});

/** @throws BadUsage where the flags of serving do not go together */
function checkServing(
  { serve: isServed, port }: { readonly serve: boolean; readonly port: number | undefined },
  programs: readonly Viewer[],
  url: string | undefined,
): void {
  const bad = (what: string) => new PickbenchError("BadUsage", what);
  if (!isServed && port !== undefined) throw bad("--port is for --serve; give both");
  if (!isServed) return;
  if (url !== undefined)
    throw bad("--serve serves the data itself, --url says who else does; give one of them");
  if (!programs.includes("neuroglancer")) throw bad("--serve is for Neuroglancer; add it to --for");
  checkPort(port);
}

/** Measures the contrast; a tomogram whose voxels cannot be read is shown without. */
async function contrastOf(
  ref: TomogramRef,
  access: DataAccess | undefined,
): Promise<{ readonly contrast: ContrastRange | null; readonly contrastNotes: readonly string[] }> {
  try {
    return { contrast: await contrastRange(ref, access), contrastNotes: [] };
  } catch (error) {
    if (!isPickbenchError(error) || error.tag === "Stopped") throw error;
    return { contrast: null, contrastNotes: [`the contrast is not set: ${error.message}`] };
  }
}

/** Serves what Neuroglancer reads of a scene, which is fetched before where it lies elsewhere. */
async function serve(scene: Scene, port: number, access: DataAccess | undefined): Promise<SceneServer> {
  const { kind, path } = scene.volume;
  if (kind === "zarr") await ensureLocal(path, access);
  const points = [...pointFiles(scene)].map(
    ([name, bytes]) => [`${servedNames.points}/${name}`, bytes] as const,
  );
  return serveScene({
    folders: new Map(kind === "zarr" ? [[servedNames.store, path]] : []),
    files: new Map(points),
    origin: viewerOrigin,
    port,
  });
}

function programsOf(text: string): Viewer[] {
  const names = [...new Set(text.split(",").map((name) => name.trim()))];
  return names.map((name) => {
    const viewer = viewers.find((known) => known === name);
    if (viewer) return viewer;
    throw new PickbenchError("BadUsage", `--for names ${name}, wanted some of ${viewers.join(", ")}`);
  });
}

async function readTruthOf(dataset: Dataset, run: string, author: PicksAuthor): Promise<ParticlePick[]> {
  const types = dataset.particles.map(({ name }) => readPicks(dataset, run, name, author));
  return (await Promise.all(types)).flat();
}

/** Each with a name of its own. */
async function readPickers(
  dataset: Dataset,
  run: string,
  named: readonly string[],
  reporter: Reporter,
): Promise<PickerLayer[]> {
  const pickers: PickerLayer[] = [];
  for (const path of named) {
    const { name, picks } = await readRunOfPicker(path, run, dataset.particles, reporter);
    pickers.push({ name: pickerName(name, pickers), picks });
  }
  return pickers;
}

const emptyNotes = (
  run: string,
  truth: readonly ParticlePick[],
  pickers: readonly PickerLayer[],
): string[] => [
  ...(truth.length === 0 ? [`${run} has no truth`] : []),
  ...pickers.flatMap(({ name, picks }) => (picks.length === 0 ? [`${name} has no picks of ${run}`] : [])),
];
