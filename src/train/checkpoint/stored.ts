/** The networks of a checkpoint as they are stored: names, outputs and arrays, without the code that declares them. */
import type { TensorFile } from "../../formats/safetensors.js";
import { type Checkpoint, checkFinite, readExternal, readParts } from "./checkpoint.js";

/** A network as a checkpoint holds it, without the code that may declare it. */
export interface StoredNetwork {
  readonly name: string;
  /** Architecture, or file of a model from elsewhere. */
  readonly architecture: string;
  readonly channels: readonly (string | null)[];
  /** Number of last channels that are offsets. */
  readonly offsets: number;
  /** Weights by the parameters' names. */
  readonly tensors: TensorFile["tensors"];
  /** ONNX file of a network that was trained elsewhere; null for one trained here. */
  readonly model: Uint8Array | null;
}

/** Reads a checkpoint's networks as they are stored, and so runs no code. @throws as `readCheckpoint` */
export async function readStored(
  path: string,
): Promise<{ readonly settings: Omit<Checkpoint, "networks">; readonly networks: readonly StoredNetwork[] }> {
  const { file, settings, networks } = await readParts(path);
  const stored = networks.map(async (network): Promise<StoredNetwork> => {
    const { name, channels } = network;
    if ("external" in network) {
      const { model, external } = await readExternal(path, file, network);
      return { name, architecture: external.file, channels, offsets: 0, tensors: new Map(), model };
    }
    const own = [...file.tensors].filter(([key]) => key.startsWith(`${name}/`));
    const tensors = new Map(own.map(([key, tensor]) => [key.slice(name.length + 1), tensor]));
    for (const [key, { data }] of tensors) checkFinite(path, `${name}/${key}`, data);
    const offsets = network.radii ? channels.length - network.radii.length : 0;
    return { name, architecture: network.architecture, channels, offsets, tensors, model: null };
  });
  return { settings, networks: await Promise.all(stored) };
}
