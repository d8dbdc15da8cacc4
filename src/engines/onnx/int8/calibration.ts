/** Calibration for 8-bit inference: statistics of a network's values, measured in floats on tiles of the tomogram. */
import type { Shape3 } from "../../../domain/volume.js";
import type { Network } from "../../../nets/architecture.js";
import { inOrder, type Parameter, type Value } from "../../../nets/value.js";
import { PickbenchError } from "../../../system/errors.js";
import type { MeasureOptions } from "../../engine.js";
import { lowerBlocked } from "../blocked/lower.js";
import type { Block } from "../convolution/imageConvolution.js";
import { fromChannelMajor, mapDims } from "../convolution/zMajor.js";
import { Emitter, int, ints, type Tensor } from "../graph/emitter.js";
import type { GraphParts } from "../graph/model.js";
import { lowerForward } from "../lower.js";
import { machineBlock, openSession } from "../session.js";

/** Statistics of one value of the network, one number a channel, over all voxels of the measured tiles. */
export interface ChannelStatistics {
  readonly low: Float32Array;
  readonly high: Float32Array;
  readonly mean: Float64Array;
  readonly meanSquare: Float64Array;
}

type Measure = keyof ChannelStatistics;

/** Writes the network in floats with the statistics it is quantised by: outputs `<value's place>:<measure>`. */
function measuringGraph(
  network: Network,
  weights: ReadonlyMap<string, Float32Array>,
  patch: Shape3,
  block: Block,
): GraphParts {
  const e = new Emitter();
  const map = fromChannelMajor(e, e.input("image", [1, network.input.channels, ...patch]));
  const values = measuredValues(network);
  const inputs = new Map([["image", map]]);
  const written =
    block === null ? lowerPlain(e, values, inputs, weights) : lowerBlocked(e, block, values, inputs, weights);
  written.forEach((tensor, at) => {
    for (const [measure, result] of Object.entries(measured(e, tensor))) e.output(`${at}:${measure}`, result);
  });
  return e.parts();
}

function lowerPlain(
  e: Emitter,
  values: readonly Value[],
  inputs: ReadonlyMap<string, Tensor>,
  weights: ReadonlyMap<string, Float32Array>,
): Tensor[] {
  const parameter = ({ name, shape }: Parameter): Tensor =>
    e.floats(weights.get(name)!, shape, `weights:${name}`);
  const forward = lowerForward(values, inputs, { e, block: null, parameter, training: null });
  return values.map((value) => forward.get(value)!.output);
}

/** Writes the statistics over all voxels, reducing along y and x first, the order ONNX Runtime is fast at. */
function measured(e: Emitter, tensor: Tensor): Record<Measure, Tensor> {
  const { z, channels, y, x } = mapDims(tensor);
  const flat = e.reshape(tensor, [z, channels, y * x]);
  const reduce = (opType: string, from: Tensor): Tensor => {
    const planes = e.op(opType, [from], [z, channels, 1], [ints("axes", [2]), int("keepdims", 1)]);
    const whole = e.op(opType, [planes], [1, channels, 1], [ints("axes", [0]), int("keepdims", 1)]);
    return e.reshape(whole, [channels]);
  };
  return {
    low: reduce("ReduceMin", flat),
    high: reduce("ReduceMax", flat),
    mean: reduce("ReduceMean", flat),
    meanSquare: reduce("ReduceMean", e.multiply(flat, flat)),
  };
}

/** Lists the values that must be measured: those whose levels do not follow from other values' statistics. */
function measuredValues({ logits }: Network): Value[] {
  const isMeasured = ({ operation }: Value): boolean =>
    ["input", "convolution", "transposedConvolution", "add", "averagePool"].includes(operation.kind);
  return inOrder(logits).filter(isMeasured);
}

const notFinite = ({ operation }: Value): PickbenchError =>
  new PickbenchError(
    "NotFinite",
    `precision int8: the network's ${operation.kind} gives NaN or infinity on this tomogram; wanted numbers: check the tomogram for NaN and the checkpoint's training log`,
  );

/** What a calibration has gathered, in a form that crosses threads: sums of each measured value, in the network's order. */
export interface Gathered {
  readonly tiles: number;
  readonly sums: readonly ChannelStatistics[];
}

/** Statistics of a network's values, gathered tile by tile. */
export class Calibration {
  readonly #values: readonly Value[];
  readonly #sums: Map<Value, ChannelStatistics>;
  #tiles: number;

  constructor(network: Network, { tiles, sums }: Gathered = { tiles: 0, sums: [] }) {
    this.#values = measuredValues(network);
    this.#sums = new Map(sums.map((each, at) => [this.#values[at]!, each]));
    this.#tiles = tiles;
  }

  gathered(): Gathered {
    return { tiles: this.#tiles, sums: this.#values.map((value) => this.#sums.get(value)!) };
  }

  /**
   * Adds one tile's outputs of the measuring graph.
   *
   * @throws PickbenchError NotFinite where a value is NaN or infinite
   */
  add(outputs: Readonly<Record<string, { readonly data: Float32Array }>>): void {
    this.#tiles++;
    this.#values.forEach((value, at) => {
      const of = (measure: string): Float32Array => outputs[`${at}:${measure}`]!.data;
      const known = this.#sums.get(value);
      if (!of("meanSquare").every(Number.isFinite)) throw notFinite(value);
      const low = of("low").map((each, c) => Math.min(each, known?.low[c] ?? each));
      const high = of("high").map((each, c) => Math.max(each, known?.high[c] ?? each));
      const mean = Float64Array.from(of("mean"), (each, c) => each + (known?.mean[c] ?? 0));
      const meanSquare = Float64Array.from(of("meanSquare"), (each, c) => each + (known?.meanSquare[c] ?? 0));
      this.#sums.set(value, { low, high, mean, meanSquare });
    });
  }

  of(value: Value): ChannelStatistics {
    const { low, high, mean, meanSquare } = this.#sums.get(value)!;
    const tiles = this.#tiles;
    return {
      low,
      high,
      mean: mean.map((sum) => sum / tiles),
      meanSquare: meanSquare.map((sum) => sum / tiles),
    };
  }
}

/**
 * Measures a network's values on tiles of one shape, in floats.
 *
 * @throws PickbenchError NotFinite where a value is NaN or infinite
 */
export async function calibrate({
  network,
  weights,
  patch,
  tiles,
  threads,
}: MeasureOptions): Promise<Calibration> {
  const graph = measuringGraph(network, weights, patch, await machineBlock());
  const session = await openSession(graph, { threads, memoryPattern: false });
  const calibration = new Calibration(network);
  try {
    for (const tile of tiles)
      calibration.add(await session.run({ image: { data: tile, dims: [1, 1, ...patch] } }));
  } finally {
    await session.release();
  }
  return calibration;
}
