/** pickbench simulate: tomograms with known particles in the challenge's layout. */
import { type CellFeature, cellFeatures } from "../../data/simulate/cell/features.js";
import type { CellSettings } from "../../data/simulate/cell/scene.js";
import { edgeRange, isWithin, type Range, simulationRanges as ranges } from "../../data/simulate/ranges.js";
import {
  defaultRanges,
  readRanges,
  type SimulationRanges,
  withFixed,
} from "../../data/simulate/rangesFile.js";
import { rootsOf, simulateDataset } from "../../data/simulate/simulateDataset.js";
import { challengeParticles } from "../../domain/particles.js";
import type { Shape3 } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { defineCommand, report } from "../shared/command.js";
import { overwriteOption, quietOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

/** `184,630,630` as a shape. @throws BadUsage */
function parseSize(text: string, spacing: number): Shape3 {
  const range = edgeRange(spacing);
  const sizes = text.split(",").map(Number);
  const [z, y, x] = sizes;
  const isGood = (size: number) => isWithin(size, range);
  if (z === undefined || y === undefined || x === undefined || sizes.length !== 3 || !sizes.every(isGood)) {
    throw new PickbenchError(
      "BadUsage",
      `--size is ${JSON.stringify(text)}, but voxels along z,y,x are wanted, whole numbers from ${range.least} to ${range.greatest}, as in 184,630,630`,
    );
  }
  return [z, y, x];
}

/** `apo-ferritin=40,ribosome=12` as counts. @throws BadUsage */
function parseCounts(text: string | undefined): Map<string, number> {
  const names = challengeParticles.map(({ name }) => name);
  const range = ranges.count;
  const counts = new Map<string, number>();
  for (const entry of text === undefined ? [] : text.split(",")) {
    const [name = "", count = ""] = entry.split("=").map((part) => part.trim());
    if (!names.includes(name) || !/^\d+$/.test(count) || !isWithin(Number(count), range)) {
      throw new PickbenchError(
        "BadUsage",
        `--particles has ${JSON.stringify(entry)}, but NAME=COUNT is wanted, COUNT from ${range.least} to ${range.greatest} and NAME one of ${names.join(", ")}`,
      );
    }
    counts.set(name, Number(count));
  }
  return counts;
}

/** `membrane,gold` as features. @throws BadUsage */
function parseFeatures(text: string): CellFeature[] {
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !cellFeatures.some((feature) => feature === name));
  if (wrong !== undefined) {
    throw new PickbenchError(
      "BadUsage",
      `--features has ${JSON.stringify(wrong)}, but names out of ${cellFeatures.join(", ")} are wanted, as in membrane,microtubule`,
    );
  }
  return cellFeatures.filter((feature) => names.includes(feature));
}

/** Returns what `--scene cell` shall hold; undefined for a solution. @throws BadUsage for flags of another scene */
function cellOf(options: {
  scene: "solution" | "cell";
  features?: string | undefined;
  crowding?: number | undefined;
}): CellSettings | undefined {
  const { scene, features, crowding } = options;
  if (scene === "cell") return features === undefined ? {} : { features: parseFeatures(features) };
  const flag = features !== undefined ? "features" : crowding !== undefined ? "crowding" : undefined;
  if (flag !== undefined)
    throw new PickbenchError("BadUsage", `--${flag} is of cells alone: add --scene cell, or leave it out`);
  return undefined;
}

/** A number option inside its range. @throws BadUsage */
function checked(flag: string, value: number, range: Range): number {
  if (isWithin(value, range)) return value;
  const { least, greatest, isWhole } = range;
  throw new PickbenchError(
    "BadUsage",
    `--${flag} is ${value}, but a ${isWhole ? "whole " : ""}number from ${least} to ${greatest} is wanted`,
  );
}

/** The ranges of a file or by default, with what flags fix. @throws BadUsage */
async function rangesOf(options: {
  ranges?: string | undefined;
  noise?: number | undefined;
  crowding?: number | undefined;
}): Promise<SimulationRanges> {
  const { noise, crowding } = options;
  const drawn = options.ranges === undefined ? defaultRanges : await readRanges(options.ranges);
  return withFixed(drawn, {
    noise: noise === undefined ? undefined : checked("noise", noise, ranges.noise),
    crowding: crowding === undefined ? undefined : checked("crowding", crowding, ranges.crowding),
  });
}

const counted = (counts: Readonly<Record<string, number>>): string[] =>
  Object.entries(counts).map(([name, count]) => `${count} ${name}`);

export const command = defineCommand({
  usage: "",
  reads: ["densities", "particles", "ranges", "like"],
  writes: ["out"],
  options: (argv) =>
    argv
      .option("out", {
        type: "string",
        demandOption: true,
        describe: "folder of the data set, made if missing",
      })
      .option("count", { type: "number", alias: "runs", default: 5, describe: "how many tomograms are made" })
      .option("size", { type: "string", default: "96,256,256", describe: "voxels along z,y,x" })
      .option("spacing", { type: "number", default: 10.012444196428572, describe: "Å per voxel" })
      .option("seed", { type: "number", default: 0, describe: "the same seed gives the same bytes" })
      .option("part", {
        choices: ["train", "test"] as const,
        default: "train" as const,
        describe: "folder to fill; the truth of test goes into OUT/truth, where nothing finds it by accident",
      })
      .option("flat", { type: "boolean", default: false, describe: "static/ and overlay/ directly in OUT" })
      .option("densities", {
        type: "string",
        describe: "folder of MRC maps, named by particle or PDB entry (8cpv 1fa2 6drv 6qzp 7n4y 6n4v, 8vaf)",
      })
      .option("particles", {
        type: "string",
        describe: "counts per tomogram, as in apo-ferritin=40,ribosome=12; the other types are drawn",
      })
      .option("ranges", {
        type: "string",
        describe:
          "YAML file of ranges from which each tomogram's defocus, tilts, dose, noise, ice and denoiser are drawn (docs/simulation.md); wide ones by default",
      })
      .option("like", {
        type: "string",
        describe:
          "folder of tomograms, as --data takes it, whose spectra and grey values the simulated ones are given; picks are not read",
      })
      .option("noise", {
        type: "number",
        describe: "noise relative to the dose's shot noise, over the ranges'; 0 is none",
      })
      .option("halves", {
        type: "boolean",
        default: false,
        describe: "also the reconstructions of the even and of the odd tilts, wbp-even and wbp-odd",
      })
      .option("scene", {
        choices: ["solution", "cell"] as const,
        default: "solution" as const,
        describe: "particles in ice, or in a cell whose features are segmented in OUT's overlay",
      })
      .option("features", {
        type: "string",
        describe: `what every cell holds and which segmentations are written, as in membrane,gold; by default all of ${cellFeatures.join(", ")}, each in most cells`,
      })
      .option("crowding", {
        type: "number",
        describe:
          "share of a cell's cytosol that is small proteins, 0 to 0.25, over the ranges'; drawn by default",
      })
      .option("preview", {
        type: "boolean",
        default: false,
        describe: "a picture per tomogram in OUT/preview",
      })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "report as JSON" })
      .example("$0 simulate --out phantoms", "five tomograms to train on")
      .example("$0 simulate --out phantoms --part test --count 2", "two unseen ones beside them")
      .example("$0 simulate --out big --count 1 --size 184,630,630", "one as large as the challenge's")
      .example("$0 simulate --out phantoms --like czii/test", "with the spectra of your own tomograms")
      .example("$0 simulate --out cells --scene cell", "five cells, with segmentations of their features"),
  run: async (options) => {
    const spacing = checked("spacing", options.spacing, ranges.spacing);
    const cell = cellOf(options);
    const settings = {
      out: options.out,
      runs: checked("count", options.count, ranges.runs),
      shape: parseSize(options.size, spacing),
      spacing,
      seed: checked("seed", options.seed, ranges.seed),
      part: options.part,
      flat: options.flat,
      counts: parseCounts(options.particles),
      ranges: await rangesOf(options),
      halves: options.halves,
      ...(options.like === undefined ? {} : { like: options.like }),
      ...(options.densities === undefined ? {} : { densities: options.densities }),
      ...(cell === undefined ? {} : { cell }),
      preview: options.preview,
      overwrite: options.overwrite,
      reporter: terminalReporter({ quiet: options.quiet }),
    };
    const made = await simulateDataset(settings);
    report(options.json, { ...rootsOf(settings), runs: made }, () =>
      made
        .map(({ name, counts, features }) =>
          [`${name}:`, ...counted(counts), ...(features ? ["voxels of", ...counted(features)] : [])].join(
            "  ",
          ),
        )
        .join("\n"),
    );
  },
});
