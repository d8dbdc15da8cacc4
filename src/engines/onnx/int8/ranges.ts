/** Ranges of a network's values for 8-bit inference, measured or derived from the values before them. */
import { inOrder, type Value } from "../../../nets/value.js";
import type { ChannelStatistics } from "./calibration.js";
import { constantNorm, root } from "./folding.js";
import { type Levels, levelsOver, type Range, union } from "./map.js";

/** Ranges and quantisation levels of a network's values. */
export class Ranges {
  readonly #of: (value: Value) => ChannelStatistics;
  readonly #weights: ReadonlyMap<string, Float32Array>;
  /** Ranges of concatenated values, which must have the same levels. */
  readonly #shared = new Map<Value, Range>();

  constructor(
    logits: Value,
    statistics: (value: Value) => ChannelStatistics,
    weights: ReadonlyMap<string, Float32Array>,
  ) {
    this.#of = statistics;
    this.#weights = weights;
    for (const value of inOrder(logits)) {
      if (value.operation.kind !== "concat") continue;
      const members = [value, ...value.inputs.map(root)];
      const range = members
        .slice(1)
        .map((member) => this.rangeOf(member))
        .reduce(union);
      for (const member of members) this.#shared.set(member, range);
    }
  }

  levelsOf = (value: Value): Levels => levelsOver(this.rangeOf(value));

  rangeOf(value: Value): Range {
    const source = root(value);
    return this.#shared.get(source) ?? this.#ownRange(source);
  }

  #ownRange(value: Value): Range {
    const { operation, inputs } = value;
    switch (operation.kind) {
      case "instanceNorm":
        return this.#normalised(inputs[0]!, value);
      case "relu":
        return { low: 0, high: Math.max(0, this.#ownRange(root(inputs[0]!)).high) };
      case "leakyRelu":
        return activated(this.#ownRange(root(inputs[0]!)), operation.slope);
      case "prelu":
        return activated(this.#ownRange(root(inputs[0]!)), this.#weights.get(operation.slope.name)![0]!);
      default: {
        const { low, high } = this.#of(value);
        return { low: Math.min(...low), high: Math.max(...high) };
      }
    }
  }

  #normalised(source: Value, norm: Value): Range {
    const statistics = this.#of(source);
    if (norm.operation.kind !== "instanceNorm") throw new TypeError("wanted an instance norm");
    const { factor, shift } = constantNorm(norm.operation, statistics, this.#weights);
    const ends = [statistics.low, statistics.high].flatMap((each) =>
      [...each].map((value, c) => value * factor[c]! + shift[c]!),
    );
    return { low: Math.min(...ends), high: Math.max(...ends) };
  }
}

function activated({ low, high }: Range, slope: number): Range {
  const below = slope * Math.min(0, low);
  return { low: Math.min(0, below), high: Math.max(0, high, below) };
}
