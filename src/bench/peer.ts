/** Python programs that pickbench is timed against. */
import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Reporter } from "../system/reporter.js";

/** Folder of the peers: bench/peers/, each script with its modules. */
const folder = new URL("../../bench/peers/", import.meta.url);

/** Candidate interpreters: that of Debian's packages, then the first on the path. */
const interpreters = ["/usr/bin/python3", "python3"];

const allThere =
  "import importlib.util as u, sys; sys.exit(any(u.find_spec(m) is None for m in sys.argv[1:]))";

/** Returns the first Python that has all of these modules, or null. */
export async function findPython(modules: readonly string[]): Promise<string | null> {
  for (const python of interpreters) {
    const found = await promisify(execFile)(python, ["-c", allThere, ...modules]).then(
      () => true,
      () => false,
    );
    if (found) return python;
  }
  return null;
}

/** What each peer imports, by the name that rows give it. */
export const peerModules = {
  torch: ["torch"],
  skimage: ["numpy", "scipy", "skimage"],
  scipy: ["numpy", "scipy"],
  "zarr-python": ["zarr"],
} as const;

/** Distributions that are not called as the peer is. */
const distributions: Readonly<Record<string, string>> = { skimage: "scikit-image", "zarr-python": "zarr" };

const itsVersion = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))";

/** Returns the version of each peer that is installed, by the name that rows give it. */
export async function peerVersions(): Promise<Record<string, string>> {
  const found = Object.entries(peerModules).map(async ([name, modules]) => {
    const python = await findPython(modules);
    const said =
      python === null
        ? undefined
        : promisify(execFile)(python, ["-c", itsVersion, distributions[name] ?? name]);
    const version = (await said?.catch(() => null))?.stdout.trim();
    return version ? [[name, version]] : [];
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}

/** Returns the path of a peer's script. */
const peerScript = (name: string): string => fileURLToPath(new URL(name, folder));

/** A running peer that answers each line with one line of JSON. */
interface ServingPeer {
  /** First line of the peer. */
  readonly greeting: unknown;
  ask(question: string): Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * Starts a peer and waits for its first line.
 *
 * @throws Error with the peer's stderr, if the peer ends before it answers
 */
export async function servePeer(
  reporter: Reporter,
  python: string,
  script: string,
  args: readonly string[],
): Promise<ServingPeer> {
  const child = spawn(python, [peerScript(script), ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const complaints: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => complaints.push(text));
  const forget = reporter.onEnd(() => child.kill("SIGKILL"));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve())).finally(forget);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (!done) return JSON.parse(value);
    await ended;
    throw new Error(`the peer ${script} ended without an answer: ${complaints.join("").trim().slice(-500)}`);
  };
  return {
    greeting: await answer(),
    ask(question) {
      child.stdin.write(`${question}\n`);
      return answer();
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Runs a peer to its end, or until the signal ends it, and returns the JSON of its last line. */
export async function runPeer(
  reporter: Reporter,
  python: string,
  script: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<unknown> {
  const limits = { maxBuffer: 2 ** 24, ...(signal && { signal }), killSignal: "SIGKILL" } as const;
  const running = promisify(execFile)(python, [peerScript(script), ...args], limits);
  const forget = reporter.onEnd(() => running.child.kill("SIGKILL"));
  const { stdout } = await running.finally(forget);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}
