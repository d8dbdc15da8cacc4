import { expect, test } from "vitest";
import { randomFor } from "../../../../src/domain/random.js";
import type { SliceRead } from "../../../../src/engines/onnx/blocked/kernels.js";
import { Emitter } from "../../../../src/engines/onnx/graph/emitter.js";
import { convolveBytes, quantiseKernel } from "../../../../src/engines/onnx/int8/convolve.js";
import { type ByteMap, levelsOver, scaleOf, zeroOf } from "../../../../src/engines/onnx/int8/map.js";
import { openSession } from "../../../../src/engines/onnx/session.js";

const [depth, height, width, channels, out] = [4, 5, 6, 16, 16] as const;
const unit = { scale: 1, zero: 0 };
const levels = { scale: 0.03, zero: 100 };
const written = { scale: 0.11, zero: 37 };

/** Nearest whole number, the even one of two: what `QuantizeLinear` of the ONNX standard does. */
function roundedToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

const random = randomFor(3, "bytes");
const bytes = Float32Array.from({ length: depth * height * width * channels }, () =>
  Math.floor(random.between(0, 256)),
);
const kernel = Float32Array.from({ length: out * channels * 27 }, () => random.between(-0.05, 0.05));
const bias = Float32Array.from({ length: out }, () => random.between(-2, 2));

async function byRuntime(): Promise<Float32Array> {
  const e = new Emitter();
  const x = e.input("x", [depth, height, width, channels]);
  const tensor = e.op("QuantizeLinear", [x, scaleOf(e, unit), zeroOf(e, unit)], x.dims);
  const map: ByteMap = { tensor, channels, slices: 1, levels };
  const y = convolveBytes(e, map, {
    kernel: { values: kernel, out, inner: channels, planes: 3, y: 3, x: 3 },
    reads: [0, 1, 2].map((plane): SliceRead => ({ lane: 0, from: plane - 1, plane })),
    images: depth,
    lanes: out,
    y: height,
    x: width,
    step: 1,
    pads: [1, 1, 1, 1],
    strides: [1, 1],
    dilations: [1, 1],
    bias,
    levels: written,
  });
  e.output("y", e.op("DequantizeLinear", [y, scaleOf(e, unit), zeroOf(e, unit)], y.dims));
  const session = await openSession(e.parts(), { threads: 2 });
  const { y: result } = await session.run({ x: { data: bytes, dims: x.dims } });
  await session.release();
  return result!.data;
}

/** The sum of whole numbers, then one scale, one rounding, one clipping to a byte. */
function byHand(): Float32Array {
  const result = new Float32Array(depth * height * width * out);
  const { weights, scales } = quantiseKernel(kernel, out);
  const inside = (at: number, size: number) => at >= 0 && at < size;
  let to = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let o = 0; o < out; o++) {
          let sum = Math.round(bias[o]! / (levels.scale * scales[o]!));
          for (let c = 0; c < channels; c++)
            for (let tap = 0; tap < 27; tap++) {
              const at = [
                z + Math.floor(tap / 9) - 1,
                y + (Math.floor(tap / 3) % 3) - 1,
                x + (tap % 3) - 1,
              ] as const;
              if (!inside(at[0], depth) || !inside(at[1], height) || !inside(at[2], width)) continue;
              const byte = bytes[((at[0] * height + at[1]) * width + at[2]) * channels + c]!;
              sum += (byte - levels.zero) * weights[(o * channels + c) * 27 + tap]!;
            }
          const scale = Math.fround(
            Math.fround(Math.fround(levels.scale) * scales[o]!) / Math.fround(written.scale),
          );
          const byte = roundedToEven(Math.fround(sum * scale)) + written.zero;
          result[to++] = Math.min(255, Math.max(0, byte));
        }
  return result;
}

test("a convolution of bytes is the sum of whole numbers, rounded once", async () => {
  const got = await byRuntime();
  expect(got).toEqual(byHand());
  expect(new Set(got).size).toBeGreaterThan(60);
});

test("0 is a level of its own, whatever the range", () => {
  for (const [low, high] of [
    [-3, 5],
    [0.5, 2],
    [-4, -1],
    [0, 0],
  ] as const) {
    const { scale, zero } = levelsOver({ low, high });
    expect(Number.isInteger(zero)).toBe(true);
    expect(zero).toBeGreaterThanOrEqual(0);
    expect(zero).toBeLessThanOrEqual(255);
    expect(scale * (255 - zero)).toBeGreaterThanOrEqual(high - scale);
    expect(scale * -zero).toBeLessThanOrEqual(low + scale);
  }
});
