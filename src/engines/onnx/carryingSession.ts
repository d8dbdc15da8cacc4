/** Sessions of a graph some of whose outputs feed its next run, as the training state does, on the device if possible. */
import type * as ort from "onnxruntime-node";
import { Emitter, type Provider } from "./graph/emitter.js";
import type { GraphParts } from "./graph/model.js";
import { type Array5, arrayOf, createSession, type SessionOptions, tensorOf } from "./session.js";

/** A loaded graph some of whose outputs are inputs of its next run. `run` blocks the thread that calls it. */
export interface CarryingSession {
  /** Runs the graph on the inputs that are not carried and returns the outputs that are not carried. */
  run(feeds: Readonly<Record<string, Array5>>): Promise<Record<string, Array5>>;
  /** Returns a copy of a carried input as the next run will take it. */
  read(input: string): Promise<Array5>;
  /** Replaces a carried input for the next run. */
  write(input: string, array: Array5): void;
  release(): Promise<void>;
}

/**
 * Opens a session with carried arrays. On WebGPU the arrays stay in the device's memory; ONNX Runtime's Node binding has
 * no such buffers on CUDA, and on the CPU the arrays lie in the machine's memory anyway.
 *
 * @param carried for each carried input the name of the output that becomes it in the next run
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

  /** Frees the device buffers before the session: a buffer that outlives its session ends the process when it is freed. */
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

/**
 * Copies a WebGPU buffer into the machine's memory by a graph that changes nothing: the binding's own download ends the
 * process.
 */
async function readFromDevice(tensor: ort.Tensor): Promise<Array5> {
  const e = new Emitter("webgpu");
  e.output("y", e.input("x", tensor.dims));
  const session = await createSession(e.parts(), { provider: "webgpu" });
  const { y } = await session.run({ x: tensor });
  await session.release();
  const { data, dims } = arrayOf(y!);
  return { data: data.slice(), dims };
}
