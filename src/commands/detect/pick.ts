/** pickbench pick: picks from probability maps. */

import { readCopickParticles } from "../../data/layouts/copickConfig.js";
import { labelled } from "../../data/layouts/copickProject.js";
import { picksPath } from "../../data/picks.js";
import { challengeParticles, type Particle } from "../../domain/particles.js";
import { type Angstrom, angstrom } from "../../domain/units.js";
import { ownUserId } from "../../formats/copickPicks.js";
import type { Contextualised } from "../../infer/context/contextualise.js";
import { pickChannels } from "../../infer/pick/channels.js";
import { noteUnknownLabels, withScales } from "../../infer/pick/mapScales.js";
import { defaultPicking, type PickingSettings } from "../../infer/pick/picking.js";
import { type PickedType, planPicking } from "../../infer/pick/store.js";
import { findStores } from "../../infer/predict/probabilityStores.js";
import { plural } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { checkLinks } from "../../system/paths/names.js";
import { checkFree } from "../../system/paths/overwriting.js";
import type { Reporter } from "../../system/reporter.js";
import type { Lineage } from "../../train/checkpoint/lineage.js";
import { defineCommand, report } from "../shared/command.js";
import { checkContext, contextAsked, withContext } from "../shared/context/flags.js";
import { contextLines } from "../shared/context/measured.js";
import { checkWritable, overwriteOption, quietOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";
import { addContext } from "./pickContext.js";

export const command = defineCommand({
  usage: "<probabilities..>",
  lists: ["probabilities", "type", "checkpoint", "maps", "sample", "distance", "nearest"],
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
          "folder for ExperimentRuns/RUN/Picks/pickbench_SESSION_TYPE.json and, with --checkpoint, for lineage.json",
      })
      .option("type", { type: "string", array: true, describe: "particles to pick; all channels by default" })
      .option("checkpoint", {
        type: "string",
        array: true,
        describe:
          "the best.safetensors that predicted: settings as tuned, and its types; several as in submit",
      })
      .option("method", {
        choices: ["watershed", "peaks"] as const,
        describe: "groups of voxels, for probabilities (the default); or local maxima, for heat maps",
      })
      .option("threshold", { type: "number", describe: "only voxels above it; 0.5 by default" })
      .option("min-volume", {
        type: "number",
        describe: "Å³ of a group (watershed); a third of a ball of half the particle's radius by default",
      })
      .option("min-spacing", {
        type: "number",
        describe: "Å between centres, of two nearer the lighter goes; the particle's radius by default",
      })
      .option("radius", {
        type: "number",
        describe: "Å of the ball in which a peak is the greatest (peaks); the minimum spacing by default",
      })
      .option("scale", {
        type: "number",
        describe: "value of a map's voxels that stands for p = 1; of integers, by type and range by default",
      })
      .option("config", {
        type: "string",
        describe: "copick configuration: the labels of a volume of labels, and its particles' radii",
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
    ...flags
  }) => {
    const { json } = flags;
    const given = checkedFlags(flags);
    const surroundings = contextAsked(flags);
    const places = { ...flags, maps: flags.maps ?? probabilities, scale };
    if (surroundings) checkContext(surroundings, places.maps, flags.data);
    if (scale !== undefined && !(Number.isFinite(scale) && scale > 0))
      throw new PickbenchError("BadUsage", "--scale is not a positive number; write it like --scale 255");
    await checkWritable("out", out, "folder");
    const tuned = checkpoint ? await tunedPicking(checkpoint) : undefined;
    const configured = config === undefined ? undefined : labelled(await readCopickParticles(config));
    const planned = await planPicking(
      await findStores(probabilities),
      type ?? [...(tuned?.settings.keys() ?? [])],
      configured,
    );
    const author = { userId: ownUserId, sessionId: session };
    const paths = planned.map((task) => picksPath(out, task.run, task.type, author));
    await checkFree(paths, overwrite, "another --out or --session");
    await checkLinks(out, paths);
    const settings = new Map(
      planned.map((task) => {
        const base = tuned?.settings.get(task.type);
        return [task.type, base ? { ...base, ...given } : settingsFor(task.type, given, configured)];
      }),
    );
    const place = { folder: out, session, offset: tuned?.offset };
    const reporter = terminalReporter({ quiet: quiet || json === true });
    await noteUnknownLabels(planned, configured ?? [], reporter);
    const tasks = await withScales(planned, scale, reporter);
    const progress = reporter.progress("picking", tasks.length, "volumes");
    let done = 0;
    const onPicked = ({ run, type: found }: PickedType) => progress.update(++done, `${run} ${found}`);
    const work = tasks.map((task) => ({ task, settings: settings.get(task.type)!, place }));
    if (tuned) await noteLineage(out, tuned.lineage);
    const picked = await pickChannels(work, onPicked).finally(() => progress.stop());
    noteBeyond(picked, reporter);
    const context =
      surroundings && (await addContext(picked, session, surroundings, { ...places, reporter }));
    report(json, { picked, ...(context ? { context: countsOf(context) } : {}) }, () =>
      [...picked.map(line), ...(context ? [kept(context), ...contextLines(context)] : [])].join("\n"),
    );
  },
});

const countsOf = ({ files: _, ...counts }: Contextualised) => counts;

const kept = ({ positions, selected }: Contextualised): string =>
  `${selected === positions ? "" : `${selected} of `}${plural(positions, "pick")} kept`;

type Flags = Partial<PickingSettings>;

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

/** @throws BadUsage where a number is not one, or negative where it cannot be */
function checkedFlags(flags: {
  method: PickingSettings["method"] | undefined;
  threshold: number | undefined;
  minVolume: number | undefined;
  minSpacing: number | undefined;
  radius: number | undefined;
}): Flags {
  const number = (flag: string, value: number | undefined, least: number): number | undefined => {
    if (value === undefined || (Number.isFinite(value) && value >= least)) return value;
    throw new PickbenchError(
      "BadUsage",
      `--${flag} is not ${least === 0 ? "0 or a positive number" : "a number"}; write it like --${flag} 0.5`,
    );
  };
  const lengthOf = (flag: string, value: number | undefined): { value?: Angstrom } => {
    const checked = number(flag, value, 0);
    return checked === undefined ? {} : { value: angstrom(checked) };
  };
  const threshold = number("threshold", flags.threshold, Number.NEGATIVE_INFINITY);
  const minVolume = number("min-volume", flags.minVolume, 0);
  const { value: minSpacing } = lengthOf("min-spacing", flags.minSpacing);
  const { value: radius } = lengthOf("radius", flags.radius);
  return {
    ...(flags.method === undefined ? {} : { method: flags.method }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(minVolume === undefined ? {} : { minVolume }),
    ...(minSpacing === undefined ? {} : { minSpacing }),
    ...(radius === undefined ? {} : { radius }),
  };
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

/** The flags over the type's defaults. @throws BadUsage where a type has none and the flags do not replace them */
function settingsFor(
  type: string,
  flags: Flags,
  particles: readonly Particle[] = challengeParticles,
): PickingSettings {
  const particle =
    particles.find(({ name }) => name === type) ?? challengeParticles.find(({ name }) => name === type);
  if (particle) return { ...defaultPicking(particle), ...flags };
  const { method = "watershed", threshold = 0.5, minVolume, minSpacing } = flags;
  if (minSpacing !== undefined && (minVolume !== undefined || method === "peaks"))
    return { ...flags, method, threshold, minVolume: minVolume ?? 0, minSpacing };
  throw new PickbenchError(
    "BadUsage",
    `${type} has no known radius to take settings from; give --min-spacing and --min-volume, or choose others with --type`,
  );
}

function line({ run, type, settings, steps, path }: PickedType): string {
  const counts =
    settings.method === "watershed"
      ? [
          plural(steps.groups, "group"),
          `${steps.afterVolume} of at least ${Math.round(settings.minVolume)} Å³`,
        ]
      : [plural(steps.groups, "peak")];
  return [
    `${run} ${type}: ${steps.aboveThreshold} voxels above ${settings.threshold}`,
    ...counts,
    `${steps.afterSpacing} at least ${settings.minSpacing} Å apart, in ${path}`,
  ].join(", ");
}
