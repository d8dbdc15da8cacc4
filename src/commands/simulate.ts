import { join } from "node:path";
import { assembleCast } from "../data/simulate/cast.js";
import { simulatePhantom } from "../data/simulate/phantom.js";
import { writePhantom } from "../data/simulate/writePhantom.js";
import { PickbenchError } from "../errors.js";
import { challengeParticles } from "../particles.js";
import { startProgress } from "../progress.js";
import type { Shape3 } from "../volume.js";
import { defineCommand, report } from "./command.js";

/** `184,630,630` as a shape. @throws BadUsage */
function parseSize(text: string): Shape3 {
  const sizes = text.split(",").map(Number);
  if (sizes.length !== 3 || !sizes.every((size) => Number.isInteger(size) && size >= 40 && size <= 4096)) {
    throw new PickbenchError(
      "BadUsage",
      `--size is ${text}, but three whole numbers of voxels from 40 to 4096 are wanted, as in 184,630,630`,
    );
  }
  return sizes as unknown as Shape3;
}

/** `apo-ferritin=40,ribosome=12` as counts. @throws BadUsage */
function parseCounts(text: string | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (const entry of text === undefined ? [] : text.split(",")) {
    const [name = "", count = ""] = entry.split("=").map((part) => part.trim());
    if (!challengeParticles.some((particle) => particle.name === name) || !/^\d{1,5}$/.test(count)) {
      throw new PickbenchError(
        "BadUsage",
        `--particles has ${JSON.stringify(entry)}, but NAME=COUNT is wanted, NAME one of ${challengeParticles.map((particle) => particle.name).join(", ")}`,
      );
    }
    counts.set(name, Number(count));
  }
  return counts;
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
      .option("runs", { type: "number", default: 5, describe: "number of tomograms" })
      .option("size", { type: "string", default: "96,256,256", describe: "voxels along z,y,x" })
      .option("spacing", { type: "number", default: 10.012444196428572, describe: "Å per voxel" })
      .option("seed", { type: "number", default: 0, describe: "the same seed gives the same bytes" })
      .option("part", {
        choices: ["train", "test"] as const,
        default: "train" as const,
        describe: "part of the data set",
      })
      .option("particles", {
        type: "string",
        describe: "counts per tomogram, as in apo-ferritin=40,ribosome=12",
      })
      .option("noise", {
        type: "number",
        default: 1,
        describe: "noise relative to the challenge's tomograms",
      })
      .option("json", { type: "boolean", describe: "report as JSON" }),
  run: async (options) => {
    const shape = parseSize(options.size);
    const counts = parseCounts(options.particles);
    const roots =
      options.part === "train"
        ? {
            staticRoot: join(options.out, "train", "static"),
            overlayRoot: join(options.out, "train", "overlay"),
          }
        : {
            staticRoot: join(options.out, "test", "static"),
            overlayRoot: join(options.out, "truth", "overlay"),
          };
    const cast = assembleCast(options.spacing);
    const progress = startProgress("simulate", options.runs, "tomograms");
    const runs: { name: string; picks: number }[] = [];
    for (let run = 1; run <= options.runs; run++) {
      const plan = {
        seed: options.seed,
        part: options.part,
        run,
        shape,
        spacing: options.spacing,
        counts,
        noise: options.noise,
      };
      const name = `TS_${options.part === "train" ? "S" : "T"}${run}`;
      const phantom = simulatePhantom(plan, cast);
      await writePhantom(roots, name, plan, cast, phantom);
      runs.push({ name, picks: phantom.picks.length });
      progress.update(run, name);
    }
    progress.stop();
    report(options.json, { out: options.out, runs }, () =>
      runs.map(({ name, picks }) => `${name}: ${picks} picks`).join("\n"),
    );
  },
});
