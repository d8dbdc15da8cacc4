/** Probe, run as a process of its own: starts one engine, computes with it, and prints the device that it computed on. */
import { platform } from "node:os";
import { basename } from "node:path";
import type { EngineName } from "./engine.js";
import { deviceFault } from "./faults.js";
import { type Provider, providers } from "./onnx/graph/emitter.js";

/** What a probe prints, as JSON. */
export type ProbeAnswer =
  | { readonly device: string }
  | { readonly failure: string; readonly mend: string | null };

async function probe(engine: EngineName): Promise<ProbeAnswer> {
  try {
    const provider = providers[engine];
    if (provider === null) return { device: await tensorFlowDevice() };
    await checkProduct(provider);
    return { device: provider === "webgpu" ? webgpuDevice() : provider.toUpperCase() };
  } catch (error) {
    const { reason, mend } = deviceFault(engine, error);
    return { failure: reason, mend };
  }
}

async function tensorFlowDevice(): Promise<string> {
  const { loadTensorFlow } = await import("./tfjs/backend.js");
  const { library, backend } = await loadTensorFlow();
  return `${library}, its backend ${backend}`;
}

/** Computes a product of two matrices of ones and compares every element with the known result. */
async function checkProduct(provider: Provider): Promise<void> {
  const [{ Emitter }, { openSession }] = await Promise.all([
    import("./onnx/graph/emitter.js"),
    import("./onnx/session.js"),
  ]);
  const size = 8;
  const e = new Emitter(provider);
  const x = e.input("x", [size, size]);
  e.output("y", e.productTransposed(x, x));
  const session = await openSession(e.parts(), { provider, threads: 1 });
  const ones = new Float32Array(size * size).fill(1);
  const { y } = await session.run({ x: { data: ones, dims: [size, size] } });
  await session.release();
  if (y!.data.some((value) => value !== size)) throw new TypeError("it multiplies matrices wrongly");
}

/**
 * Names the WebGPU device as far as is known: ONNX Runtime does not report its adapter, but a Vulkan driver chosen by
 * environment variable has a name.
 */
function webgpuDevice(): string {
  const drivers = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  if (platform() === "darwin") return "Metal";
  if (platform() === "win32") return "Direct3D 12";
  return drivers ? `Vulkan, ${basename(drivers, ".json")}` : "Vulkan";
}

process.stdout.write(`${JSON.stringify(await probe(process.argv[2] as EngineName))}\n`);
