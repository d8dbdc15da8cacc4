/** The numbers by formula that tests share with their Python fixtures. */
import { readFileSync } from "node:fs";
import type { Array5 } from "../../src/engines/onnx/session.js";
import { elementCount, type Parameter } from "../../src/nets/value.js";
import { namedWeights, type ParameterLayout } from "../../src/nets/weights.js";

/**
 * Returns the numbers in [−1, 1) from which tests/fixtures/nets/make.py makes weights and inputs: same name, same
 * numbers.
 */
export function formula(name: string, count: number): Float64Array {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  const values = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    let x = (Math.imul(index, 0x9e3779b1) + hash) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    values[index] = ((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1;
  }
  return values;
}

const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** The same as make.py's `numbers`. */
export const numbers = (name: string, dims: readonly number[], scale = 1): Array5 => ({
  data: Float32Array.from(formula(name, sizeOf(dims)), (u) => u * scale),
  dims,
});

/** The same as make.py's `classes`, with one channel per class; dims are (n, z, y, x). */
export function oneHotClasses(name: string, [n, z, y, x]: readonly number[], count: number): Array5 {
  const dims = [n!, count, z!, y!, x!];
  const voxels = z! * y! * x!;
  const data = new Float32Array(sizeOf(dims));
  formula(name, n! * voxels).forEach((u, i) => {
    const label = Math.floor(((u + 1) / 2) * count);
    data[(Math.floor(i / voxels) * count + label) * voxels + (i % voxels)] = 1;
  });
  return { data, dims };
}

/** What a parameter's numbers are around, and how far from it. */
function spreadOf({ name, shape }: Parameter): { readonly middle: number; readonly scale: number } {
  if (shape.length === 5) return { middle: 0, scale: Math.sqrt(3 / sizeOf(shape.slice(1))) };
  if (name.endsWith(".bias")) return { middle: 0, scale: 0.1 };
  return sizeOf(shape) === 1 ? { middle: 0.25, scale: 0.05 } : { middle: 1, scale: 0.1 };
}

/** The same as make.py's `weight` for every parameter, flat. */
export function formulaWeights(layout: ParameterLayout): Float32Array {
  const flat = new Float32Array(layout.total);
  const named = namedWeights(layout, flat);
  for (const parameter of layout.order) {
    const { middle, scale } = spreadOf(parameter);
    const values = named.get(parameter.name)!;
    formula(parameter.name, elementCount(parameter)).forEach((u, i) => {
      values[i] = middle + u * scale;
    });
  }
  return flat;
}

const fixtures = new URL("../fixtures/nets/", import.meta.url);

/** Reads a JSON fixture, in the shape that its test states. */
export const fixture = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`${name}.json`, fixtures), "utf8")) as T;

export function floatFixture(name: string): Float32Array {
  const bytes = readFileSync(new URL(`${name}.f32`, fixtures));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
