/** Architectures and the networks built of them: the room declares networks as graphs, which engines lower and run. */
import type { Shape3 } from "../domain/volume.js";
import { GraphBuilder } from "./graph.js";
import { elementCount, inOrder, type Parameter, spatial, type Value } from "./value.js";

/** An architecture: how its graph is built, and where it comes from. The library has one file for each. */
export interface Architecture {
  readonly name: string;
  readonly description: string;
  readonly source: string;
  /** Builds the logits, `outputs` channels at the input's own resolution, alone or with auxiliary logits. */
  readonly build: (graph: GraphBuilder, input: Value, outputs: number) => Value | Supervised;
  /** Builds the logits at half the resolution, for architectures where that is less work than halving `build`'s. */
  readonly buildHalf?: (graph: GraphBuilder, input: Value, outputs: number) => Value;
  /**
   * Builds the critic of adversarial training (Goodfellow et al. 2014): a score of how real a map of `outputs` channels,
   * each from 0 to 1, looks beside its image. The names of its parameters begin with `critic.`; they are trained but not
   * kept.
   */
  readonly critic?: (graph: GraphBuilder, image: Value, map: Value) => Value;
}

/** Logits with coarser auxiliary logits that are trained too, each by a weighted loss (deep supervision). */
interface Supervised {
  readonly logits: Value;
  readonly auxiliary: readonly Auxiliary[];
}

interface Auxiliary {
  readonly logits: Value;
  readonly weight: number;
}

/** Options by which an architecture becomes a network. */
interface NetworkOptions {
  readonly outputs: number;
  /** Odd count of neighbouring slices that the network sees as channels; 1 is the volume itself. */
  readonly slices?: number | undefined;
  /** Voxels per output voxel along each axis. */
  readonly stride?: 1 | 2 | undefined;
}

/** The critic's scores of the network's own map and of the target, the input `target`. */
interface Critic {
  readonly target: Value;
  readonly ofOwn: Value;
  readonly ofTarget: Value;
  readonly parameters: readonly Parameter[];
}

/** An architecture with its number of outputs fixed: graph, parameters and patch sizes. */
export interface Network {
  readonly architecture: string;
  readonly outputs: number;
  readonly graph: GraphBuilder;
  readonly input: Value;
  readonly logits: Value;
  readonly auxiliary: readonly Auxiliary[];
  readonly critic: Critic | null;
  readonly parameters: readonly Parameter[];
  /** Count of numbers that the network keeps, with running statistics, as Keras counts all parameters. */
  readonly parameterCount: number;
  /** Divisors of the patch sizes along z, y, x. */
  readonly multiple: Shape3;
}

/**
 * Builds a network of an architecture.
 *
 * @throws TypeError where the architecture's logits have another count of channels or another stride than wanted
 */
export function buildNetwork(
  architecture: Architecture,
  { outputs, slices = 1, stride = 1 }: NetworkOptions,
): Network {
  const graph = new GraphBuilder();
  const input = graph.input("image", 1);
  const seen = graph.neighbourSlices(input, slices);
  const { logits, auxiliary } = built(architecture, graph, seen, outputs, stride);
  checkLogits(architecture, logits, outputs, stride);
  const strides = inOrder(logits, ...auxiliary.map((each) => each.logits)).map(
    (value) => value.stride ?? [1, 1, 1],
  );
  const largest = (axis: 0 | 1 | 2) => Math.max(...strides.map((each) => each[axis]));
  const parameters = [...graph.parameters];
  return {
    architecture: architecture.name,
    outputs,
    graph,
    input,
    logits,
    auxiliary,
    critic: architecture.critic ? criticOf(architecture.critic, graph, seen, logits) : null,
    parameters,
    parameterCount: parameters.reduce((sum, parameter) => sum + elementCount(parameter), 0),
    multiple: [largest(0), largest(1), largest(2)],
  };
}

function built(
  architecture: Architecture,
  graph: GraphBuilder,
  input: Value,
  outputs: number,
  stride: 1 | 2,
): Supervised {
  if (stride === 2 && architecture.buildHalf)
    return { logits: architecture.buildHalf(graph, input, outputs), auxiliary: [] };
  const result = architecture.build(graph, input, outputs);
  const whole = "logits" in result ? result : { logits: result, auxiliary: [] };
  return stride === 1 ? whole : { ...whole, logits: graph.averagePool(whole.logits) };
}

function criticOf(
  critic: NonNullable<Architecture["critic"]>,
  graph: GraphBuilder,
  image: Value,
  logits: Value,
): Critic {
  const before = graph.parameters.length;
  const stride = spatial(logits);
  const target = graph.input("target", logits.channels, stride);
  const beside = stride.some((step) => step > 1) ? graph.averagePool(image, stride) : image;
  const ofOwn = critic(graph, beside, graph.sigmoid(logits));
  const ofTarget = graph.again(() => critic(graph, beside, target));
  return { target, ofOwn, ofTarget, parameters: graph.parameters.slice(before) };
}

function checkLogits({ name }: Architecture, logits: Value, outputs: number, stride: number): void {
  if (logits.channels !== outputs || spatial(logits).some((step) => step !== stride))
    throw new TypeError(
      `${name} gives ${logits.channels} channels of stride ${logits.stride}; wanted ${outputs} of ${stride}`,
    );
}
