/** pickbench export: a checkpoint's networks as standard ONNX files. */
import { parse } from "node:path";
import { checkModel, type ModelCheck } from "../../engines/onnx/portable/checkModel.js";
import {
  outputNameOf,
  type PortableOptions,
  portableModel,
} from "../../engines/onnx/portable/portableModel.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import { PickbenchError } from "../../system/errors.js";
import { hashFile, writeWhole } from "../../system/files.js";
import { checkedName, inside } from "../../system/paths/names.js";
import { ownVersion } from "../../system/version.js";
import { type Checkpoint, readCheckpoint } from "../../train/checkpoint/checkpoint.js";
import {
  modelMetadata,
  type NamedNetwork,
  namedNetworks,
  offsetsOf,
} from "../../train/checkpoint/modelMetadata.js";
import { modelPath } from "../../train/checkpoint/models.js";
import { defineCommand, report } from "../shared/command.js";
import { allowCodeOption, checkModelPlace, overwriteOption, runsOption } from "../shared/flags.js";
import { exportFormats, exportToAis, exportTrainingSet, formatOf } from "./exportAis.js";

export const command = defineCommand({
  usage: "<checkpoint> [model]",
  lists: ["allow-code"],
  reads: ["checkpoint", "masks"],
  writesUnasked: true,
  options: (argv) =>
    argv
      .positional("checkpoint", {
        type: "string",
        demandOption: true,
        describe:
          "the best.safetensors of a run, or a name that `pickbench models` lists; with --to scnt a data set",
      })
      .positional("model", {
        type: "string",
        describe:
          "the file to write, with --to the checkpoint's own name if absent; of several networks or maps each gives one, model-NAME.onnx or .scnm beside it",
      })
      .option("out", { type: "string", describe: "the file to write, in place of the second argument" })
      .option("to", {
        choices: exportFormats,
        describe:
          "onnx; or for Ais scnm (a model a type), scnmgroup (all in one file), scnt (a training set); by the file's ending if absent",
      })
      .option("network", {
        type: "string",
        describe: "only the network of this particle type; for Ais only this type's or feature's map",
      })
      .option("logits", {
        type: "boolean",
        describe: "leave the output before its activation, at the network's own stride",
      })
      .option("check", {
        type: "boolean",
        default: true,
        describe: "run each model in ONNX Runtime beside the engine before it is written",
      })
      .option("allow-code", allowCodeOption)
      .option("feature", { type: "string", describe: "scnt: the feature whose masks are the labels" })
      .option("masks", {
        type: "string",
        describe:
          "scnt: masks with {run} in the path, over the data set's own; 0 no, 2 unknown, any other yes",
      })
      .option("runs", runsOption)
      .option("tomogram", {
        type: "string",
        default: "denoised",
        describe: "scnt: reconstruction to cut from",
      })
      .option("box", { type: "number", default: 64, describe: "scnt: pixels a side of a box, even" })
      .option("depth", { type: "number", default: 1, describe: "scnt: slices of a box, odd" })
      .option("most", {
        type: "number",
        default: 1000,
        describe: "scnt: boxes at most with the feature, and as many without",
      })
      .option("seed", { type: "number", default: 0, describe: "scnt: of the boxes that are drawn" })
      .option("overwrite", overwriteOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example(
        "$0 export runs/a/best.safetensors a.onnx",
        "standard ONNX with the picking thresholds in its metadata",
      )
      .example(
        "$0 export ais/best.safetensors ais.onnx --network ribosome",
        "one of a per-type checkpoint's networks",
      )
      .example("$0 export runs/membrane/best.safetensors membrane.scnm", "a model that Ais opens")
      .example(
        "$0 export DIR set.scnt --feature membrane",
        "a training set that Ais trains on, of masks and tomograms",
      ),
  run: async ({ checkpoint: given, model: place, out, to, logits = false, check, ...flags }, making) => {
    const { network, overwrite, allowCode, json } = flags;
    const model = placeOf(place, out, to === undefined ? undefined : besideCheckpoint(given, to));
    const format = to ?? formatOf(model);
    if (format === "scnt") {
      making.wrote("model", model);
      return exportTrainingSet(given, model, flags);
    }
    if (format !== "onnx") {
      if (logits)
        throw new PickbenchError(
          "BadUsage",
          "--logits is of ONNX files; Ais wants probabilities: leave it out",
        );
      return exportToAis(given, { model, format, network, check, overwrite, allowCode, json }, making);
    }
    const path = await modelPath(given);
    const checkpoint = await readCheckpoint(path, { allowCode });
    const chosen = chooseNetworks(path, namedNetworks(checkpoint), network);
    const places = chosen.map((named) => ({
      named,
      out: chosen.length === 1 ? model : besides(path, model, named),
    }));
    for (const { out } of places) {
      making.wrote("model", out);
      await checkModelPlace(out, overwrite);
    }
    const checkpointSha256 = await hashFile(path);
    const models: ExportedModel[] = [];
    for (const { named, out } of places)
      models.push(await exportNetwork({ checkpoint, checkpointSha256, named, out, logits, check }));
    report(json, { models }, () => models.map(lineOf).join("\n"));
  },
});

/** The checkpoint's own path with the format's ending. */
const besideCheckpoint = (checkpoint: string, format: string): string =>
  `${checkpoint.replace(/\.safetensors$/i, "")}.${format}`;

/** Returns the file to write, given in one of two ways, or the usual. @throws BadUsage where it is given in none or both */
function placeOf(place: string | undefined, out: string | undefined, usual: string | undefined): string {
  const [one = usual, other] = [place, out].filter((each) => each !== undefined);
  if (one !== undefined && other === undefined) return one;
  throw new PickbenchError(
    "BadUsage",
    one === undefined
      ? "the file to write is missing; give it after the checkpoint, or as --out"
      : `${one} and --out ${other} both name the file to write; leave one out`,
  );
}

interface ExportedModel {
  readonly path: string;
  readonly network: string;
  readonly bytes: number;
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly outputs: Readonly<Record<string, readonly (number | string)[]>>;
  /** Null where it was not asked for. */
  readonly check: ModelCheck | null;
}

/** Beside the file asked for, one a network. */
function besides(path: string, model: string, { name }: NamedNetwork): string {
  const { dir, name: stem, ext } = parse(model);
  const origin = { what: "network", path, remedy: `give --network and a file's name` };
  return inside(dir, `${stem}-${checkedName(name, origin)}${ext}`, origin);
}

function chooseNetworks(path: string, all: NamedNetwork[], asked: string | undefined): NamedNetwork[] {
  if (asked === undefined) return all;
  const chosen = all.filter(({ name }) => name === asked);
  if (chosen.length > 0) return chosen;
  const names = all.map(({ name }) => name).join(", ");
  throw new PickbenchError(
    "BadUsage",
    `--network: ${path} has no network ${JSON.stringify(asked)}; it has ${names}`,
    { path },
  );
}

async function exportNetwork(request: {
  readonly checkpoint: Checkpoint;
  readonly checkpointSha256: string;
  readonly named: NamedNetwork;
  readonly out: string;
  readonly logits: boolean;
  readonly check: boolean;
}): Promise<ExportedModel> {
  const { checkpoint, checkpointSha256, named, out } = request;
  const { weights, activation } = named.given;
  const network = await loadNetwork(named.given.network);
  const options: PortableOptions = {
    network,
    weights,
    activation: request.logits ? null : activation,
    offsets: offsetsOf(named.given),
  };
  const version = ownVersion();
  const output = outputNameOf(options);
  const metadata = modelMetadata({ checkpoint, checkpointSha256, named, network, output, version });
  const { bytes, parts } = portableModel(options, { metadata, producerVersion: version, docString });
  const check = request.check ? await checkModel(bytes, options) : null;
  if (check && !(check.largestDifference <= tolerance * Math.max(1, check.largestValue)))
    throw new Error(`${out}: the exported model differs by ${check.largestDifference} from the engine`);
  await writeWhole(out, bytes);
  const sizes = (values: typeof parts.inputs) =>
    Object.fromEntries(values.map(({ name, dims }) => [name, dims]));
  return {
    path: out,
    network: named.name,
    bytes: bytes.length,
    inputs: sizes(parts.inputs),
    outputs: sizes(parts.outputs),
    check,
  };
}

/** What rounding in another order leaves, and no mistake does. */
const tolerance = 1e-3;

const docString =
  "A particle detector for cryo-electron tomograms. Normalise a tomogram of the metadata's spacing by its " +
  "normalisation, run tiles whose sizes are multiples of `multiple`, and pick each type's particles from its output " +
  "map by `picking`.";

const listed = (values: ExportedModel["inputs"]): string =>
  Object.entries(values)
    .map(([name, dims]) => `${name} (${dims.join(", ")})`)
    .join(", ");

function lineOf({ path, network, bytes, inputs, outputs, check }: ExportedModel): string {
  const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const checked = check
    ? `largest difference from the engine ${check.largestDifference.toExponential(1)} on ${check.patch.join("×")} voxels`
    : "not checked";
  return `${path}: network ${network}, ${size}, ${listed(inputs)} to ${listed(outputs)}, ${checked}`;
}
