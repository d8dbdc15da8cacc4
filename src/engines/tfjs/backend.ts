/** TensorFlow.js and the fastest of its builds that is installed. */
import { registerGradients } from "./gradients.js";

/** TensorFlow.js's operations on the loaded backend, whichever library provides them. */
export type TensorFlow = typeof import("@tensorflow/tfjs-core");

/** Libraries that provide TensorFlow.js, the fastest first: its CUDA build, its native CPU build, plain JavaScript. */
export const tensorFlowLibraries = [
  "@tensorflow/tfjs-node-gpu",
  "@tensorflow/tfjs-node",
  "@tensorflow/tfjs-core",
] as const;
export type TensorFlowLibrary = (typeof tensorFlowLibraries)[number];

/** TensorFlow.js as loaded, and by which library. */
export interface LoadedTensorFlow {
  readonly tf: TensorFlow;
  readonly library: TensorFlowLibrary;
  /** TensorFlow.js's name of the backend: `tensorflow` in the native builds, else `cpu`. */
  readonly backend: string;
  /** Faster libraries that were not used, and why. */
  readonly passedOver: readonly { readonly library: TensorFlowLibrary; readonly reason: string }[];
}

let loading: Promise<LoadedTensorFlow> | undefined;

/** Loads the fastest TensorFlow.js that is installed, once a thread, since a backend belongs to its thread. */
export function loadTensorFlow(): Promise<LoadedTensorFlow> {
  loading ??= firstThatLoads();
  return loading;
}

async function firstThatLoads(): Promise<LoadedTensorFlow> {
  const passedOver: { library: TensorFlowLibrary; reason: string }[] = [];
  for (const library of ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"] as const) {
    try {
      const tf = await nativeBuild(library);
      return { tf, library, backend: tf.getBackend(), passedOver };
    } catch (error) {
      passedOver.push({ library, reason: reasonOf(error) });
    }
  }
  const tf = await plainBuild();
  return { tf, library: "@tensorflow/tfjs-core", backend: tf.getBackend(), passedOver };
}

async function nativeBuild(library: string): Promise<TensorFlow> {
  const loaded = (await import(library)) as { readonly default?: TensorFlow } & TensorFlow;
  const tf = loaded.default ?? loaded;
  tf.enableProdMode();
  await tf.ready();
  return tf;
}

/** Loads the plain JavaScript build, whose CPU backend convolves 3×3×3 at about 1.5 GFLOP/s on one thread. */
async function plainBuild(): Promise<TensorFlow> {
  const tf = await import("@tensorflow/tfjs-core");
  await import("@tensorflow/tfjs-backend-cpu");
  await registerGradients();
  tf.enableProdMode();
  await tf.setBackend("cpu");
  await tf.ready();
  return tf;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") return "not installed";
  return error instanceof Error ? error.message.split("\n")[0]! : String(error);
}
