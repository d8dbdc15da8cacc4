/** Registration of TensorFlow.js's gradients, which its plain build does not load in Node by itself. */
import { createRequire } from "node:module";
import { runInThisContext } from "node:vm";
import { build } from "esbuild";

const gradients = "@tensorflow/tfjs-core/dist/register_all_gradients.js";

/**
 * Registers the gradients of `@tensorflow/tfjs-core`. Its package exports them only as ES modules without file
 * extensions, which Node does not import, so they are bundled here (0.2 s). The bundle's copies of TensorFlow.js's
 * operations run on the engine that is already loaded: engine and registry are one per process's global object.
 */
export async function registerGradients(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve(gradients);
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "iife",
    platform: "node",
    logLevel: "error",
  });
  runInThisContext(outputFiles[0]!.text, { filename: gradients });
}
