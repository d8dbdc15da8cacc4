/** Memory of a graph's tensors while it runs, by how long each is needed: what a device must hold at least. */
import { sizeOf } from "./emitter.js";
import type { GraphParts, Node } from "./model.js";

/** Operations whose output is their first input in another form: no provider copies it. */
const renaming = new Set(["Reshape", "Identity"]);
/** Operations that write their output over an input of the same sizes that nobody else needs. */
const inPlace = new Set([
  ...["Add", "Sub", "Mul", "Div", "Min", "Max", "Sqrt", "Abs", "Neg", "Exp", "Log", "Erf", "Tanh"],
  ...[
    "Relu",
    "LeakyRelu",
    "PRelu",
    "Sigmoid",
    "Softplus",
    "Softmax",
    "LogSoftmax",
    "Clip",
    "Pow",
    "Reciprocal",
  ],
]);
/** Operations whose outputs are truth values, of one byte. */
const truths = new Set(["Greater", "GreaterOrEqual", "Less", "Equal", "Not", "And", "Or"]);

const bytesPerNumber = 4;

/**
 * Returns the most bytes that a graph's inputs, constants, outputs and living intermediate tensors take together, nodes in
 * the order written. What a provider adds, as for its convolutions' workspaces or in an arena's gaps, is not in it.
 *
 * @throws TypeError for a graph whose sizes are not known
 */
export function liveBytes({ nodes, initializers, inputs, outputs, dims }: GraphParts): number {
  if (dims === undefined) throw new TypeError("the graph's sizes are not known");
  const uses = new Map<string, number>();
  for (const { input } of nodes) for (const name of input) uses.set(name, (uses.get(name) ?? 0) + 1);
  const kept = new Set([...inputs, ...outputs, ...initializers].map(({ name }) => name));
  const stores = new Map<string, Store>();
  let live = 0;
  const open = (name: string, bytes: number, isKept: boolean): void => {
    stores.set(name, { bytes, names: uses.get(name) ?? 0, isKept });
    live += bytes;
  };
  for (const { name, rawData } of initializers) open(name, rawData.byteLength, true);
  for (const { name, dims: sizes } of inputs) open(name, sizeOf(sizes as number[]) * bytesPerNumber, true);
  let most = live;
  for (const node of nodes) {
    const reused = reusedBy(node, stores, dims);
    for (const name of node.output) {
      if (reused !== undefined) {
        reused.names += uses.get(name) ?? 0;
        reused.isKept ||= kept.has(name);
        stores.set(name, reused);
        continue;
      }
      const count = sizeOf(dims.get(name)!);
      open(name, truths.has(node.opType) ? count : count * bytesPerNumber, kept.has(name));
    }
    most = Math.max(most, live);
    for (const name of [...node.input, ...node.output])
      live -= freed(stores.get(name), node.input.includes(name));
  }
  return most;
}

/** A block of memory, and how often the names that it has are yet to be read. */
interface Store {
  bytes: number;
  names: number;
  isKept: boolean;
}

/** The block of an input that a node's output takes over; undefined where it takes one of its own. */
function reusedBy(
  node: Node,
  stores: ReadonlyMap<string, Store>,
  dims: ReadonlyMap<string, readonly number[]>,
) {
  const [output] = node.output;
  const storeOf = (name: string): Store | undefined => stores.get(name);
  if (renaming.has(node.opType)) return storeOf(node.input[0]!);
  if (!inPlace.has(node.opType)) return undefined;
  const size = dims.get(output!)!.join();
  const own = node.input.find((name) => {
    const store = storeOf(name);
    const reads = node.input.filter((other) => other !== "" && storeOf(other) === store).length;
    return store !== undefined && !store.isKept && store.names === reads && dims.get(name)?.join() === size;
  });
  return own === undefined ? undefined : storeOf(own);
}

/** Counts a reading of a block; returns its bytes where nobody will read it again. */
function freed(store: Store | undefined, isRead: boolean): number {
  if (store === undefined || store.bytes === 0) return 0;
  if (isRead) store.names--;
  if (store.names > 0 || store.isKept) return 0;
  const { bytes } = store;
  store.bytes = 0;
  return bytes;
}
