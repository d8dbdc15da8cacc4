/** What computes here: version of the code, of Node and of ONNX Runtime, and the machine. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { hashFile } from "../system/files.js";
import { readText } from "../system/paths/opening.js";

/** Version of the code; commit and dirty are null outside a git checkout, lockfileHash in an installed package. */
export interface CodeVersion {
  readonly commit: string | null;
  readonly dirty: boolean | null;
  readonly lockfileHash: string | null;
}

/** Versions of pickbench, Node and ONNX Runtime. */
export interface Versions {
  readonly pickbench: string;
  readonly node: string;
  readonly onnxruntime: string | null;
}

/** The machine, without its host name. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly os: string;
}

const packageRoot = fileURLToPath(new URL("../..", import.meta.url));

/** What of a checkout is code: the rest, such as submissions/, changes no result. */
const code = ["src", "bin", "package.json", "package-lock.json"];

/** Returns commit and state of pickbench's own checkout; changes of what is no code do not count. */
export async function codeVersion(root = packageRoot): Promise<CodeVersion> {
  const [top, commit, changes, lockfileHash] = await Promise.all([
    git(root, "rev-parse", "--show-prefix"),
    git(root, "rev-parse", "HEAD"),
    git(root, "status", "--porcelain", "--untracked-files=normal", "--", ...code),
    hashFile(join(root, "package-lock.json")).catch(() => null),
  ]);
  const isOwnCheckout = top === "" && commit !== null;
  return isOwnCheckout
    ? { commit, dirty: changes === null ? null : changes !== "", lockfileHash }
    : { commit: null, dirty: null, lockfileHash };
}

/** The code with its sources, which tell apart what a commit does not: changes that are not committed, and none at all. */
export interface ProgramVersion extends CodeVersion {
  /** SHA-256 of the sources; absent where nothing says it. */
  readonly sources?: string;
}

/** Returns the version of pickbench's code with the hash of the sources that dist/ is built from. */
export async function programVersion(): Promise<ProgramVersion> {
  const [version, built] = await Promise.all([
    codeVersion(),
    readText(join(packageRoot, "dist", "built-from.json")).catch(() => "{}"),
  ]);
  const parsed = z.looseObject({ hash: z.string().optional() }).safeParse(JSON.parse(built));
  return parsed.data?.hash === undefined ? version : { ...version, sources: parsed.data.hash };
}

/** Returns git's output for a folder; null where git or a repository is missing. */
async function git(root: string, ...args: string[]): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)("git", ["-C", root, ...args], { maxBuffer: 2 ** 26 });
    return stdout.trim();
  } catch {
    return null;
  }
}

/** Returns the versions of pickbench, Node and ONNX Runtime. */
export async function versions(): Promise<Versions> {
  return {
    pickbench: (await packageVersion(`${packageRoot}/package.json`)) ?? "unknown",
    node: process.versions.node,
    onnxruntime: await packageVersion(packageFile("onnxruntime-node/package.json")),
  };
}

/** Returns the path of a package's package.json; null where the package is not installed. */
function packageFile(name: string): string | null {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    return null;
  }
}

async function packageVersion(path: string | null): Promise<string | null> {
  if (path === null) return null;
  const parsed = z.looseObject({ version: z.string() }).safeParse(JSON.parse(await readText(path)));
  return parsed.success ? parsed.data.version : null;
}

/** Describes this machine, without its host name. */
export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    os: `${platform()} ${release()}`,
  };
}
