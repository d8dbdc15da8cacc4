/** A software Vulkan device for tests of WebGPU. */
import { existsSync } from "node:fs";

/** Path of SwiftShader in Debian's chromium package: a software Vulkan device that ONNX Runtime's WebGPU accepts. */
const swiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";

/**
 * Tells whether there is a Vulkan driver to test WebGPU on: the one that the environment names, else SwiftShader, which
 * is then set in the environment. Must be called before ONNX Runtime starts its first WebGPU session.
 */
export function vulkanDriver(): boolean {
  if (process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES) return true;
  if (!existsSync(swiftShader)) {
    console.info("skipped: no Vulkan driver; apt-get install --no-install-recommends chromium libvulkan1");
    return false;
  }
  process.env.VK_ICD_FILENAMES = swiftShader;
  return true;
}
