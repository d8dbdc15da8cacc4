/**
 * Networks that are normalised by the statistics of a whole tomogram, in place of those of each tile: the statistics are
 * measured by a network of their own, and then are constants.
 */
import type { Network } from "./architecture.js";
import { withoutIdleBiases } from "./idleBiases.js";
import { rewritten } from "./rewriting.js";
import { inOrder, type OperationOf, type Parameter, type Value } from "./value.js";

type Weights = ReadonlyMap<string, Float32Array>;
type TileNorm = Value & { readonly operation: OperationOf<"instanceNorm" | "groupNorm"> };

const isTileNorm = (value: Value): value is TileNorm =>
  value.operation.kind === "instanceNorm" || value.operation.kind === "groupNorm";

/** Lists the normalisations by a tile's own statistics; squeeze-excite and layer normalisation are none. */
const tileNorms = (logits: Value): TileNorm[] => inOrder(logits).filter(isTileNorm);

/**
 * Returns the network that measures: one number an output, for each normalisation the means of its input's channels, and
 * then the means of their squares. Null where the network normalises nothing by a tile's statistics.
 */
export function measuringNetwork(given: Network): Network | null {
  const { graph } = given;
  const logits = withoutIdleBiases(given.logits);
  const norms = tileNorms(logits);
  if (norms.length === 0) return null;
  const means = norms.flatMap(({ inputs: [x] }) => [
    graph.globalAverage(x!),
    graph.globalAverage(graph.multiply(x!, x!)),
  ]);
  const measures = graph.concat(...means);
  return { ...given, logits: measures, outputs: measures.channels };
}

/**
 * Returns a network whose normalisations by a tile's statistics are batch normalisations by constants, and its weights.
 *
 * @param measures what the measuring network gave, averaged over tiles
 */
export function withConstantNorms(
  network: Network,
  weights: Weights,
  measures: Float64Array,
): { readonly network: Network; readonly weights: Weights } {
  const known = new Map(weights);
  let at = 0;
  const logits = rewritten(withoutIdleBiases(network.logits), (value) => {
    if (!isTileNorm(value)) return value;
    const { channels, operation } = value;
    const mean = pooled(operation, measures.subarray(at, at + channels));
    const square = pooled(operation, measures.subarray(at + channels, at + 2 * channels));
    const norm = batchNorm(operation, channels, at);
    at += 2 * channels;
    known.set(norm.mean.name, Float32Array.from(mean));
    known.set(
      norm.variance.name,
      Float32Array.from(square, (each, c) => Math.max(0, each - mean[c]! ** 2)),
    );
    return { ...value, operation: norm };
  });
  return { network: { ...network, logits }, weights: known };
}

/** Averages numbers of channels over those that are normalised together. */
function pooled(operation: TileNorm["operation"], numbers: Float64Array): Float64Array {
  if (operation.kind === "instanceNorm") return numbers;
  const size = numbers.length / operation.groups;
  return numbers.map((_, c) => {
    const first = c - (c % size);
    return numbers.subarray(first, first + size).reduce((sum, each) => sum + each, 0) / size;
  });
}

function batchNorm(
  { scale, shift, epsilon }: TileNorm["operation"],
  channels: number,
  place: number,
): OperationOf<"batchNorm"> {
  const statistic = (name: string): Parameter => ({
    ...{ name: `tomogram:${place}:${name}`, shape: [channels] },
    ...{ initial: { constant: 0 }, decay: false, trained: false },
  });
  const [mean, variance] = [statistic("mean"), statistic("variance")];
  return { kind: "batchNorm", scale, shift, epsilon, mean, variance, momentum: 0 };
}
