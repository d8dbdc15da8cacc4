import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { availability, availableEngines, resolveEngine } from "../../src/engines/available.js";
import { engineNames } from "../../src/engines/engine.js";
import { vulkanDriver } from "../support/engines/softwareVulkan.js";

const noDriver = "/nonexistent.json";
afterEach(() => vi.unstubAllEnvs());

const withoutVulkan = (): void => {
  vi.stubEnv("VK_ICD_FILENAMES", noDriver);
  vi.stubEnv("VK_DRIVER_FILES", noDriver);
};

describe("the engine that is meant", () => {
  test("is the CPU by default, unless CUDA is installed and starts", async () => {
    const cuda = await availability("onnx-cuda");
    expect(await resolveEngine("auto")).toBe(cuda.available ? "onnx-cuda" : "onnx-cpu");
  });

  test("is the one named, where it runs", async () => {
    expect(await resolveEngine("onnx-cpu")).toBe("onnx-cpu");
    expect(await resolveEngine("tfjs")).toBe("tfjs");
  });

  test("cannot be WebGPU without a driver: one sentence with what to do", async () => {
    withoutVulkan();
    await expect(resolveEngine("onnx-webgpu")).rejects.toMatchObject({
      tag: "Unsupported",
      message: expect.stringMatching(
        /^engine onnx-webgpu cannot run on this machine: .* names the driver \/nonexistent\.json, which does not exist; unset .*, or choose onnx-cpu$/,
      ),
    });
  });

  test("cannot be CUDA without its library: one sentence with the command", async (context) => {
    const cuda = await availability("onnx-cuda");
    if (cuda.available) return context.skip("CUDA runs here");
    await expect(resolveEngine("onnx-cuda")).rejects.toMatchObject({
      tag: "Unsupported",
      message: expect.stringMatching(
        /^engine onnx-cuda cannot run on this machine: [^\n]*node_modules\/onnxruntime-node\/script\/install\.js` \(npm rebuild onnxruntime-node/,
      ),
    });
  });

  test.skipIf(!vulkanDriver())("is WebGPU where there is a Vulkan driver", async () => {
    expect(await resolveEngine("onnx-webgpu")).toBe("onnx-webgpu");
  });
});

test("every engine is listed, with what it runs on or with how to get it", async () => {
  withoutVulkan();
  const found = await availableEngines();
  expect(found.map(({ engine }) => engine)).toEqual(engineNames);
  const byName = Object.fromEntries(found.map((each) => [each.engine, each]));
  expect(byName["onnx-cpu"]).toMatchObject({
    available: true,
    runsOn: expect.stringMatching(/^ONNX Runtime \d+\.\d+\.\d+, \d+ threads$/),
  });
  expect(byName["onnx-webgpu"]).toMatchObject({
    available: false,
    reason: expect.stringContaining("WebGPU finds no card"),
    enable: expect.stringContaining("unset VK_DRIVER_FILES"),
  });
  expect(byName.tfjs).toMatchObject({
    available: true,
    runsOn: expect.stringMatching(/^@tensorflow\/tfjs-/),
  });
});

test("pickbench engines prints a line for each engine, and one JSON document when asked", async () => {
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ["bin/pickbench.js", "engines", ...args], {
      env: { ...process.env, VK_ICD_FILENAMES: noDriver, VK_DRIVER_FILES: noDriver },
    });
  const text = (await run()).stdout;
  for (const engine of engineNames) expect(text).toMatch(new RegExp(`^${engine} +(yes|no) +\\S`, "m"));
  expect(text).toMatch(/^for onnx-webgpu: /m);
  const document = JSON.parse((await run("--json")).stdout) as { engines: { engine: string }[] };
  expect(document.engines.map(({ engine }) => engine)).toEqual(engineNames);
});
