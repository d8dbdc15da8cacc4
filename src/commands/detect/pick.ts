/** pickbench pick: picks from probability maps. */

import { readCopickParticles } from "../../data/layouts/copickConfig.js";
import { labelled } from "../../data/layouts/copickProject.js";
import { picksPath } from "../../data/picks.js";
import { ownUserId } from "../../formats/copickPicks.js";
import type { Contextualised } from "../../infer/context/contextualise.js";
import { pickChannels } from "../../infer/pick/channels.js";
import type { FilamentSettings } from "../../infer/pick/filaments/filaments.js";
import { noteUnknownLabels, withScales } from "../../infer/pick/mapScales.js";
import { type Orienting, orientAxes, orientSigns } from "../../infer/pick/orientation.js";
import { starPath } from "../../infer/pick/starFile.js";
import { type ChannelSettings, type PickedType, planPicking } from "../../infer/pick/store.js";
import { findStores } from "../../infer/predict/probabilityStores.js";
import { plural } from "../../present/text.js";
import { checkLinks } from "../../system/paths/names.js";
import { checkFree } from "../../system/paths/overwriting.js";
import type { Reporter } from "../../system/reporter.js";
import type { Lineage } from "../../train/checkpoint/lineage.js";
import type { ConditionedPicking } from "../features/pickConditioned.js";
import { defineCommand, report } from "../shared/command.js";
import { checkContext, contextAsked, withContext } from "../shared/context/flags.js";
import { contextLines } from "../shared/context/measured.js";
import type { withSetContext } from "../shared/context/ofSet.js";
import { checkScale, checkWritable, overwriteOption, quietOption, scaleOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";
import { addContext } from "./pick/context.js";
import {
  checkedFlags,
  filamentSettings,
  orientingOf,
  overridden,
  type PickFlags,
  pointMethod,
  refuse,
  settingsFor,
} from "./pick/flags.js";
import { pickedLine } from "./pick/text.js";

export const command = defineCommand({
  usage: "<probabilities..>",
  lists: ["probabilities", "type", "checkpoint", "maps", "sample", "distance", "nearest"],
  reads: ["probabilities", "checkpoint", "config", "features", "context", "maps", "data"],
  writes: ["out", "star"],
  options: (argv) =>
    withContext(argv)
      .positional("probabilities", {
        type: "string",
        array: true,
        demandOption: true,
        describe:
          "what predict wrote: OME-Zarr folders, Ais's RUN__TYPE.mrc, or folders with either or with copick's segmentations",
      })
      .option("out", {
        type: "string",
        demandOption: true,
        describe:
          "folder for copick's ExperimentRuns, with pickbench_SESSION_TYPE.json in RUN/Picks, and, with --checkpoint, for lineage.json",
      })
      .option("type", { type: "string", array: true, describe: "particles to pick; all channels by default" })
      .option("checkpoint", {
        type: "string",
        array: true,
        describe:
          "the best.safetensors that predicted: settings as tuned, and its types; several as in submit",
      })
      .option("method", {
        choices: ["watershed", "peaks", "filament"] as const,
        describe:
          "groups of voxels, for probabilities (the default); local maxima, for heat maps; or points along centre lines",
      })
      .option("threshold", { type: "number", describe: "only voxels above it; 0.5 by default" })
      .option("min-volume", {
        type: "number",
        describe:
          "Å³ of a group (watershed); a third of a ball of half the particle's radius by default; of a component (filament), 0 by default",
      })
      .option("min-spacing", {
        type: "number",
        describe: "Å between centres, of two nearer the lighter goes; the particle's radius by default",
      })
      .option("radius", {
        type: "number",
        describe: "Å of the ball in which a peak is the greatest (peaks); the minimum spacing by default",
      })
      .option("orient", {
        choices: orientAxes,
        describe:
          "a group's least axis (a membrane's normal) or its greatest as its orientation, where it is clear (watershed)",
      })
      .option("orient-sign", {
        choices: orientSigns,
        describe:
          "which way orientations go: to greater z (the default), to the volume's centre, or out of it",
      })
      .option("spacing", { type: "number", describe: "Å between points along a filament (filament)" })
      .option("length", {
        type: "number",
        describe: "least Å of a filament (filament); 500 by default",
      })
      .option("star", {
        type: "string",
        describe: "folder for RUN__TYPE_coords.star beside, as Ais writes them, with orientations",
      })
      .option("scale", scaleOption)
      .option("config", {
        type: "string",
        describe: "copick configuration: the labels of a volume of labels, and its particles' radii",
      })
      .option("features", {
        type: "string",
        conflicts: ["checkpoint", "type", "config"],
        describe:
          "a feature set's YAML: its rules are applied to the maps, then its particles are picked with its settings",
      })
      .option("context", {
        type: "string",
        describe:
          "a feature set's YAML of ready maps: --distance to each of its features at its threshold, and --sample of it within 100 Å",
      })
      .option("session", { type: "string", default: "pick", describe: "copick session in the files' names" })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 pick probabilities --out picks", "every run and type with the default settings")
      .example(
        "$0 pick probabilities/TS_5_4.zarr --out picks --type ribosome --threshold 0.3",
        "one type of one run, more picks",
      )
      .example(
        "$0 pick probabilities --checkpoint runs/a/best.safetensors --out picks",
        "with the settings that training tuned",
      )
      .example(
        "$0 pick probabilities --features features.yaml --out picks",
        "particles of a feature set, after competition and interactions",
      )
      .example(
        "$0 pick probabilities --out picks --type microtubule --method filament --spacing 80 --star coords",
        "points every 80 Å along microtubules, with tangents, for Ais and RELION",
      )
      .example(
        '$0 pick probabilities --out picks --type ribosome --distance membrane:0.5 --where "distance.membrane < 200"',
        "only what lies near the membrane that was predicted beside it",
      ),
  run: async ({
    probabilities,
    out,
    type,
    checkpoint,
    scale,
    config,
    session,
    overwrite,
    quiet,
    features,
    context: setPath,
    ...given
  }) => {
    const flags = setPath === undefined ? given : await withSet(given, setPath);
    const { json, star } = flags;
    const filament = filamentSettings(flags, checkpoint);
    const orienting = filament ? undefined : orientingOf(flags);
    const settings = filament ? {} : checkedFlags({ ...flags, method: pointMethod(flags.method) });
    const surroundings = contextAsked(flags);
    const { maps = probabilities, data, tomogram } = flags;
    const sources = { maps, data, tomogram, scale };
    if (surroundings) checkContext(surroundings, maps, data);
    checkScale(scale);
    await checkWritable("out", out, "folder");
    if (star !== undefined) await checkWritable("star", star, "folder");
    const reporter = terminalReporter({ quiet: quiet || json === true });
    const asked = { paths: probabilities, scale, out, session, overwrite, flags: settings };
    if (features !== undefined)
      refuse(
        { type, checkpoint, config, star, orient: flags.orient, method: filament && "filament" },
        "does not go with --features, whose particles are picked as the set says",
      );
    const picked =
      features === undefined
        ? await pickMaps({ ...asked, type, checkpoint, config, star, filament, orienting }, reporter)
        : await pickSet({ ...asked, features }, reporter);
    const { context, picked: left } = surroundings
      ? await addContext(picked, session, surroundings, { ...sources, reporter })
      : { context: undefined, picked };
    report(json, { picked: left, ...(context ? { context: countsOf(context) } : {}) }, () =>
      [...left.map(pickedLine), ...(context ? [kept(context), ...contextLines(context)] : [])].join("\n"),
    );
  },
});

/** What is picked of maps, and where to. */
interface MapsPicking {
  readonly paths: readonly string[];
  readonly scale: number | undefined;
  readonly type: string[] | undefined;
  readonly checkpoint: readonly string[] | undefined;
  readonly config: string | undefined;
  readonly out: string;
  readonly star: string | undefined;
  readonly session: string;
  readonly overwrite: boolean;
  readonly filament: FilamentSettings | undefined;
  readonly orienting: Orienting | undefined;
  readonly flags: PickFlags;
}

/** Adds the features of a set to what is measured around picks; loaded only where one is given. */
const withSet: typeof withSetContext = async (flags, path) =>
  (await import("../shared/context/ofSet.js")).withSetContext(flags, path);

/** Picks by a feature set; loaded only where one is given, since it brings the networks with it. */
async function pickSet(asked: ConditionedPicking, reporter: Reporter): Promise<PickedType[]> {
  const { pickConditioned } = await import("../features/pickConditioned.js");
  return pickConditioned(asked, reporter);
}

/** Picks every type of every map by the flags, a checkpoint's settings or the defaults, and writes copick's files. */
async function pickMaps(asked: MapsPicking, reporter: Reporter): Promise<PickedType[]> {
  const { paths, scale, type, checkpoint, config, out, star, session, overwrite, flags } = asked;
  const { filament, orienting } = asked;
  const tuned = checkpoint ? await tunedPicking(checkpoint) : undefined;
  const configured = config === undefined ? undefined : labelled(await readCopickParticles(config));
  const planned = await planPicking(
    await findStores(paths),
    type ?? [...(tuned?.settings.keys() ?? [])],
    configured,
  );
  const author = { userId: ownUserId, sessionId: session };
  const places = planned.map((task) => picksPath(out, task.run, task.type, author));
  const stars = star === undefined ? [] : planned.map((task) => starPath(star, task.run, task.type));
  await checkFree([...places, ...stars], overwrite, "another --out or --session");
  await checkLinks(out, places);
  if (star !== undefined) await checkLinks(star, stars);
  const settings = new Map<string, ChannelSettings>(
    planned.map((task) => {
      if (filament) return [task.type, filament] as const;
      const base = tuned?.settings.get(task.type);
      return [task.type, base ? overridden(base, flags) : settingsFor(task.type, flags, configured)];
    }),
  );
  const place = { folder: out, session, offset: tuned?.offset, orienting, star };
  await noteUnknownLabels(planned, configured ?? [], reporter);
  const tasks = await withScales(planned, scale, reporter);
  const progress = reporter.progress("picking", tasks.length, "volumes");
  let done = 0;
  const onPicked = ({ run, type: found }: PickedType) => progress.update(++done, `${run} ${found}`);
  const work = tasks.map((task) => ({ task, settings: settings.get(task.type)!, place }));
  if (tuned) await noteLineage(out, tuned.lineage);
  const picked = await pickChannels(work, onPicked).finally(() => progress.stop());
  noteBeyond(picked, reporter);
  return picked;
}

const countsOf = ({ files: _, ...counts }: Contextualised) => counts;

const kept = ({ positions, selected }: Contextualised): string =>
  `${selected === positions ? "" : `${selected} of `}${plural(positions, "pick")} kept`;

/** Loaded only where it is asked for: reading checkpoints brings the networks with it. */
async function tunedPicking(paths: readonly string[]) {
  const { readSettings } = await import("../../train/checkpoint/checkpoint.js");
  const { mergedSettings } = await import("../../train/submit/mergedSettings.js");
  const checkpoints: Awaited<ReturnType<typeof readSettings>>[] = [];
  for (const path of paths) checkpoints.push(await readSettings(path));
  const { joined, lineageOf } = await import("../../train/checkpoint/lineage.js");
  const lineage = joined(...checkpoints.map(lineageOf));
  return { settings: mergedSettings(checkpoints), offset: checkpoints[0]!.experiment.data.offset, lineage };
}

/** Notes, before there are picks, what the networks have seen: no picks shall be trained on without it. */
async function noteLineage(folder: string, lineage: Lineage): Promise<void> {
  const { noteTeachers } = await import("../../train/transfer/teachers.js");
  await noteTeachers(folder, lineage);
}

/** Says which maps hold what is no probability, although groups of voxels are weighed by it. */
function noteBeyond(picked: readonly PickedType[], reporter: Reporter): void {
  const beyond = picked.filter((each) => each.beyond !== undefined && each.settings.method === "watershed");
  const [first] = beyond;
  if (first === undefined) return;
  const where = beyond.length === 1 ? "" : ` (and ${beyond.length - 1} more)`;
  reporter.note(
    `${first.run} ${first.type}${where}: values reach ${Number(first.beyond!.toPrecision(4))}, more than a probability, and were taken as they are; --scale says which value stands for p = 1, --method peaks picks heat maps`,
  );
}
