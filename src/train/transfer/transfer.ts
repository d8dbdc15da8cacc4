/** Takes the weights of a trained network into the flat weights of a new one, by name, shape and what outputs predict. */
import { type StartingWeights, trainingLayout } from "../../engines/trainable.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import { elementCount, type Parameter } from "../../nets/value.js";
import type { ExperimentNetwork } from "../fit/networks.js";
import { axesOf, type ParameterAxes } from "./axes.js";
import { backgroundLabel, offsetLabels, type SourceNetwork, type SourceTensor } from "./source.js";

/** Weights that a network begins with, flat in the order of the training's layout. */
export type TakenWeights = Omit<StartingWeights, "hasOwnRate">;

/** What became of a network's weights. */
export interface NetworkTransfer {
  readonly name: string;
  /** Network that its weights are of; null where it has none to take from. */
  readonly from: string | null;
  /** Count of weights that were taken, of all that the network keeps. */
  readonly taken: number;
  readonly of: number;
  /** Whether any weight besides the head's was taken. */
  readonly hasBody: boolean;
  /** What the outputs predict that kept their weights, and that were made anew. */
  readonly channels: { readonly taken: readonly string[]; readonly anew: readonly string[] };
  /** Parameters of which nothing was taken. */
  readonly anew: readonly string[];
  /** Arrays of the trained network that nothing was taken of. */
  readonly leftOver: readonly string[];
}

/** Names what each output of a network predicts. */
export function outputLabels({ background, types, features, network }: ExperimentNetwork): string[] {
  const names = [...types.map(({ name }) => name), ...features];
  const classes = [...(background ? [backgroundLabel] : []), ...names];
  return [...classes, ...offsetLabels.slice(0, Math.max(0, network.outputs - classes.length))];
}

/**
 * Takes what fits of a trained network: arrays of the same name and shape whole; along an axis of outputs, each output's
 * part from the output that predicts the same; along an axis of slices, the slices around the middle one.
 */
export async function transferNetwork(
  source: SourceNetwork,
  network: ExperimentNetwork,
): Promise<{ readonly weights: TakenWeights; readonly report: NetworkTransfer }> {
  const loaded = await loadNetwork(network.network);
  const layout = trainingLayout(loaded);
  const axes = await axesOf(network.network);
  const labels = outputLabels(network);
  const given = renamed(source, loaded.parameters);
  const values = new Float32Array(layout.total);
  const taken = new Uint8Array(layout.total);
  const used = new Set<string>();
  const anew: string[] = [];
  let hasBody = false;
  let start = 0;
  for (const parameter of layout.order) {
    const end = start + elementCount(parameter);
    const found = given.get(parameter.name);
    const places = axes.get(parameter.name);
    const part = { values: values.subarray(start, end), taken: taken.subarray(start, end) };
    if (found && places && take(parameter, places, found, labels, source.labels, part)) {
      used.add(parameter.name);
      hasBody ||= !places.isHead;
    } else if (places) anew.push(parameter.name);
    start = end;
  }
  const heads = [...axes.values()].filter(({ isHead }) => isHead);
  const isHeadTaken = [...used].some((name) => axes.get(name)!.isHead);
  const kept = (label: string) => isHeadTaken && (source.labels?.includes(label) ?? false);
  const report = {
    name: network.name,
    from: source.name,
    taken: taken.reduce((sum, each) => sum + each, 0),
    of: loaded.parameterCount,
    hasBody: hasBody || (heads.length === axes.size && used.size > 0),
    channels: { taken: labels.filter(kept), anew: labels.filter((label) => !kept(label)) },
    anew,
    leftOver: [...given.keys()].filter((name) => !used.has(name)),
  };
  return { weights: { values, taken }, report };
}

/** Report of a network that has nothing to take from. */
export async function untouched(network: ExperimentNetwork): Promise<NetworkTransfer> {
  const { parameters, parameterCount } = await loadNetwork(network.network);
  return {
    ...{ name: network.name, from: null, taken: 0, of: parameterCount, hasBody: false, leftOver: [] },
    channels: { taken: [], anew: outputLabels(network) },
    anew: parameters.map(({ name }) => name),
  };
}

/** Takes an array as far as it fits; false where nothing does. */
function take(
  { shape }: Parameter,
  { outputs, slices, isHead }: ParameterAxes,
  given: SourceTensor,
  labels: readonly string[],
  sourceLabels: SourceNetwork["labels"],
  into: TakenWeights,
): boolean {
  const isSame = given.shape.join() === shape.join();
  const hasSameOutputs = sourceLabels !== null && sourceLabels.join("\n") === labels.join("\n");
  if (isSame && (!isHead || hasSameOutputs)) {
    into.values.set(given.data);
    into.taken.fill(1);
    return true;
  }
  if (given.shape.length !== shape.length || (isHead && outputs.length === 0)) return false;
  const maps = shape.map((size, axis): readonly number[] | null => {
    const got = given.shape[axis]!;
    if (outputs.includes(axis)) {
      if (sourceLabels?.length !== got) return null;
      return labels.map((label) => sourceLabels.indexOf(label));
    }
    if (slices.includes(axis)) return got % 2 === 1 ? centred(size, got) : null;
    return size === got ? centred(size, size) : null;
  });
  return maps.every((map) => map !== null) && copy(maps, given, into);
}

/** For each of `size` slices, the place of the same slice among `got`, counted from the middle; -1 where there is none. */
const centred = (size: number, got: number): number[] =>
  Array.from({ length: size }, (_, at) => {
    const place = at + (got - size) / 2;
    return place < got ? Math.max(-1, place) : -1;
  });

/** Copies the elements whose places along all axes the source has; returns whether there was any. */
function copy(maps: readonly (readonly number[])[], given: SourceTensor, into: TakenWeights): boolean {
  let [at, copied] = [0, false];
  const along = (axis: number, from: number): void => {
    const map = maps[axis];
    if (map === undefined) {
      if (from >= 0) {
        into.values[at] = given.data[from]!;
        into.taken[at] = 1;
        copied = true;
      }
      at++;
      return;
    }
    for (const place of map) along(axis + 1, from < 0 || place < 0 ? -1 : from * given.shape[axis]! + place);
  };
  along(0, 0);
  return copied;
}

/**
 * Returns a source's arrays by the names that the new network may know them by: of a model from elsewhere without the
 * prefix that makes most of them fit, and without ones at the end of their shapes where the parameter has none.
 */
function renamed(
  { tensors, isForeign }: SourceNetwork,
  parameters: readonly Parameter[],
): ReadonlyMap<string, SourceTensor> {
  if (!isForeign) return tensors;
  const wanted = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const prefixes = new Set([""]);
  for (const name of tensors.keys())
    for (let end = name.indexOf("."); end >= 0; end = name.indexOf(".", end + 1))
      prefixes.add(name.slice(0, end + 1));
  const fitting = (prefix: string): number =>
    [...wanted.keys()].filter((name) => tensors.has(`${prefix}${name}`)).length;
  const [best] = [...prefixes]
    .map((prefix) => ({ prefix, count: fitting(prefix) }))
    .sort((a, b) => b.count - a.count || a.prefix.length - b.prefix.length);
  return new Map(
    [...tensors].map(([name, tensor]) => {
      const own = name.startsWith(best!.prefix) ? name.slice(best!.prefix.length) : name;
      const parameter = wanted.get(own);
      return [parameter ? own : name, parameter ? squeezed(tensor, parameter.shape.length) : tensor];
    }),
  );
}

/** Removes ones at the end of a shape until it has so many axes. */
function squeezed({ shape, data }: SourceTensor, axes: number): SourceTensor {
  const tail = shape.slice(axes);
  return tail.length > 0 && tail.every((size) => size === 1)
    ? { shape: shape.slice(0, axes), data }
    : { shape, data };
}
