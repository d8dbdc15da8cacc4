import type * as ort from "onnxruntime-node";
import { Emitter, type Provider } from "./graph/emitter.js";
import type { GraphParts } from "./graph/model.js";
import { type Array5, arrayOf, createSession, type SessionOptions, tensorOf } from "./session.js";

/** A graph some of whose outputs are inputs of its next run. `run` blocks the thread that calls it. */
export interface CarryingSession {
  /** Takes the inputs and gives the outputs that are not carried. */
  run(feeds: Readonly<Record<string, Array5>>): Promise<Record<string, Array5>>;
  /** A copy of what is carried into the next run. */
  read(input: string): Promise<Array5>;
  /** What the next run is to take, in place of what the last one gave. */
  write(input: string, array: Array5): void;
  release(): Promise<void>;
}

/**
 * What is carried stays in the device's memory on WebGPU; ONNX Runtime's Node binding has no such buffers on CUDA, and
 * on the CPU it is there anyway.
 *
 * @param carried for each input the output that the run before gave it
 */
export async function openCarryingSession(
  parts: GraphParts,
  carried: ReadonlyMap<string, string>,
  options: SessionOptions & { readonly provider: Provider },
): Promise<CarryingSession> {
  const onDevice = options.provider === "webgpu" ? [...carried.values()] : [];
  const session = await createSession(parts, { ...options, onDevice });
  return new Carrying(session, carried);
}

class Carrying implements CarryingSession {
  private readonly session: ort.InferenceSession;
  private readonly carried: ReadonlyMap<string, string>;
  private readonly held = new Map<string, ort.Tensor>();

  constructor(session: ort.InferenceSession, carried: ReadonlyMap<string, string>) {
    this.session = session;
    this.carried = carried;
  }

  async run(feeds: Readonly<Record<string, Array5>>): Promise<Record<string, Array5>> {
    const tensors = Object.fromEntries(this.held);
    for (const [name, array] of Object.entries(feeds)) tensors[name] = tensorOf(array);
    const results = await this.session.run(tensors);
    for (const [input, output] of this.carried) this.hold(input, results[output]!);
    const kept = new Set(this.carried.values());
    const others = Object.entries(results).filter(([name]) => !kept.has(name));
    return Object.fromEntries(others.map(([name, tensor]) => [name, arrayOf(tensor)]));
  }

  async read(input: string): Promise<Array5> {
    const tensor = this.held.get(input)!;
    if (tensor.location === "gpu-buffer") return readFromDevice(tensor);
    const { data, dims } = arrayOf(tensor);
    return { data: data.slice(), dims };
  }

  write(input: string, array: Array5): void {
    this.hold(input, tensorOf(array));
  }

  /** A device buffer that outlives its session takes the process down when it is freed: they go first. */
  async release(): Promise<void> {
    for (const tensor of this.held.values()) tensor.dispose();
    this.held.clear();
    await this.session.release();
  }

  private hold(input: string, tensor: ort.Tensor): void {
    this.held.get(input)?.dispose();
    this.held.set(input, tensor);
  }
}

/** The binding's own download of a WebGPU buffer ends the process; a graph that changes nothing brings it back. */
async function readFromDevice(tensor: ort.Tensor): Promise<Array5> {
  const e = new Emitter("webgpu");
  e.output("y", e.input("x", tensor.dims));
  const session = await createSession(e.parts(), { provider: "webgpu" });
  const { y } = await session.run({ x: tensor });
  await session.release();
  const { data, dims } = arrayOf(y!);
  return { data: data.slice(), dims };
}
