/** Situations that a command may find itself in: a full disk, missing rights, few descriptors, a lost standard output. */
import { spawn, spawnSync } from "node:child_process";
import { chmod, chown, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { bin } from "./writingCommands.js";

/** What came of a command. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** Paths below the folder that it wrote into. */
  readonly left: readonly string[];
}

interface Place {
  readonly out: string;
  readonly args: readonly string[];
  /** File or folder that it reads. */
  readonly input: string;
}

export type Situation = (place: Place) => Promise<Outcome>;

const isRoot = process.getuid?.() === 0;
const nobody = 65534;

/** Whether a file system of its own can be mounted here, which takes rights. */
export const canMount = spawnSync("unshare", ["-m", "sh", "-c", "mount -t tmpfs none /mnt"]).status === 0;

/** A command that goes on for longer, in ms, hangs. */
const longest = 240_000;

interface Run {
  readonly script?: string;
  readonly isNobody?: boolean;
  readonly stdout?: "ignore" | "pipe";
}

/** Runs the command line in a shell whose script ends with `"$@"`, and takes note of what it leaves. */
function runIn({ out, args }: Place, { script = 'exec "$@"', isNobody, stdout = "ignore" }: Run = {}) {
  const child = spawn("sh", ["-c", script, out, process.execPath, bin, ...args], {
    stdio: ["ignore", stdout, "pipe"],
    env: { ...process.env, PICKBENCH_CACHE: join(out, "cache") },
    ...(isNobody && isRoot ? { uid: nobody, gid: nobody } : {}),
  });
  child.stdout?.destroy();
  const hanging = setTimeout(() => child.kill("SIGKILL"), longest);
  let stderr = "";
  child.stderr!.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  return new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", async (code, signal) => {
      clearTimeout(hanging);
      const [said, listed] = stderr.split("\n== left\n");
      const left = listed?.split("\n").filter((name) => name !== "") ?? (await below(out));
      resolve({ code, signal, stderr: said!, left });
    });
  });
}

const below = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).sort();

/** A full disk, with some free bytes: a small file system that the shell mounts over the folder and fills. */
const fullDisk =
  (free: number): Situation =>
  (place) =>
    runIn(place, {
      script: `exec unshare -m sh -c '
        cp -a "$0" "$0.kept" && mount -t tmpfs -o size=64m none "$0" && cp -a "$0.kept/." "$0" && rm -r "$0.kept" || exit 99
        head -c ${free} /dev/zero > "$0/.room"; cat /dev/zero > "$0/.fill" 2>/dev/null; rm "$0/.room"
        "$@"; code=$?; echo "
== left" >&2; find "$0" -mindepth 1 ! -name ".fill" >&2; exit $code' "$0" "$@"`,
    });

/** A limit of a file's size, which the system tells as it tells a full disk, and which every user can set. */
const shortFiles: Situation = (place) => runIn(place, { script: 'ulimit -f 1; exec "$@"' });

const readOnly: Situation = async (place) => {
  await chmod(place.out, 0o555);
  try {
    return await runIn(place, { isNobody: true });
  } finally {
    await chmod(place.out, 0o755);
  }
};

/** The folder is writable for whoever runs the command, the input is not readable. */
const unreadable: Situation = async (place) => {
  if (isRoot) await chown(place.out, nobody, nobody);
  await chmod(place.input, 0);
  try {
    return await runIn(place, { isNobody: true });
  } finally {
    await chmod(place.input, 0o755);
  }
};

/** All situations by name. Those that cannot be made here are left out. */
export const situations: Readonly<Record<string, Situation>> = {
  ...(canMount ? { "a full disk": fullDisk(0), "a disk with 20 kB left": fullDisk(20_000) } : {}),
  "files of 512 bytes at most": shortFiles,
  "a folder that may only be read": readOnly,
  "an input that may not be read": unreadable,
  "64 file descriptors": (place) => runIn(place, { script: 'ulimit -n 64; exec "$@"' }),
  "a closed standard output": (place) => runIn(place, { script: 'exec "$@" >&-' }),
  "a closed pipe behind standard output": (place) => runIn(place, { stdout: "pipe" }),
  "a full disk behind standard output": (place) => runIn(place, { script: 'exec "$@" >/dev/full' }),
};

/** Makes an empty folder for a command's files. */
export async function emptyFolder(root: string, ...names: string[]): Promise<string> {
  const folder = join(root, ...names);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}
