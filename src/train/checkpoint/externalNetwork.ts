/** Reads the ONNX file of an experiment whose network was trained elsewhere. */
import { basename } from "node:path";
import type { Particle } from "../../domain/particles.js";
import type { ExternalNetwork } from "../../infer/predict/predictor.js";
import { PickbenchError } from "../../system/errors.js";
import { hashOf } from "../../system/files.js";
import { pickedChannels } from "../experiment/externalExperiment.js";
import type { ExternalChoice } from "../experiment/networkChoice.js";
import type { Experiment } from "../experiment/schema.js";

/**
 * Reads an experiment's ONNX file, determines from the file what the experiment leaves open, and runs the model once.
 *
 * @throws PickbenchError BadExperiment where the file cannot be run as the experiment says
 */
export async function readExternalNetwork(
  experiment: Experiment,
  choice: ExternalChoice,
  particles: readonly Particle[],
): Promise<ExternalNetwork> {
  const weights = new Map(particles.map(({ name, weight }) => [name, weight]));
  const channels = pickedChannels(experiment, choice, weights);
  const { readModel } = await import("../../engines/onnx/external/model.js");
  const { probeExternal } = await import("../../engines/onnx/external/probe.js");
  const { onnx: file, input, output, layout, slices, multiple, normalisation, activation } = choice;
  const { model, parameters } = await readModel(file);
  const sha256 = hashOf(model);
  if (choice.sha256 !== undefined && choice.sha256 !== sha256)
    throw new PickbenchError(
      "BadExperiment",
      `${file}: its SHA-256 begins with ${sha256.slice(0, 12)}, network.sha256 with ${choice.sha256.slice(0, 12)}; put back the file that the experiment means, or correct the hash`,
      { path: file },
    );
  const outputs = channels.length;
  const request = {
    file,
    sha256,
    input,
    output,
    outputs,
    layout,
    slices,
    multiple,
    normalisation,
    parameters,
  };
  const external = await probeExternal(model, request);
  return { external: { ...external, file: basename(file) }, model, activation, channels };
}
