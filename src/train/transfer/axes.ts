/** Axes of a network's parameters that follow the number of its outputs, or of the slices that it sees. */
import { loadNetwork, type NetworkSpec } from "../../nets/library/catalogue.js";
import type { Parameter } from "../../nets/value.js";

/** How a parameter's shape follows outputs and slices. */
export interface ParameterAxes {
  /** Axes with one place an output. */
  readonly outputs: readonly number[];
  /** Axes with one place a slice. */
  readonly slices: readonly number[];
  /** Whether the shape follows the outputs at all: then the parameter is a part of the head. */
  readonly isHead: boolean;
}

/**
 * Finds the axes by declaring the network again with one more output, and with two more slices. An architecture that
 * cannot be declared so has no such axes.
 */
export async function axesOf(spec: NetworkSpec): Promise<ReadonlyMap<string, ParameterAxes>> {
  const { outputs, slices = 1 } = spec;
  const { parameters } = await loadNetwork(spec);
  const moreOutputs = await shapesOf({ ...spec, outputs: outputs + 1 });
  const moreSlices = await shapesOf({ ...spec, slices: slices + 2 });
  return new Map(
    parameters.map((parameter) => {
      const isHead = shapeDiffers(parameter, moreOutputs);
      const byOutput = axesGrown(parameter, moreOutputs, outputs, 1);
      const bySlice = axesGrown(parameter, moreSlices, slices, 2);
      return [parameter.name, { outputs: byOutput, slices: bySlice, isHead }];
    }),
  );
}

type Shapes = ReadonlyMap<string, readonly number[]>;

async function shapesOf(spec: NetworkSpec): Promise<Shapes> {
  try {
    const { parameters } = await loadNetwork(spec);
    return new Map(parameters.map(({ name, shape }) => [name, shape]));
  } catch {
    return new Map();
  }
}

function shapeDiffers({ name, shape }: Parameter, shapes: Shapes): boolean {
  const other = shapes.get(name);
  return other !== undefined && other.join() !== shape.join();
}

/** The axes of `size` places that grow by `more`; none where another one grows. */
function axesGrown({ name, shape }: Parameter, shapes: Shapes, size: number, more: number): number[] {
  const other = shapes.get(name);
  if (other?.length !== shape.length) return [];
  const grown = shape.flatMap((places, axis) => (other[axis] === places ? [] : [axis]));
  const isPlain = grown.every((axis) => shape[axis] === size && other[axis] === size + more);
  return isPlain ? grown : [];
}
