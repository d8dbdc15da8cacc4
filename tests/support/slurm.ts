/** A Slurm of one machine, really running, for tests; they skip where it is not installed or cannot be started. */
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const starter = fileURLToPath(new URL("../../../shared/slurm/start.sh", import.meta.url));
const isInstalled = spawnSync("sh", ["-c", "command -v sbatch slurmctld slurmd"]).status === 0;

/** Why there is no Slurm to test with; undefined where there is one. */
export const noSlurm = !isInstalled
  ? "Slurm (slurm-wlm) is not installed"
  : !existsSync(starter)
    ? "../shared/slurm/start.sh is not there"
    : process.getuid?.() === 0
      ? undefined
      : "Slurm's daemons are started by root alone";

export interface Slurm {
  /** Ends node and jobs as a loss of power does: no process there says a word. */
  readonly killNode: () => void;
  /** Lets the node come back, and the jobs that it had begin at once instead of after two minutes. */
  readonly revive: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts Slurm's daemons in a folder, and has this process's commands talk to them. */
export async function startSlurm(folder: string): Promise<Slurm> {
  const conf = join(folder, "slurm.conf");
  const port = String(await freePorts(2));
  execFileSync("bash", [starter, folder], {
    env: { ...process.env, AUTH: "none", SLURM_PORT: port },
    stdio: "ignore",
  });
  const before = process.env.SLURM_CONF;
  process.env.SLURM_CONF = conf;
  const node = hostname().split(".")[0]!;
  await until(() => nodeStates() === "idle");
  const pidOf = (daemon: string): number => Number(readFileSync(join(folder, `${daemon}.pid`), "utf8"));
  const control = (...args: string[]): void => void execFileSync("scontrol", args);
  return {
    killNode() {
      process.kill(pidOf("slurmd"), "SIGKILL");
      for (let left = stepsIn(join(folder, "log")); left.length > 0; left = stepsIn(join(folder, "log")))
        for (const { pid } of [...left, ...descendantsOf(left)]) killIfThere(pid);
      control("update", `NodeName=${node}`, "State=DOWN", "Reason=test");
    },
    async revive() {
      execFileSync("slurmd", ["-f", conf, "-N", node]);
      await until(() => {
        const state = nodeStates();
        if (/down/.test(state)) spawnSync("scontrol", ["update", `NodeName=${node}`, "State=RESUME"]);
        return /^(?:idle|mix|alloc)$/.test(state);
      });
      await until(() => beginNow() > 0);
    },
    async stop() {
      for (const daemon of ["slurmd", "slurmctld"]) process.kill(pidOf(daemon));
      await until(() =>
        ["slurmd", "slurmctld"].every((daemon) => !existsSync(join(folder, `${daemon}.pid`))),
      );
      if (before === undefined) delete process.env.SLURM_CONF;
      else process.env.SLURM_CONF = before;
    },
  };
}

/**
 * Finds the first of so many ports in a row that nobody listens to. They lie below those that the system hands out, each
 * process that runs tests begins at others, and what an earlier one left listening is passed over.
 */
export async function freePorts(count: number): Promise<number> {
  const [least, blocks, block] = [10_000, 2000, 10];
  for (let turn = 0; turn < blocks; turn++) {
    const first = least + ((process.pid + turn * 7) % blocks) * block;
    const ports = Array.from({ length: count }, (_, at) => first + at);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
  throw new Error("no ports are free");
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** The states of all nodes that there are, as Slurm says them; empty where it does not answer yet. */
export const nodeStates = (): string => spawnSync("sinfo", ["-h", "-o", "%t"]).stdout.toString().trim();

interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** One letter. */
  readonly state: string;
}

/** Daemons of steps that work in a folder, with what a node's daemon has forked to become one. */
const stepsIn = (logs: string): RunningProcess[] =>
  runningProcesses().filter(
    ({ pid, name, state }) => /^slurm(?:step)?d$/.test(name) && state !== "Z" && isIn(pid, logs),
  );

/** All processes of this machine (proc(5): pid, name in brackets, state and parent in the file stat). */
function runningProcesses(): RunningProcess[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, "latin1");
      const [from, to] = [text.indexOf("("), text.lastIndexOf(")")];
      const [state, parent] = text.slice(to + 2).split(" ");
      return [{ pid: Number(pid), parent: Number(parent), name: text.slice(from + 1, to), state: state! }];
    } catch {
      return [];
    }
  });
}

/** What processes have started, and what those have. */
export function descendantsOf(
  ancestors: readonly Pick<RunningProcess, "pid">[],
  all = runningProcesses(),
): RunningProcess[] {
  const children = all.filter(({ parent }) => ancestors.some(({ pid }) => pid === parent));
  return children.length === 0 ? [] : [...children, ...descendantsOf(children, all)];
}

/** Whether a process works in a folder, as the steps of a Slurm do in that of its logs. */
function isIn(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder;
  } catch {
    return false;
  }
}

export function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Lets jobs begin at once that would wait for their time, as those do that a lost node had. @returns how many there are */
export function beginNow(): number {
  const waiting = execFileSync("squeue", ["-h", "-r", "-t", "pending", "-o", "%i %r"]).toString().split("\n");
  const held = waiting.filter((line) => line.endsWith("BeginTime"));
  for (const line of held)
    execFileSync("scontrol", ["update", `JobId=${line.split(" ")[0]}`, "StartTime=now"]);
  return held.length;
}

/** Waits until something holds; most, in ms, only ends what hangs. */
export async function until(holds: () => boolean | Promise<boolean>, most = 600_000): Promise<void> {
  for (const from = performance.now(); !(await holds()); await sleep(50))
    if (performance.now() - from > most) throw new Error(`not so after ${most} ms: ${holds}`);
}
