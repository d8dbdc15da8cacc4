/** Probe of a network trained elsewhere: completes what the experiment says of the model and tries the model once. */
import type { InferenceSession } from "onnxruntime-node";
import type { Shape3 } from "../../../domain/volume.js";
import type { ExternalSpec } from "../../externalSpec.js";
import { openExternal, openModel } from "./external.js";
import { bad } from "./model.js";

/** What an experiment says of a model; whatever is left out is read from the model. */
export interface ExternalRequest extends Pick<ExternalSpec, "file" | "sha256" | "layout" | "outputs"> {
  readonly input?: string | undefined;
  readonly output?: string | undefined;
  readonly slices: number;
  readonly multiple?: Shape3 | undefined;
  readonly normalisation: ExternalSpec["normalisation"];
  readonly parameters: number;
}

/** Voxels a side of the trial tile, rounded up to what the model takes. */
const trialSize = 16;

/**
 * Completes a model's specification and runs the model once, on the CPU and on zeros.
 *
 * @throws PickbenchError BadExperiment where the model lacks a named input or output, one has another rank, type or number
 * of channels than wanted, or the model does not run
 */
export async function probeExternal(model: Uint8Array, request: ExternalRequest): Promise<ExternalSpec> {
  const { file } = request;
  const options = { engine: "onnx-cpu", threads: 1 } as const;
  const session = await openModel(model, file, options);
  let spec: ExternalSpec;
  try {
    spec = specOf(session, request);
  } finally {
    await session.release();
  }
  const trial = spec.fixed.map(
    (fixed, axis) => fixed ?? Math.ceil(trialSize / spec.multiple[axis]!) * spec.multiple[axis]!,
  ) as [number, number, number];
  if (spec.slices !== null) trial[0] = 1;
  const network = await openExternal(model, spec, "none", options);
  try {
    await network.run(new Float32Array(trial[0] * trial[1] * trial[2]), trial);
  } finally {
    await network.close();
  }
  return spec;
}

function specOf(session: InferenceSession, request: ExternalRequest): ExternalSpec {
  const { file, layout, slices, sha256, outputs, normalisation, parameters } = request;
  const input = chosen(file, "input", session.inputMetadata, request.input);
  const [other] = session.inputNames.filter((name) => name !== input.name);
  if (other !== undefined)
    throw bad(
      file,
      `it wants ${other} beside its input ${input.name}; export it with the image as its only input`,
    );
  const output = chosen(file, "output", session.outputMetadata, request.output);
  const planar = input.dims.length === 4;
  checkRank(request, input);
  const first = layout === "channelsFirst";
  const channels = first ? input.dims[1]! : input.dims.at(-1)!;
  checkChannels(request, input, channels);
  const sizes = first ? input.dims.slice(2) : input.dims.slice(1, -1);
  const fixed = [...(planar ? ["z"] : []), ...sizes].map((size) => (typeof size === "number" ? size : null));
  const multiple = fixed.map((size, axis) => size ?? request.multiple?.[axis] ?? 1);
  return {
    file,
    sha256,
    input: input.name,
    output: output.name,
    outputs,
    layout,
    slices: planar ? slices : null,
    multiple: multiple as [number, number, number],
    fixed: fixed as [number | null, number | null, number | null],
    normalisation,
    parameters,
  };
}

/** An input or output of a model with its sizes; an open size has a name instead of a number. */
interface Port {
  readonly name: string;
  readonly dims: readonly (number | string)[];
}

/** Returns the named port, or the only one where none is named. */
function chosen(
  file: string,
  role: "input" | "output",
  ports: readonly InferenceSession.ValueMetadata[],
  asked: string | undefined,
): Port {
  const names = ports.map(({ name }) => name).join(", ");
  const port = asked === undefined ? ports[0] : ports.find(({ name }) => name === asked);
  if (!port)
    throw bad(
      file,
      `it has no ${role} ${JSON.stringify(asked ?? "")}; it has ${names}: name one in network.${role}`,
    );
  if (asked === undefined && ports.length > 1)
    throw bad(file, `it has the ${role}s ${names}; name one in network.${role}`);
  if (!port.isTensor || port.type !== "float32")
    throw bad(
      file,
      `its ${role} ${port.name} is ${port.isTensor ? `of ${port.type}` : "no tensor"}, wanted float32; export the network with float32 ${role}s`,
    );
  return { name: port.name, dims: port.shape };
}

function checkRank({ file, layout, slices }: ExternalRequest, { name, dims }: Port): void {
  const axes = (sizes: string) =>
    layout === "channelsLast" ? `batch, ${sizes}, channel` : `batch, channel, ${sizes}`;
  if (dims.length !== 4 && dims.length !== 5)
    throw bad(
      file,
      `its input ${name} has rank ${dims.length} (${dims.join(", ")}), wanted 5, (${axes("z, y, x")}), or 4, (${axes("y, x")})`,
    );
  if (dims.length === 5 && slices > 1)
    throw bad(
      file,
      `network.slices: ${slices} neighbouring slices are for models of planes; its input has rank 5`,
    );
  if (typeof dims[0] === "number" && dims[0] !== 1)
    throw bad(file, `its input ${name} takes a batch of ${dims[0]}, wanted 1 or an open one`);
}

function checkChannels(
  { file, slices }: ExternalRequest,
  { name, dims }: Port,
  channels: number | string,
): void {
  if (typeof channels === "string" || channels === slices) return;
  const remedy =
    dims.length === 4 && channels % 2 === 1
      ? `give network.slices: ${channels} to feed neighbouring slices, or network.layout where the channels come last`
      : "export it for tomograms, which have one, or give network.layout where the channels come last";
  throw bad(
    file,
    `its input ${name} takes ${channels} channels (${dims.join(", ")}), wanted ${slices}; ${remedy}`,
  );
}
