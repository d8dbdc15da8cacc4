/** pickbench simulate: tomograms with known particles in the challenge's layout. */
import { rootsOf, simulateDataset } from "../../data/simulate/simulateDataset.js";
import { challengeParticles } from "../../domain/particles.js";
import type { Shape3 } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { defineCommand, report } from "../shared/command.js";
import { overwriteOption, quietOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

/** Å that an edge must have at least for the largest particle to fit into the ice. */
const leastEdge = 400;

/** `184,630,630` as a shape. @throws BadUsage */
function parseSize(text: string, spacing: number): Shape3 {
  const least = Math.ceil(leastEdge / spacing);
  const sizes = text.split(",").map(Number);
  const [z, y, x] = sizes;
  const isGood = (size: number) => Number.isInteger(size) && size >= least && size <= 2048;
  if (z === undefined || y === undefined || x === undefined || sizes.length !== 3 || !sizes.every(isGood)) {
    throw new PickbenchError(
      "BadUsage",
      `--size is ${JSON.stringify(text)}, but voxels along z,y,x are wanted, whole numbers from ${least} to 2048, as in 184,630,630`,
    );
  }
  return [z, y, x];
}

/** `apo-ferritin=40,ribosome=12` as counts. @throws BadUsage */
function parseCounts(text: string | undefined): Map<string, number> {
  const names = challengeParticles.map(({ name }) => name);
  const counts = new Map<string, number>();
  for (const entry of text === undefined ? [] : text.split(",")) {
    const [name = "", count = ""] = entry.split("=").map((part) => part.trim());
    if (!names.includes(name) || !/^\d{1,4}$/.test(count)) {
      throw new PickbenchError(
        "BadUsage",
        `--particles has ${JSON.stringify(entry)}, but NAME=COUNT is wanted, COUNT from 0 to 9999 and NAME one of ${names.join(", ")}`,
      );
    }
    counts.set(name, Number(count));
  }
  return counts;
}

/** A number option inside its range. @throws BadUsage */
function checked(flag: string, value: number, least: number, greatest: number, isWhole: boolean): number {
  if (value >= least && value <= greatest && (!isWhole || Number.isInteger(value))) return value;
  throw new PickbenchError(
    "BadUsage",
    `--${flag} is ${value}, but a ${isWhole ? "whole " : ""}number from ${least} to ${greatest} is wanted`,
  );
}

export const command = defineCommand({
  usage: "",
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
      .option("noise", {
        type: "number",
        default: 1,
        describe: "noise relative to the challenge's; 0 is none",
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
      .example("$0 simulate --out big --count 1 --size 184,630,630", "one as large as the challenge's"),
  run: async (options) => {
    const spacing = checked("spacing", options.spacing, 4, 25, false);
    const settings = {
      out: options.out,
      runs: checked("count", options.count, 1, 10000, true),
      shape: parseSize(options.size, spacing),
      spacing,
      seed: checked("seed", options.seed, 0, 2 ** 32, true),
      part: options.part,
      flat: options.flat,
      counts: parseCounts(options.particles),
      noise: checked("noise", options.noise, 0, 100, false),
      ...(options.densities === undefined ? {} : { densities: options.densities }),
      preview: options.preview,
      overwrite: options.overwrite,
      reporter: terminalReporter({ quiet: options.quiet }),
    };
    const made = await simulateDataset(settings);
    report(options.json, { ...rootsOf(settings), runs: made }, () =>
      made
        .map(({ name, counts }) =>
          [`${name}:`, ...Object.entries(counts).map(([type, count]) => `${count} ${type}`)].join("  "),
        )
        .join("\n"),
    );
  },
});
