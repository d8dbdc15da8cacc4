/** Architectures from the user's own files. */
import { realpath } from "node:fs/promises";
import { build as bundle } from "esbuild";
import { z } from "zod";
import { messageOf, PickbenchError } from "../system/errors.js";
import { hashOf } from "../system/files.js";
import { type Architecture, buildNetwork } from "./architecture.js";

/** Schema of a file's default export; its functions are checked by calling them. */
const architectureSchema = z.object({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  description: z.string().default(""),
  source: z.string().default("the user's own"),
  build: z.custom<Architecture["build"]>((value) => typeof value === "function", "wanted a function"),
  buildHalf: z.custom<Architecture["buildHalf"]>((value) => typeof value === "function").optional(),
  critic: z.custom<Architecture["critic"]>((value) => typeof value === "function").optional(),
});

/**
 * Reads an architecture from a JavaScript or TypeScript file outside the package, bundled with its imports. The file's
 * code is run: it is the user's own, named by the experiment; a checkpoint names it by path and hash and never contains it.
 *
 * @throws PickbenchError BadExperiment where the file cannot be read, does not export an architecture, or throws while
 * building a network of `outputs` outputs
 */
export async function readArchitecture(
  path: string,
  outputs: number,
): Promise<{ architecture: Architecture; sha256: string }> {
  const bad = (what: string, cause?: unknown) =>
    new PickbenchError("BadExperiment", `${path}: ${what}`, { path, cause });
  const code = await bundled(path).catch((error: unknown) => {
    throw bad(
      `the architecture's file cannot be read (${firstLine(error)}); give a .ts, .js or .mjs file`,
      error,
    );
  });
  const exported = await load(code).catch((error: unknown) => {
    throw bad(`the architecture's file throws when loaded: ${firstLine(error)}`, error);
  });
  const parsed = architectureSchema.safeParse(exported);
  if (!parsed.success)
    throw bad(
      `its default export is not an architecture (${parsed.error.issues[0]!.path.join(".") || "missing"}: ${parsed.error.issues[0]!.message}); wanted { name, build(graph, input, outputs) }`,
      parsed.error,
    );
  const architecture = parsed.data as Architecture;
  try {
    buildNetwork(architecture, { outputs });
  } catch (error) {
    throw bad(`${architecture.name} throws while it is built: ${firstLine(error)}`, error);
  }
  return { architecture, sha256: hashOf(code) };
}

async function bundled(path: string): Promise<string> {
  const result = await bundle({
    entryPoints: [await realpath(path)],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "silent",
    legalComments: "none",
  });
  return result.outputFiles[0]!.text;
}

async function load(code: string): Promise<unknown> {
  const module: unknown = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);
  return (module as { readonly default?: unknown }).default;
}

const firstLine = (error: unknown): string => messageOf(error).split("\n")[0]!;
