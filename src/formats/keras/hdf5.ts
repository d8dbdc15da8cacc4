/**
 * Whole Keras models in HDF5 (Keras 2, `model.save("….h5")`): the configuration as JSON and each layer's arrays. HDF5 is
 * read and written by h5wasm in memory alone, so that no link inside a file can lead to another file.
 */
import type { Dataset, Entity, File, Group } from "h5wasm";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { checkLimit } from "../../system/limits.js";
import { parseJson } from "../json.js";

/** An array of a layer: Keras's name for it, such as `conv2d/kernel:0`, its sizes and numbers. */
export interface KerasArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A model as its file holds it. */
export interface KerasFile {
  /** `model_config` as parsed JSON; what it says is not yet checked. */
  readonly config: unknown;
  /** Arrays of each layer, in Keras's order. */
  readonly weights: ReadonlyMap<string, readonly KerasArray[]>;
  readonly kerasVersion: string;
}

/** Loads h5wasm, which takes half a second. Its errors are thrown, not printed. */
async function loadHdf5() {
  const { default: h5wasm } = await import("h5wasm");
  const module = await h5wasm.ready;
  module.activate_throwing_error_handler();
  if (!module.FS) throw new Error("h5wasm has no file system");
  return { h5wasm, files: module.FS };
}

/** Name of the one file in h5wasm's own memory. */
const place = "/model.h5";

/**
 * Reads a Keras model.
 *
 * @param path names it in errors
 * @throws PickbenchError BadDataset where it is no HDF5 file, is cut short, or is no whole Keras model
 */
export async function readKeras(bytes: Uint8Array, path: string): Promise<KerasFile> {
  const bad = (fault: string, cause?: unknown) =>
    new PickbenchError("BadDataset", `${path}: ${fault}; save the model again in Ais`, { path, cause });
  const { h5wasm, files } = await loadHdf5();
  let file: File | undefined;
  try {
    files.writeFile(place, bytes);
    file = new h5wasm.File(place, "r");
    return contentOf(file, path, bad);
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw bad(`its weights are not a whole HDF5 file (${oneLine(error)})`, error);
  } finally {
    closeQuietly(file);
    files.unlink(place);
  }
}

/** Closes a file; one that was never opened throws, and says nothing new by it. */
function closeQuietly(file: File | undefined): void {
  try {
    file?.close();
  } catch {
    return;
  }
}

const oneLine = (error: unknown): string => messageOf(error).replace(/\s+/g, " ").trim().slice(0, 200);

type Bad = (fault: string, cause?: unknown) => PickbenchError;

function contentOf(file: File, path: string, bad: Bad): KerasFile {
  const config = file.attrs.model_config?.value;
  if (typeof config !== "string")
    throw bad("its weights file holds no model_config, so that the layers are unknown");
  const root = file.get("model_weights");
  if (!isGroup(root)) throw bad("its weights file holds no model_weights");
  const weights = new Map<string, readonly KerasArray[]>();
  let bytes = 0;
  for (const layer of namesIn(root, "layer_names", bad)) {
    const group = root.get(layer);
    if (!isGroup(group)) throw bad(`its weights file lists a layer ${JSON.stringify(layer)} and lacks it`);
    const names = namesIn(group, "weight_names", bad);
    const arrays = names.map((name) => {
      const found = group.get(name);
      if (!isDataset(found))
        throw bad(`its weights file lists ${JSON.stringify(`${layer}/${name}`)} and lacks it`);
      const shape = found.shape ?? [];
      bytes += 4 * shape.reduce((a, b) => a * b, 1);
      checkLimit("checkpointBytes", bytes, { what: `${path}: its weights file`, path });
      return { name, shape, data: floatsOf(found, `${layer}/${name}`, bad) };
    });
    weights.set(layer, arrays);
  }
  const version = file.attrs.keras_version?.value;
  return {
    config: parseJson(config, { path, what: "its model_config is" }),
    weights,
    kerasVersion: typeof version === "string" ? version : "unknown",
  };
}

const isGroup = (entity: Entity | null): entity is Group => kindOf(entity) === "Group";
const isDataset = (entity: Entity | null): entity is Dataset => kindOf(entity) === "Dataset";
const kindOf = (entity: Entity | null): string | undefined =>
  entity !== null && "type" in entity ? entity.type : undefined;

/** List of names in an attribute; Keras cuts a long one into NAME0, NAME1, …, and an empty one holds no texts. */
function namesIn(group: Group, attribute: string, bad: Bad): string[] {
  const { attrs } = group;
  const parts =
    attrs[attribute] === undefined
      ? Object.keys(attrs).filter((key) => new RegExp(`^${attribute}\\d+$`).test(key))
      : [attribute];
  if (parts.length === 0) throw bad(`its weights file lacks ${attribute} of ${group.path}`);
  parts.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  return parts.flatMap((part) => {
    if (attrs[part]!.shape?.includes(0)) return [];
    const value = [attrs[part]!.value].flat();
    if (!value.every((each) => typeof each === "string"))
      throw bad(`its weights file has no names in ${attribute} of ${group.path}`);
    return value;
  });
}

function floatsOf(dataset: Dataset, name: string, bad: Bad): Float32Array {
  const { value } = dataset;
  if (value instanceof Float32Array) return value.slice();
  if (value instanceof Float64Array) return Float32Array.from(value);
  throw bad(`its array ${JSON.stringify(name)} holds no float32 numbers`);
}

/** Encodes a model as Keras 2 saves it, without an optimiser. */
export async function encodeKeras({ config, weights, kerasVersion }: KerasFile): Promise<Uint8Array> {
  const { h5wasm, files } = await loadHdf5();
  const file = new h5wasm.File(place, "w");
  try {
    file.create_attribute("keras_version", kerasVersion);
    file.create_attribute("backend", "tensorflow");
    file.create_attribute("model_config", JSON.stringify(config));
    const root = file.create_group("model_weights");
    root.create_attribute("keras_version", kerasVersion);
    root.create_attribute("backend", "tensorflow");
    writeNames(root, "layer_names", [...weights.keys()]);
    for (const [layer, arrays] of weights) writeLayer(root.create_group(layer), arrays);
    file.close();
    return files.readFile(place).slice();
  } catch (error) {
    closeQuietly(file);
    throw error;
  } finally {
    files.unlink(place);
  }
}

function writeLayer(group: Group, arrays: readonly KerasArray[]): void {
  const names = arrays.map(({ name }) => name);
  writeNames(group, "weight_names", names);
  for (const { name, shape, data } of arrays) {
    const steps = name.split("/");
    const last = steps.pop()!;
    let inner = group;
    for (const step of steps) {
      const there = inner.keys().includes(step) ? inner.get(step) : null;
      inner = isGroup(there) ? there : inner.create_group(step);
    }
    inner.create_dataset({ name: last, data, shape: [...shape], dtype: "<f4" });
  }
}

/** Keras writes an empty list as an array of no float64. */
function writeNames(group: Group, attribute: string, names: readonly string[]): void {
  if (names.length === 0) group.create_attribute(attribute, new Float64Array(0), [0]);
  else group.create_attribute(attribute, [...names]);
}
