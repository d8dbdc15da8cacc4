/** pickbench nets: the architectures and what they cost. */
import { rounded } from "../../domain/numbers.js";
import type { Shape3 } from "../../domain/volume.js";
import { type Architecture, buildNetwork, type Network } from "../../nets/architecture.js";
import { readArchitecture } from "../../nets/architectureFile.js";
import { networkCost } from "../../nets/cost.js";
import { architectureNamed, architectures } from "../../nets/library/catalogue.js";
import { receptiveField } from "../../nets/receptiveField.js";
import { alignedTable } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { defineCommand, report } from "../shared/command.js";

/** What one architecture costs at one patch size; null where it does not take that size. */
interface PatchCost {
  readonly patch: Shape3;
  readonly gflop: number;
  readonly predictMiB: number;
  readonly trainMiB: number;
}

interface NetRow {
  readonly name: string;
  readonly parameters: number;
  readonly receptiveField: Shape3;
  readonly multiple: Shape3;
  readonly patches: readonly PatchCost[];
  readonly description: string;
  readonly source: string;
}

/** `pickbench nets`: the library of architectures and what each costs. */
export const command = defineCommand({
  usage: "[name..]",
  lists: ["name"],
  options: (argv) =>
    argv
      .positional("name", { type: "string", array: true, describe: "only these; all if absent" })
      .option("file", { type: "string", describe: "an architecture file of your own, instead" })
      .option("size", { type: "string", default: "64,96", describe: "patch edges, voxels" })
      .option("outputs", { type: "number", default: 1, describe: "output channels" })
      .option("slices", { type: "number", default: 1, describe: "neighbouring slices seen as channels" })
      .option("json", { type: "boolean", default: false, describe: "print one JSON document" })
      .example("$0 nets", "every architecture with parameters, arithmetic, memory and receptive field")
      .example("$0 nets baseline unet --outputs 7 --json", "two of them, as trained on the challenge")
      .example("$0 nets --file my-net.ts", "one that your own file declares"),
  async run({ name, file, size, outputs, slices, json }) {
    const sizes = size.split(",").map((text) => positive("size", Number(text)));
    positive("outputs", outputs);
    if (positive("slices", slices) % 2 === 0)
      throw new PickbenchError("BadUsage", `--slices is ${slices}, wanted an odd number; give one`);
    const chosen = await choose(name, file);
    const rows = chosen.map((architecture) =>
      rowOf(architecture, buildNetwork(architecture, { outputs, slices }), sizes),
    );
    report(json, { outputs, slices, nets: rows }, () => table(rows, sizes));
  },
});

async function choose(
  names: readonly string[] | undefined,
  file: string | undefined,
): Promise<readonly Architecture[]> {
  if (file !== undefined) return [(await readArchitecture(file, 1)).architecture];
  return names && names.length > 0 ? names.map(architectureNamed) : architectures;
}

function positive(flag: string, value: number): number {
  if (Number.isInteger(value) && value > 0 && value <= 4096) return value;
  throw new PickbenchError(
    "BadUsage",
    `--${flag} is ${value}, wanted a whole number from 1 to 4096; give one`,
  );
}

function rowOf(
  { name, description, source }: Architecture,
  network: Network,
  sizes: readonly number[],
): NetRow {
  const { multiple } = network;
  const patches = sizes
    .filter((size) => multiple.every((step) => size % step === 0))
    .map((size) => {
      const patch: Shape3 = [size, size, size];
      const { gflop, predictMiB, trainMiB } = networkCost(network, patch);
      return {
        patch,
        gflop: rounded(gflop, 2),
        predictMiB: rounded(predictMiB, 1),
        trainMiB: rounded(trainMiB, 1),
      };
    });
  return {
    name,
    parameters: network.parameterCount,
    receptiveField: receptiveField(network),
    multiple,
    patches,
    description,
    source,
  };
}

function table(rows: readonly NetRow[], sizes: readonly number[]): string {
  const header = [
    "name",
    "parameters",
    ...sizes.flatMap((size) => [`GFLOP ${size}³`, `MiB ${size}³ predict`, "train"]),
    "sees z×y×x",
    "source",
  ];
  const cells = rows.map((row) => [
    row.name,
    row.parameters.toLocaleString("en"),
    ...sizes.flatMap((size) => {
      const cost = row.patches.find(({ patch }) => patch[0] === size);
      if (!cost) return [`takes ${row.multiple.join("×")}`, "–", "–"];
      return [cost.gflop.toFixed(1), cost.predictMiB.toFixed(0), cost.trainMiB.toFixed(0)];
    }),
    row.receptiveField.join("×"),
    process.stdout.isTTY ? shortened(row.source) : row.source,
  ]);
  return `${alignedTable([header, ...cells])}\n\nGFLOP: multiplications and additions of the convolutions; MiB: float32 maps at once when predicting, all maps when training.`;
}

/** On a terminal the table stays narrow; a pipe or a file takes all. */
const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text);
