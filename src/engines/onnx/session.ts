/** ONNX Runtime sessions: opening a graph or a model, arrays in and out, and the blocked kernels that a machine has. */
import * as ort from "onnxruntime-node";
import { type Block, convolveImages } from "./convolution/imageConvolution.js";
import { Emitter, int, ints, type Provider, type Tensor } from "./graph/emitter.js";
import { encodeModel, type GraphParts } from "./graph/model.js";

/** A float array with its sizes, as fed to a session and returned by it. */
export interface Array5 {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** A graph loaded by ONNX Runtime. `run` blocks the thread that calls it. */
export interface Session {
  run(feeds: Readonly<Record<string, Array5>>): Promise<Record<string, Array5>>;
  release(): Promise<void>;
}

const fatalOnly = 4;

/**
 * The WebGPU provider with convolutions in the graph's own layout. Its other layout, NHWC, costs two transpositions a
 * convolution, and in ONNX Runtime 1.30.0 returns wrong sums where the input's channels divide by 3 and not by 4 (6, 9,
 * 15, 21) and the output's by 4.
 */
const webgpu = { name: "webgpu", preferredLayout: "NCHW" } as const;

/** Options of ONNX Runtime; by default 2 threads on the CPU. */
export interface SessionOptions {
  readonly threads?: number;
  /**
   * Whether ONNX Runtime plans one block for all of a run's tensors after the first run. It keeps the first run's own
   * blocks beside that one: without the plan, large tiles take half the memory in the same time.
   */
  readonly memoryPattern?: boolean;
  readonly provider?: Provider;
  /** Outputs that stay in the device's memory, which only WebGPU offers. */
  readonly onDevice?: readonly string[];
}

/** Opens ONNX Runtime's own session of a graph. */
export const createSession = (parts: GraphParts, options?: SessionOptions): Promise<ort.InferenceSession> =>
  createFromModel(encodeModel(parts), options);

/** Opens ONNX Runtime's own session of a whole ONNX model's bytes. */
export function createFromModel(
  model: Uint8Array,
  { threads = 2, memoryPattern = true, provider = "cpu", onDevice = [] }: SessionOptions = {},
): Promise<ort.InferenceSession> {
  const locations = Object.fromEntries(onDevice.map((name) => [name, "gpu-buffer" as const]));
  return ort.InferenceSession.create(model, {
    executionProviders: [provider === "webgpu" ? webgpu : provider],
    logSeverityLevel: fatalOnly,
    graphOptimizationLevel: "all",
    intraOpNumThreads: threads,
    enableMemPattern: memoryPattern,
    ...(onDevice.length > 0 && { preferredOutputLocation: locations }),
  });
}

/** Opens a session of a graph that takes and returns plain float arrays. */
export async function openSession(parts: GraphParts, options: SessionOptions = {}): Promise<Session> {
  const session = await createSession(parts, options);
  return {
    async run(feeds) {
      const tensors = Object.fromEntries(
        Object.entries(feeds).map(([name, array]) => [name, tensorOf(array)]),
      );
      const results = await session.run(tensors);
      return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, arrayOf(tensor)]));
    },
    release: () => session.release(),
  };
}

/** Wraps an array as ONNX Runtime's tensor, without a copy. */
export const tensorOf = ({ data, dims }: Array5): ort.Tensor => new ort.Tensor("float32", data, dims);

/** Returns the values of a tensor that lies in the machine's own memory, without a copy. */
export const arrayOf = ({ data, dims }: ort.Tensor): Array5 => ({ data: data as Float32Array, dims });

/** Returns the block size of a provider's convolutions; only the CPU's are blocked. */
export const providerBlock = async (provider: Provider): Promise<Block> =>
  provider === "cpu" ? machineBlock() : null;

let known: Promise<Block> | undefined;

/**
 * Returns the channels per block of ONNX Runtime's blocked convolutions on this machine (16 with AVX-512, 8 with AVX2),
 * found by trying; null where no block size reproduces the plain convolution's result.
 */
export function machineBlock(): Promise<Block> {
  known ??= findBlock();
  return known;
}

async function findBlock(): Promise<Block> {
  for (const block of [16, 8]) {
    try {
      if (await blockAgrees(block)) return block;
    } catch {
      // This build has no blocked kernels of that size: try the next one.
    }
  }
  return null;
}

async function blockAgrees(block: number): Promise<boolean> {
  const channels = 32;
  const e = new Emitter();
  const x = e.input("x", [1, channels, 4, 4]);
  const w = e.input("w", [channels, channels, 1, 3, 3]);
  const shape = { pads: [1, 1, 1, 1], strides: [1, 1] } as const;
  const difference = e.subtract(
    convolveImages(e, block, x, w, null, shape),
    convolveImages(e, null, x, w, null, shape),
  );
  const largest: Tensor = e.op(
    "ReduceMax",
    [e.unary("Abs", difference)],
    [1, 1, 1, 1],
    [ints("axes", [0, 1, 2, 3]), int("keepdims", 1)],
  );
  e.output("largest", largest);
  const session = await openSession(e.parts(), { threads: 1 });
  const wave = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 0.7));
  const { largest: result } = await session.run({
    x: { data: wave(channels * 16), dims: x.dims },
    w: { data: wave(channels * channels * 9), dims: w.dims },
  });
  await session.release();
  return result!.data[0]! < 1e-3;
}
