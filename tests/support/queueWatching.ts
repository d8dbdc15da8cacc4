/** A folder of small tomograms, and watchers that give them to a queue, each a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { WatchQueue } from "../../src/commands/automate/watchQueue.js";
import { readSubmissions } from "../../src/queue/slurm/submitting.js";
import { isRunning } from "../../src/system/owner.js";
import { readLedger } from "../../src/watch/ledger.js";
import type { WatchSummary } from "../../src/watch/summary.js";
import { mrcBytes } from "./arrivingTomograms.js";
import type { Ended } from "./commandLine.js";
import { until } from "./slurm.js";

const bin = fileURLToPath(new URL("../../bin/pickbench.js", import.meta.url));

const workflow = `
fields:
  run: { type: string }
  tomogram: { type: path }
  out: { type: path }
steps:
  store:
    run: volume
    with: { from: "\${tomogram}", to: "\${out}/\${run}.zarr", spacing: 10 }
`;

/** What `watch --status --json` says. */
export type Status = WatchSummary & { readonly queue: WatchQueue | null };

export interface QueueWatching {
  readonly out: string;
  /** Folder of the plan. */
  readonly plan: string;
  /** Puts a tomogram there; one that cannot be read where it is bad. */
  readonly arrive: (run: string, isBad?: boolean) => void;
  /** Starts a watcher, and stops none. */
  readonly begin: (...args: readonly string[]) => {
    readonly child: ChildProcess;
    readonly end: Promise<Ended>;
  };
  /** Runs a watcher, or what else `watch` does there, to its end. */
  readonly watch: (...args: readonly string[]) => Promise<Ended>;
  readonly status: () => Promise<Status>;
  /** Processes that have begun a task, have not said how it ended, and run. */
  readonly atWork: () => readonly number[];
  /** Waits until a task is at work. @returns its process */
  readonly firstAtWork: () => Promise<number>;
  /** Names of the runs that are done, by the ledger, each as often as it was. */
  readonly doneRuns: () => Promise<string[]>;
  /** How often each task was begun. */
  readonly attempts: () => number[];
  /** Tasks that were handed in to Slurm, array by array. */
  readonly arrays: () => Promise<number[][]>;
  /** Has the next call of a program with such words, as a shell's pattern, end with the watcher's death by SIGKILL, before that hears of it. */
  readonly killAt: (program: string, words: string) => void;
}

/** Makes the scene. @param flags of all watchers */
export function queueWatching(folder: string, name: string, flags: readonly string[]): QueueWatching {
  const root = join(folder, name);
  const [data, out, bins] = [join(root, "in"), join(root, "out"), join(root, "bin")];
  for (const made of [data, bins]) mkdirSync(made, { recursive: true });
  writeFileSync(join(root, "mine.yaml"), workflow);
  const [plan, states] = [join(out, "watch.queue"), join(out, "watch.queue", "states")];
  const begin = (...args: readonly string[]) => {
    const child = spawn(process.execPath, [bin, "watch", "in", "--out", "out", ...args], {
      ...{ cwd: root, stdio: ["ignore", "pipe", "pipe"] },
      env: { ...process.env, PATH: `${bins}:${process.env.PATH}` },
    });
    return { child, end: ended(child) };
  };
  const own = ["--do", "mine.yaml", "--every", "0.3s", "--idle", "2s", ...flags];
  const withOwn = (args: readonly string[]): string[] => [
    ...own.filter((_, at) => !args.includes(own[at - (at % 2)]!)),
    ...args,
  ];
  const read = (file: string) => JSON.parse(readFileSync(join(states, file), "utf8"));
  const begun = () =>
    (existsSync(states) ? readdirSync(states) : []).filter((file) => /begun.json$/.test(file));
  const atWork = () =>
    begun()
      .filter((file) => !existsSync(join(states, file.replace("begun.", ""))))
      .map(read)
      .filter((owner) => isRunning(owner) === true)
      .map(({ pid }) => pid);
  return {
    ...{ out, plan, atWork },
    async firstAtWork() {
      let pid: number | undefined;
      await until(() => {
        [pid] = atWork();
        return pid !== undefined;
      });
      return pid!;
    },
    arrive(run, isBad = false) {
      const bytes = mrcBytes([16, 16, 16]);
      if (isBad) bytes.writeFloatLE(Number.NaN, 2000);
      writeFileSync(join(data, `${run}.mrc`), bytes);
    },
    begin: (...args) => begin(...withOwn(args)),
    watch: (...args) => begin(...withOwn(args)).end,
    status: async () => JSON.parse((await begin("--status", "--json").end).stdout),
    doneRuns: async () =>
      (await readLedger(out)).events
        .filter(({ state }) => state === "done")
        .map(({ run }) => run)
        .sort(),
    attempts: () => begun().map((file) => read(file).attempt),
    arrays: async () => (await readSubmissions(plan)).map(({ ids }) => ids),
    killAt(program, words) {
      const path = join(bins, program);
      const [real, flag] = [`/usr/bin/${program}`, `${path}.armed`];
      writeFileSync(flag, "");
      const kill = `${program === "sbatch" ? `${real} "$@" >&2; ` : ""}kill -9 $PPID; exit 1`;
      const script = `#!/bin/sh\ncase "$*" in ${words}) if rm "${flag}" 2>/dev/null; then ${kill}; fi;; esac\nexec ${real} "$@"\n`;
      writeFileSync(path, script);
      chmodSync(path, 0o755);
    },
  };
}

async function ended(child: ChildProcess): Promise<Ended> {
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream]!.on("data", (text: Buffer) => {
      said[stream] += text;
    });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code: code ?? -1, ...said };
}
