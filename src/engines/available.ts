/** Which engines this machine can run, found by starting each in a process of its own, and how to enable the others. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PickbenchError } from "../system/errors.js";
import { builtModule } from "../system/threads/threads.js";
import { findCards } from "./cards.js";
import { defaultThreads, type EngineName, engineNames } from "./engine.js";
import type { ProbeAnswer } from "./probe.js";

/** Whether an engine runs on this machine: on what device, or why not and how to enable it. */
export type Availability =
  | {
      readonly engine: EngineName;
      readonly available: true;
      readonly runsOn: string;
      readonly faster: string | null;
    }
  | {
      readonly engine: EngineName;
      readonly available: false;
      readonly reason: string;
      readonly enable: string;
    };

/**
 * Resolves `auto` to an engine: CUDA where it is installed and starts, else the CPU, so that all machines without CUDA
 * compute the same results. WebGPU and TensorFlow.js are used only by name, since neither has been measured to be the
 * fastest on any card.
 *
 * @throws PickbenchError Unsupported where the named engine cannot run here; the message says how to enable it
 */
export async function resolveEngine(choice: "auto" | EngineName): Promise<EngineName> {
  if (choice === "auto") return (await availability("onnx-cuda")).available ? "onnx-cuda" : "onnx-cpu";
  if (choice === "onnx-cpu" || choice === "tfjs") return choice;
  const found = await availability(choice);
  if (found.available) return choice;
  throw new PickbenchError(
    "Unsupported",
    `engine ${choice} cannot run on this machine: ${found.reason}; ${found.enable}, or choose onnx-cpu`,
  );
}

/** Tries every engine, one after another; takes some seconds. */
export async function availableEngines(): Promise<Availability[]> {
  const found: Availability[] = [];
  for (const engine of engineNames) found.push(await availability(engine));
  return found;
}

/** Tries one engine by computing with it in a process of its own, which a faulty driver may crash without harm. */
export async function availability(engine: EngineName): Promise<Availability> {
  const enable = howToEnable(engine);
  const missing = engine === "onnx-cuda" ? missingCuda() : null;
  if (missing) return { engine, available: false, reason: missing, enable };
  const answer = await probed(engine);
  if ("failure" in answer) {
    const reason = await withCardsWord(engine, answer.failure);
    return { engine, available: false, reason, enable: answer.mend ?? enable };
  }
  return { engine, available: true, ...described(engine, answer.device) };
}

/** Adds what `nvidia-smi` says where CUDA does not start: whether there is a driver at all, and which. */
async function withCardsWord(engine: EngineName, failure: string): Promise<string> {
  if (engine !== "onnx-cuda") return failure;
  const { cards, fault } = await findCards();
  if (fault !== null) return `${failure} (nvidia-smi: ${fault})`;
  const [card] = cards;
  return card ? `${failure} (driver ${card.driver}, ${card.name})` : failure;
}

function described(engine: EngineName, device: string): { runsOn: string; faster: string | null } {
  if (engine === "tfjs")
    return { runsOn: device, faster: device.includes("node-gpu") ? null : tensorFlowBuilds };
  const version = `ONNX Runtime ${onnxRuntimeVersion()}`;
  const threads = defaultThreads();
  const runsOn = engine === "onnx-cpu" ? `${version}, ${threads} threads` : `${version}, ${device}`;
  return { runsOn, faster: null };
}

const tensorFlowBuilds =
  "npm install --save-optional @tensorflow/tfjs-node-gpu (CUDA 11) or @tensorflow/tfjs-node (native CPU)";

const require = createRequire(import.meta.url);
const onnxRuntimeVersion = (): string =>
  (require("onnxruntime-node/package.json") as { readonly version: string }).version;

/**
 * Returns why CUDA is missing, or null: whether ONNX Runtime's install script has downloaded its CUDA library (version
 * 1.30.0, from nuget.org, for Linux on x64 alone).
 */
function missingCuda(): string | null {
  if (process.platform !== "linux" || process.arch !== "x64")
    return `ONNX Runtime's npm package has CUDA for Linux on x64 alone, and this is ${process.platform} on ${process.arch}`;
  const root = dirname(require.resolve("onnxruntime-node/package.json"));
  const library = join(root, "bin", "napi-v6", "linux", "x64", "libonnxruntime_providers_cuda.so");
  return existsSync(library) ? null : "ONNX Runtime's CUDA library is not installed";
}

/** Returns the command or step that would enable an engine, worded for the middle of a sentence. */
function howToEnable(engine: EngineName): string {
  switch (engine) {
    case "onnx-cuda":
      return "run `ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js` (npm rebuild onnxruntime-node does not run it) on a Linux x64 machine with an NVIDIA driver, CUDA 12 and cuDNN 9";
    case "onnx-webgpu":
      return process.platform === "linux"
        ? "install the card's Vulkan driver and libvulkan1, or for a software device run `apt-get install --no-install-recommends chromium libvulkan1` and set VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json"
        : "install the card's driver";
    case "onnx-cpu":
    case "tfjs":
      return "run `npm ci` again";
  }
}

const longest = 30_000;

function probed(engine: EngineName): Promise<ProbeAnswer> {
  const module = fileURLToPath(builtModule(import.meta.url, "./probe.js"));
  return new Promise((resolve) => {
    execFile(process.execPath, [module, engine], { timeout: longest }, (error, stdout) => {
      const line = stdout.split("\n").find((text) => text.startsWith("{"));
      if (line) resolve(JSON.parse(line) as ProbeAnswer);
      else if (error?.killed) resolve({ failure: `it did not start in ${longest / 1000} s`, mend: null });
      else
        resolve({
          failure: `it ended its process with ${error?.signal ?? `code ${error?.code}`}`,
          mend: null,
        });
    });
  });
}
