/** What is wrong where an engine does not start or fails: one sentence for each of the usual faults, and what to do. */
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { messageOf } from "../system/errors.js";
import type { EngineName } from "./engine.js";
import { isOutOfMemory } from "./outOfMemory.js";

/** What is wrong, and what mends it, both worded for the middle of a sentence; null where only the usual advice helps. */
export interface DeviceFault {
  readonly reason: string;
  readonly mend: string | null;
}

/** Least driver of NVIDIA for CUDA 12 on Linux (docs.nvidia.com, CUDA Compatibility, table 1). */
const leastDriver = "525";

/** Says what is wrong by what an engine threw. */
export function deviceFault(engine: EngineName, thrown: unknown): DeviceFault {
  const message = messageOf(thrown);
  if (isOutOfMemory(thrown)) return { reason: `its memory does not suffice (${plain(message)})`, mend: null };
  if (engine === "onnx-webgpu" && /WebGPU adapter/.test(message)) return noAdapter();
  const found = engine === "onnx-cuda" ? cudaFault(message) : null;
  return found ?? { reason: plain(message), mend: null };
}

/** Drops ONNX Runtime's own file, line, function and condition, with which its messages begin, and all but the first line. */
export const plain = (message: string): string =>
  message
    .split("\n")[0]!
    .replace(/^.* was false\. /, "")
    .replace(/\/\S*onnxruntime\S*\.(?:cc|h):\d+ .*?\)(?: const)? (?:\[with .*?\] )?(?=[A-Z[])/g, "")
    .replace(/ ; GPU=.*$/, "")
    .trim();

/** Faults of CUDA by its own numbers (driver_types.h of CUDA 12). */
const cudaFaults: Readonly<Record<string, DeviceFault>> = {
  "35": {
    reason: "the NVIDIA driver is too old for CUDA 12",
    mend: `install driver ${leastDriver} or a newer one`,
  },
  "100": {
    reason: "CUDA finds no card",
    mend: "see whether nvidia-smi lists one, and whether CUDA_VISIBLE_DEVICES hides it",
  },
  "101": {
    reason: "CUDA has no card of that number",
    mend: "see which numbers nvidia-smi lists",
  },
  "209": {
    reason: "the card is of a kind that ONNX Runtime's CUDA library was not built for",
    mend: "use onnx-webgpu on it",
  },
  "802": { reason: "the card's system is not ready yet", mend: "start NVIDIA's fabric manager, or wait" },
  "803": {
    reason: "the NVIDIA driver and its library libcuda.so.1 are of different versions",
    mend: "restart the machine, or install one version of both",
  },
  "804": {
    reason: "NVIDIA's forward-compatibility library is not for this card",
    mend: "take it out of LD_LIBRARY_PATH",
  },
  "999": { reason: "the NVIDIA driver fails", mend: "restart the machine, or install the driver anew" },
};

function cudaFault(message: string): DeviceFault | null {
  const [, number] = /CUDA failure (\d+)/.exec(message) ?? [];
  if (number !== undefined && cudaFaults[number]) return cudaFaults[number];
  const [, library] = /\b(lib[\w.+-]+\.so[\d.]*): cannot open shared object file/.exec(message) ?? [];
  if (library === undefined) return null;
  const [from, mend] = library.startsWith("libcuda.so")
    ? ["the NVIDIA driver", "install the driver"]
    : library.startsWith("libcudnn")
      ? ["cuDNN", "install cuDNN 9 for CUDA 12, or add its folder to LD_LIBRARY_PATH"]
      : ["CUDA", "install CUDA 12, or add the folder of its libraries to LD_LIBRARY_PATH"];
  return { reason: `the library ${library} of ${from} is not found`, mend };
}

/** Where Vulkan's loader looks for drivers on Linux, besides what the environment names. */
const driverFolders = ["/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/usr/share/vulkan/icd.d"];

/** Says why WebGPU found no device; on Linux by what Vulkan's loader would find. */
function noAdapter(): DeviceFault {
  if (process.platform !== "linux") return { reason: "WebGPU finds no card", mend: null };
  const variable = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].find((name) => process.env[name]);
  if (variable !== undefined) {
    const lost = process.env[variable]!.split(delimiter).find((path) => !existsSync(path));
    if (lost !== undefined)
      return {
        reason: `WebGPU finds no card: ${variable} names the driver ${lost}, which does not exist`,
        mend: `unset ${variable}, or name one that does`,
      };
    return { reason: `Vulkan's driver ${process.env[variable]} offers no device`, mend: null };
  }
  const drivers = driverFolders.flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [],
  );
  if (drivers.length === 0)
    return {
      reason: `WebGPU finds no card: no Vulkan driver is installed (none in ${driverFolders.at(-1)})`,
      mend: null,
    };
  const named = drivers.map((name) => join(name.replace(/\.json$/, ""))).join(", ");
  return {
    reason: `WebGPU finds no card: the Vulkan drivers ${named} offer no device that it can use`,
    mend: null,
  };
}
