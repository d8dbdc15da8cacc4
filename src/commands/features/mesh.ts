/** pickbench mesh: surfaces of maps of features. */
import { meshFormatNames, meshFormats } from "../../formats/meshes/catalogue.js";
import { findFeatureMaps } from "../../infer/maps/featureMaps.js";
import {
  type MeshTarget,
  meshOrigins,
  meshPath,
  meshUnits,
  type WrittenMesh,
} from "../../meshes/meshFeature.js";
import { meshFeatures } from "../../meshes/meshFeatures.js";
import type { SurfaceSettings } from "../../meshes/surfaceOf.js";
import { plural } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { checkLinks } from "../../system/paths/names.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { defineCommand, report } from "../shared/command.js";
import {
  checkScale,
  checkWritable,
  overwriteOption,
  quietOption,
  runNames,
  runsOption,
  scaleOption,
  threadsOf,
  threadsOption,
} from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

export const command = defineCommand({
  usage: "<maps..>",
  lists: ["maps"],
  reads: ["maps"],
  writes: ["out"],
  options: (argv) =>
    argv
      .positional("maps", {
        type: "string",
        array: true,
        demandOption: true,
        describe:
          "what predict wrote: OME-Zarr folders, RUN__FEATURE.mrc, or folders with either or with copick's segmentations",
      })
      .option("out", {
        type: "string",
        demandOption: true,
        describe: "folder for RUN__FEATURE.obj, one file a map",
      })
      .option("features", {
        type: "string",
        describe: "names of features, separated by commas: only these; all channels by default",
      })
      .option("runs", runsOption)
      .option("level", { type: "number", default: 0.5, describe: "voxels of at least this are inside" })
      .option("dust", {
        type: "number",
        default: 1000,
        describe: "components of fewer Å³ are left out; voxels that touch by a corner belong together",
      })
      .option("smooth", {
        type: "number",
        default: 0,
        describe: "Å, the deviation of a Gaussian that smooths the map first",
      })
      .option("simplify", {
        type: "number",
        describe: "share of the triangles to keep, below 1, or their number; all by default",
      })
      .option("format", {
        choices: meshFormatNames,
        default: "obj" as const,
        describe: "OBJ with normals, binary STL, or binary glTF",
      })
      .option("unit", { choices: meshUnits, default: "A" as const, describe: "of the positions: Å or nm" })
      .option("origin", {
        choices: meshOrigins,
        default: "corner" as const,
        describe: "what is 0: the volume's corner, its centre, or the centre of its first voxel",
      })
      .option("per-component", {
        type: "boolean",
        default: false,
        describe: "every component is an object of its own in the file, the largest first",
      })
      .option("scale", scaleOption)
      .option("threads", threadsOption)
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 mesh probabilities --out meshes", "every run and feature, at 0.5")
      .example(
        "$0 mesh probabilities --out meshes --features membrane --smooth 10 --dust 1e6 --simplify 0.1 --format glb",
        "smooth membranes without small pieces, for a browser or Blender",
      )
      .example(
        "$0 mesh TS_1__membrane.mrc --out meshes --origin voxel",
        "lies on the map as ChimeraX shows it",
      ),
  run: async ({ maps: paths, out, features, runs, scale, overwrite, quiet, json, ...flags }) => {
    const settings = checkedSettings(flags);
    const target = checkedTarget(out, flags);
    const threads = threadsOf(flags.threads);
    checkScale(scale);
    await checkWritable("out", out, "folder");
    const reporter = terminalReporter({ quiet: quiet || json === true });
    const maps = await findFeatureMaps(paths, {
      features: features === undefined ? undefined : runNames("features", features),
      runs: runs === undefined ? undefined : runNames("runs", runs),
      scale,
      reporter,
    });
    const places = maps.map((map) => meshPath(target, map));
    await checkFree(places, overwrite);
    await checkLinks(out, places);
    const meshes = await reporter.stoppable("map", () =>
      meshFeatures(maps, settings, target, threads, reporter),
    );
    if (meshes.length < maps.length) throw stopped(meshes, maps.length);
    report(json, { meshes }, () => meshes.map(line).join("\n"));
  },
});

function atLeast0(flag: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new PickbenchError("BadUsage", `--${flag} is ${value}, wanted 0 or a positive number; give one`);
}

function checkedSettings(flags: {
  readonly level: number;
  readonly dust: number;
  readonly smooth: number;
  readonly simplify: number | undefined;
}): SurfaceSettings {
  const { level, simplify } = flags;
  if (!Number.isFinite(Math.fround(level)))
    throw new PickbenchError(
      "BadUsage",
      `--level is ${level}, wanted a number that voxels can have; write it like --level 0.5`,
    );
  const isFit =
    simplify === undefined || (simplify > 0 && simplify < 1) || (Number.isInteger(simplify) && simplify >= 4);
  if (!isFit)
    throw new PickbenchError(
      "BadUsage",
      `--simplify is ${simplify}, wanted a share between 0 and 1 or a number of triangles, 4 or more; write it like --simplify 0.1`,
    );
  return {
    ...{ level, dust: atLeast0("dust", flags.dust), smooth: atLeast0("smooth", flags.smooth) },
    ...(simplify === undefined ? {} : { simplify }),
  };
}

function checkedTarget(folder: string, flags: Omit<MeshTarget, "folder">): MeshTarget {
  const { format, unit, origin, perComponent } = flags;
  if (perComponent && !meshFormats[format].hasParts)
    throw new PickbenchError(
      "BadUsage",
      `--per-component: a file of --format ${format} is one object; take obj or glb`,
    );
  return { folder, format, unit, origin, perComponent };
}

const stopped = (meshes: readonly WrittenMesh[], wanted: number): PickbenchError =>
  new PickbenchError(
    "Stopped",
    `stopped with ${meshes.length} of ${wanted} meshes written; name the other runs with --runs to go on`,
  );

function line({ run, feature, path, ...mesh }: WrittenMesh): string {
  const { components, dust, faces, facesBefore, area, volume } = mesh;
  const without = dust === 0 ? "" : `, ${dust} left out as dust`;
  if (path === null) return `${run} ${feature}: nothing at the level${without}; no file written`;
  const of = faces < facesBefore ? ` of ${facesBefore}` : "";
  return [
    `${run} ${feature}: ${plural(components, "component")}${without}`,
    `${faces}${of} triangles, ${figure(area / 100)} nm², ${figure(volume / 1000)} nm³, in ${path}`,
  ].join(", ");
}

const figure = (value: number): string => String(Number(value.toPrecision(4)));
