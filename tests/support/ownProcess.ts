/** Runs a part of a test in its own process. */
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Resolves imports of src/ to dist/, where worker modules and data files are. */
const built: Plugin = {
  name: "built",
  setup({ onResolve }) {
    onResolve({ filter: /\/src\/.*\.js$/ }, ({ path }) => ({
      path: pathToFileURL(join(root, "dist", path.replace(/^.*\/src\//, ""))).href,
      external: true,
    }));
  },
};

/**
 * Asks a module of the tests a question in its own process; the module replies by `answer`. The answer arrives whole,
 * so that a driver that kills the process afterwards does not fail the test.
 *
 * @throws Error with the standard error, where the process ends without an answer
 */
export async function inOwnProcess<Result>(module: URL, question: unknown): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "own-process-"));
  try {
    const outfile = join(folder, "module.mjs");
    await build({
      entryPoints: [fileURLToPath(module)],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      plugins: [built],
      logLevel: "error",
    });
    return await asked<Result>(outfile, question);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function asked<Result>(file: string, question: unknown): Promise<Result> {
  const child = fork(file, {
    serialization: "advanced",
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.send({ question });
  let answered = false;
  return new Promise<Result>((resolve, reject) => {
    child.once("message", ({ result }: { result: Result }) => {
      answered = true;
      resolve(result);
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const end = `the process ended with ${signal ?? `code ${code}`}`;
      if (!answered) reject(new Error(`${end}, without an answer\n${said}`));
      else if (code !== 0) console.info(`${end}, after its answer\n${said}`);
    });
  });
}
