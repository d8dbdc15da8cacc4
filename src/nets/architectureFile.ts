/** Architectures from the user's own files. */
import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { type BuildOptions, build as bundle } from "esbuild";
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

/** An architecture file with its imports as one text, not yet run. */
export interface Code {
  readonly path: string;
  readonly text: string;
  readonly sha256: string;
}

const bad = (path: string, what: string, cause?: unknown): PickbenchError =>
  new PickbenchError("BadExperiment", `${path}: ${what}`, { path, cause });

/**
 * Reads and runs an architecture from a JavaScript or TypeScript file outside the package, bundled with its imports. The
 * file's code is run, so it must be the user's own, or one that the user allows to run.
 *
 * @throws PickbenchError BadExperiment where the file cannot be read, does not export an architecture, or throws while
 * building a network of `outputs` outputs
 */
export async function readArchitecture(
  path: string,
  outputs: number,
): Promise<{ architecture: Architecture; sha256: string }> {
  const code = await readCode(path, byContent);
  return { architecture: await runCode(code, outputs), sha256: code.sha256 };
}

/**
 * Reads the code of an architecture file without running it, if it has that hash: what is run then is what was hashed.
 *
 * @throws PickbenchError BadExperiment where the file cannot be read
 */
export async function codeOfHash(path: string, sha256: string): Promise<Code | undefined> {
  for (const form of [byContent, byWorkingFolder]) {
    const code = await readCode(path, form);
    if (code.sha256 === sha256) return code;
  }
  return undefined;
}

/**
 * Runs code and returns the architecture that it exports.
 *
 * @throws PickbenchError BadExperiment where it exports none, or throws while building a network of `outputs` outputs
 */
export async function runCode({ path, text }: Code, outputs: number): Promise<Architecture> {
  const exported = await load(text).catch((error: unknown) => {
    throw bad(path, `the architecture's file throws when loaded: ${firstLine(error)}`, error);
  });
  const parsed = architectureSchema.safeParse(exported);
  if (!parsed.success)
    throw bad(
      path,
      `its default export is not an architecture (${parsed.error.issues[0]!.path.join(".") || "missing"}: ${parsed.error.issues[0]!.message}); wanted { name, build(graph, input, outputs) }`,
      parsed.error,
    );
  const architecture = parsed.data as Architecture;
  try {
    buildNetwork(architecture, { outputs });
  } catch (error) {
    throw bad(path, `${architecture.name} throws while it is built: ${firstLine(error)}`, error);
  }
  return architecture;
}

type Form = (entry: string) => BuildOptions;

/** Gives the same text in whatever folder the program runs and whatever the file is called, and without comments. */
const byContent: Form = (entry) => ({
  absWorkingDir: dirname(entry),
  minifyWhitespace: true,
  minifyIdentifiers: true,
});

/** The form whose hash older checkpoints hold: its comments name files relative to the working folder. */
const byWorkingFolder: Form = () => ({});

async function readCode(path: string, form: Form): Promise<Code> {
  try {
    const entry = await realpath(path);
    const { outputFiles } = await bundle({
      ...form(entry),
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node20",
      logLevel: "silent",
      legalComments: "none",
    });
    const { text } = outputFiles![0]!;
    return { path, text, sha256: hashOf(text) };
  } catch (error) {
    throw bad(
      path,
      `the architecture's file cannot be read (${firstLine(error)}); give a .ts, .js or .mjs file`,
      error,
    );
  }
}

/** Runs the text itself, so that nothing is read again after it was hashed. */
async function load(text: string): Promise<unknown> {
  const module: unknown = await import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);
  return (module as { readonly default?: unknown }).default;
}

const firstLine = (error: unknown): string => messageOf(error).split("\n")[0]!;
