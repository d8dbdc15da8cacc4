/** A Slurm of one machine, really running, for tests; they skip where it is not installed or cannot be started. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
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
  const port = String(20_000 + (process.pid % 20_000));
  execFileSync("bash", [starter, folder], {
    env: { ...process.env, AUTH: "none", SLURM_PORT: port },
    stdio: "ignore",
  });
  const before = process.env.SLURM_CONF;
  process.env.SLURM_CONF = conf;
  const node = hostname().split(".")[0]!;
  const pidOf = (daemon: string): number => Number(readFileSync(join(folder, `${daemon}.pid`), "utf8"));
  const control = (...args: string[]): void => void execFileSync("scontrol", args);
  return {
    killNode() {
      process.kill(pidOf("slurmd"), "SIGKILL");
      const processes = runningProcesses();
      const steps = processes.filter(
        ({ pid, name }) => name === "slurmstepd" && isIn(pid, join(folder, "log")),
      );
      for (const { pid } of [...steps, ...descendantsOf(steps, processes)]) killIfThere(pid);
      control("update", `NodeName=${node}`, "State=DOWN", "Reason=test");
    },
    async revive() {
      execFileSync("slurmd", ["-f", conf, "-N", node]);
      await until(() => {
        const state = execFileSync("sinfo", ["-h", "-o", "%t"]).toString();
        if (/down/.test(state)) spawnSync("scontrol", ["update", `NodeName=${node}`, "State=RESUME"]);
        return /^(?:idle|mix|alloc)\s*$/.test(state);
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

interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

/** All processes of this machine (proc(5): pid, name in brackets, state and parent in the file stat). */
function runningProcesses(): RunningProcess[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, "latin1");
      const [from, to] = [text.indexOf("("), text.lastIndexOf(")")];
      const parent = Number(text.slice(to + 2).split(" ")[1]);
      return [{ pid: Number(pid), parent, name: text.slice(from + 1, to) }];
    } catch {
      return [];
    }
  });
}

function descendantsOf(
  ancestors: readonly RunningProcess[],
  all: readonly RunningProcess[],
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

function killIfThere(pid: number): void {
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

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, most = 120_000): Promise<void> {
  for (const from = performance.now(); !(await holds()); await sleep(50))
    if (performance.now() - from > most) throw new Error(`not so after ${most} ms: ${holds}`);
}
