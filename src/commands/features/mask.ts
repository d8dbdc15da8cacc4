/** pickbench mask: masks of areas from maps of features. */
import { angstrom } from "../../domain/units.js";
import { toFrame } from "../../formats/positions/frames.js";
import { type Area, areaOf } from "../../infer/areas/area.js";
import { type MaskTarget, maskPath, writeMask } from "../../infer/areas/maskFiles.js";
import {
  type AreaTerm,
  looksLikeTerm,
  parseAreaTerm,
  parseReach,
  type Reach,
} from "../../infer/areas/terms.js";
import { parseDust } from "../../infer/context/terms.js";
import { type FeatureMap, findFeatureMaps, openFeatureMap } from "../../infer/maps/featureMaps.js";
import { type ProbabilityFormat, probabilityFormats } from "../../infer/predict/probabilityFiles.js";
import { plural } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { checkLinks } from "../../system/paths/names.js";
import { checkFree, checkOneAsked } from "../../system/paths/overwriting.js";
import { isThere } from "../../system/paths/replacing.js";
import type { Reporter } from "../../system/reporter.js";
import { defineCommand, report } from "../shared/command.js";
import { type AskedSlab, slabAsked, withSlab } from "../shared/context/flags.js";
import { slabFitter } from "../shared/context/measured.js";
import {
  checkScale,
  checkSpacing,
  checkWritable,
  overwriteOption,
  quietOption,
  runNames,
  runsOption,
  scaleOption,
  spacingOption,
} from "../shared/flags.js";
import { opened } from "../shared/pickSources.js";
import { readPositionSource } from "../shared/positionSources.js";
import { terminalReporter } from "../shared/terminal.js";

export const command = defineCommand({
  usage: "<maps..>",
  lists: ["maps"],
  reads: ["maps", "picks", "data"],
  writes: ["out"],
  options: (argv) =>
    withSlab(
      argv
        .positional("maps", {
          type: "string",
          array: true,
          demandOption: true,
          describe:
            "maps of features as pick takes them; and FEATURE:THRESHOLD[:GROW[:DUST]], what is added to the area, in order, or with ! before it taken out",
        })
        .option("out", { type: "string", demandOption: true, describe: "folder for the masks" })
        .option("grow", {
          type: "number",
          describe: "Å by which features that are added are grown; 0 by default",
        })
        .option("shell", {
          type: "string",
          describe:
            "OUTER/INNER, or one number: only the shell about the edges of features that are added, in Å",
        })
        .option("dust", {
          type: "number",
          describe:
            "least Å³ of a feature's pieces, before they are grown; below 0, how many of the largest stay",
        })
        .option("name", { type: "string", default: "area", describe: "name of the area, as of a feature" })
        .option("format", {
          choices: probabilityFormats,
          default: "mrc" as ProbabilityFormat,
          describe: "RUN__NAME.mrc of int8, RUN.zarr, or copick's segmentations",
        })
        .option("value", {
          type: "number",
          default: 1,
          describe: "value of voxels in the mask; Pom writes 127",
        })
        .option("zarr", { choices: [2, 3] as const, default: 2 as 2 | 3, describe: "version of Zarr" })
        .option("session", {
          type: "string",
          default: "area",
          describe: "copick session in the masks' names",
        }),
    )
      .option("picks", { type: "string", describe: "positions for --slab picks, as context takes them" })
      .option("data", { type: "string", describe: "data set with the tomograms, for --slab contrast" })
      .option("tomogram", {
        type: "string",
        describe: "which reconstruction of --data; the first one by default",
      })
      .option("spacing", spacingOption)
      .option("scale", scaleOption)
      .option("runs", runsOption)
      .option("resume", { type: "boolean", default: false, describe: "leave masks that are there already" })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example(
        "$0 mask maps membrane:0.5:100 '!carbon:0.5:50' --dust 100000 --out masks",
        "within 100 Å of membranes, but not within 50 Å of carbon",
      )
      .example(
        "$0 mask maps membrane:0.5 --shell 150/0 --out masks",
        "what lies within 150 Å outside of membranes",
      )
      .example(
        "$0 mask maps '!gold:0.5:100' --slab contrast --data DIR --format copick --out DIR/overlay",
        "the sample without gold, for copick",
      ),
  run: async (given) => {
    const { out, overwrite, resume, json } = given;
    checkSpacing(given.spacing);
    checkScale(given.scale);
    checkOneAsked({ overwrite, resume }, "masks");
    const slab = slabAsked(given);
    const { places, texts } = await placesAndTerms(given.maps);
    const terms = termsOf(texts, given);
    checkAsked(terms, slab, given);
    await checkWritable("out", out, "folder");
    const reporter = terminalReporter({ quiet: given.quiet || json === true });
    const ofSlab = slab?.source.kind === "mask" ? [slab.source.feature] : [];
    const features = [...new Set([...terms.map(({ feature }) => feature), ...ofSlab])];
    const runs = given.runs === undefined ? undefined : runNames("runs", given.runs);
    const { scale } = given;
    const maps = await findFeatureMaps(places, {
      features,
      runs,
      isPartial: features.length > 0,
      scale,
      reporter,
    });
    const { format, name, session, value, zarr } = given;
    const target = (run: string): MaskTarget => ({ format, folder: out, run, name, session, value, zarr });
    const all = [...new Set(maps.map(({ run }) => run))];
    const todo = await runsToDo(all, maps, target, { resume, overwrite, out });
    const slabOf = slab && (await fitter(slab, maps, given, reporter));
    const masks = await makeMasks(todo, { terms, maps, slabOf, target, reporter });
    const kept = all.length - todo.length;
    report(json, { masks, kept }, () =>
      [
        ...masks.map(line),
        ...(kept > 0 ? [`left as they are: masks of ${plural(kept, "run")}`] : []),
        ...(masks.some(({ voxels }) => voxels === 0)
          ? ["an empty mask lets nothing be searched: check names and thresholds"]
          : []),
      ].join("\n"),
    );
  },
});

interface TermFlags {
  readonly grow: number | undefined;
  readonly shell: string | undefined;
  readonly dust: number | undefined;
}

const wrong = (message: string): PickbenchError => new PickbenchError("BadUsage", message);

/** Words that are terms of an area, and the others, paths of maps. A path that is there is a path, whatever its name. */
async function placesAndTerms(words: readonly string[]) {
  const isTerm = await Promise.all(words.map(async (word) => looksLikeTerm(word) && !(await isThere(word))));
  const places = words.filter((_, at) => !isTerm[at]);
  if (places.length === 0)
    throw wrong(
      "no maps are named; give their folder before FEATURE:THRESHOLD, as in mask maps membrane:0.5",
    );
  return { places, texts: words.filter((_, at) => isTerm[at]) };
}

function termsOf(texts: readonly string[], { grow, shell, dust }: TermFlags): AreaTerm[] {
  if (grow !== undefined && shell !== undefined)
    throw wrong("--grow and --shell are both given; a feature is grown or reduced to its shell, leave one");
  if (grow !== undefined && !(Number.isFinite(grow) && grow >= 0))
    throw wrong("--grow is no length of 0 Å or more; write it like --grow 100");
  const reach: Reach = shell === undefined ? { grow: grow ?? 0 } : shellOf(shell);
  const rule =
    dust === undefined
      ? undefined
      : parseDust("--dust", String(dust), String(dust), "Å³, or below 0 a whole number");
  return texts.map((text) => parseAreaTerm(text, { reach, dust: rule }));
}

/** One number is both the outer and the inner one. */
function shellOf(text: string): Reach {
  const reach = parseReach("--shell", text, text);
  return "grow" in reach ? { outer: reach.grow, inner: reach.grow } : reach;
}

interface SlabGiven {
  readonly picks: string | undefined;
  readonly data: string | undefined;
  readonly tomogram: string | undefined;
  readonly spacing: number | undefined;
  readonly runs: string | undefined;
}

function checkAsked(
  terms: readonly AreaTerm[],
  slab: AskedSlab | undefined,
  { picks, data, value }: SlabGiven & { readonly value: number },
): void {
  if (terms.length === 0 && slab === undefined)
    throw wrong(
      "nothing says what the area is; give FEATURE:THRESHOLD after the maps, as in membrane:0.5, or --slab",
    );
  if (!(Number.isInteger(value) && value >= 1 && value <= 127))
    throw wrong(`--value is ${value}, wanted a whole number from 1 to 127; Pom writes 127`);
  const kind = slab?.source.kind;
  if (kind === "picks" && picks === undefined)
    throw wrong("--slab picks wants positions; name them by --picks");
  if (kind !== "picks" && picks !== undefined)
    throw wrong("--picks is for --slab picks alone; give both, or neither");
  if (kind === "contrast" && data === undefined)
    throw wrong("--slab contrast wants tomograms; name the data set by --data");
}

/** Leaves out runs whose masks are there, where they are to stay. @throws PickbenchError BadUsage where a mask is in the way */
async function runsToDo(
  runs: readonly string[],
  maps: readonly FeatureMap[],
  target: (run: string) => MaskTarget,
  { resume, overwrite, out }: { readonly resume: boolean; readonly overwrite: boolean; readonly out: string },
): Promise<string[]> {
  const paths = new Map<string, string>();
  for (const run of runs)
    paths.set(run, maskPath(target(run), await openFeatureMap(maps.find((map) => map.run === run)!)));
  await checkLinks(out, [...paths.values()]);
  if (!resume) {
    await checkFree([...paths.values()], overwrite, "--resume, another --out or --name");
    return [...runs];
  }
  const isDone = await Promise.all(runs.map((run) => isThere(paths.get(run)!)));
  return runs.filter((_, i) => !isDone[i]);
}

/** Returns what fits the slab of a run. */
async function fitter(slab: AskedSlab, maps: readonly FeatureMap[], given: SlabGiven, reporter: Reporter) {
  const { picks, data, tomogram, spacing } = given;
  const choice =
    data === undefined ? undefined : { dataset: await opened(data, reporter, spacing), tomogram };
  const fit = slabFitter(slab, maps, choice);
  if (picks === undefined) return (run: string) => fit(run, undefined);
  const { files } = await readPositionSource(picks, { reporter });
  return async (run: string) => {
    const { shape, spacing: step } = await openFeatureMap(maps.find((map) => map.run === run)!);
    const volume = { size: shape, spacing: step[2] };
    const pixel = spacing === undefined ? {} : { pixel: angstrom(spacing) };
    const places = files.flatMap(({ path, sets }) =>
      sets
        .filter((set) => set.run === run)
        .flatMap((set) => toFrame({ ...pixel, volume, ...set }, { frame: "angstrom" }, path).positions)
        .flatMap(({ at }) => at),
    );
    return fit(run, places.length === 0 ? undefined : Float64Array.from(places));
  };
}

/** A mask that was written. */
interface WrittenMask {
  readonly run: string;
  readonly path: string;
  readonly voxels: number;
  /** Share of the volume. */
  readonly share: number;
  readonly absent: readonly string[];
}

interface MaskWork {
  readonly terms: readonly AreaTerm[];
  readonly maps: readonly FeatureMap[];
  readonly slabOf: ((run: string) => ReturnType<ReturnType<typeof slabFitter>>) | undefined;
  readonly target: (run: string) => MaskTarget;
  readonly reporter: Reporter;
}

function makeMasks(
  runs: readonly string[],
  { terms, maps, slabOf, target, reporter }: MaskWork,
): Promise<WrittenMask[]> {
  const progress = reporter.progress("masks", runs.length * Math.max(1, terms.length), "terms");
  let done = 0;
  return reporter.stoppable("mask", async () => {
    const masks: WrittenMask[] = [];
    try {
      for (const run of runs) {
        if (reporter.signal.aborted)
          throw new PickbenchError(
            "Stopped",
            `stopped after ${masks.length} of ${runs.length} masks; go on with --resume`,
          );
        const ofRun = maps.filter((map) => map.run === run);
        const area = await areaOf(terms, ofRun, await slabOf?.(run), () => progress.update(++done, run));
        masks.push(await written(run, target(run), area));
      }
      return masks;
    } finally {
      progress.stop();
    }
  });
}

async function written(run: string, target: MaskTarget, area: Area): Promise<WrittenMask> {
  const { mask, absent } = area;
  let voxels = 0;
  for (const value of mask) voxels += value;
  return { run, path: await writeMask(target, area), voxels, share: voxels / mask.length, absent };
}

function line({ run, path, voxels, share, absent }: WrittenMask): string {
  const what = voxels === 0 ? "EMPTY" : `${(100 * share).toFixed(2)} % of the volume`;
  const missing = absent.length === 0 ? "" : `, without a map of ${absent.join(", ")}`;
  return `${run}: ${what}${missing}, in ${path}`;
}
