/** A Slurm of two nodes, both on this machine, one of which can be lost for good. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import {
  beginNow,
  descendantsOf,
  freePorts,
  killIfThere,
  nodeStates,
  type Slurm,
  startSlurm,
  until,
} from "./slurm.js";

export interface TwoNodes extends Pick<Slurm, "stop"> {
  /** Ends a node with the processes of its jobs, which say no word, and lets those jobs begin elsewhere without a wait. */
  readonly lose: (node: string, pids: readonly number[]) => Promise<void>;
}

const nodes = ["node1", "node2"] as const;

/** Starts Slurm with two nodes of two processors each, and has this process's commands talk to it. */
export async function startTwoNodes(folder: string): Promise<TwoNodes> {
  const conf = join(folder, "slurm.conf");
  const before = process.env.SLURM_CONF;
  await (await startSlurm(folder)).stop();
  const port = await freePorts(1 + nodes.length);
  const host = hostname().split(".")[0]!;
  const node = (name: string, at: number): string =>
    `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${port + 1 + at} CPUs=2 SocketsPerBoard=1 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=4000 State=UNKNOWN`;
  const kept = readFileSync(conf, "utf8")
    .split("\n")
    .filter((line) => !/^(?:NodeName|PartitionName|SlurmdPort|StateSaveLocation)/.test(line))
    .join("\n")
    .replace(/^SlurmctldPort=.*/m, `SlurmctldPort=${port}`)
    .replace(/^(SlurmdSpoolDir=.*)/m, "$1-%n")
    .replace(/^(SlurmdPidFile=.*)\.pid/m, "$1-%n.pid")
    .replace(/^(SlurmdLogFile=.*)\.log/m, "$1-%n.log");
  const partition = `PartitionName=cpu Nodes=${nodes.join(",")} Default=YES MaxTime=INFINITE State=UP`;
  const state = `StateSaveLocation=${join(folder, "state-2")}`;
  writeFileSync(conf, [kept, state, ...nodes.map(node), partition, ""].join("\n"));
  process.env.SLURM_CONF = conf;
  execFileSync("mkdir", ["-p", join(folder, "state-2")]);
  execFileSync("slurmctld", ["-f", conf]);
  for (const name of nodes) execFileSync("slurmd", ["-f", conf, "-N", name]);
  await until(() => nodeStates() === "idle");
  const pidFile = (daemon: string): string => join(folder, `${daemon}.pid`);
  const end = (daemon: string, signal: NodeJS.Signals): void =>
    void process.kill(Number(readFileSync(pidFile(daemon), "utf8")), signal);
  return {
    async lose(name, pids) {
      end(`slurmd-${name}`, "SIGKILL");
      const steps = pids.map((pid) => ({ pid: stepOf(pid) }));
      for (const { pid } of [...steps, ...descendantsOf(steps)]) killIfThere(pid);
      execFileSync("rm", [pidFile(`slurmd-${name}`)]);
      execFileSync("scontrol", ["update", `NodeName=${name}`, "State=DOWN", "Reason=test"]);
      await until(() => beginNow() >= pids.length);
    },
    async stop() {
      const left = ["slurmctld", ...nodes.map((name) => `slurmd-${name}`)].filter((name) =>
        existsSync(pidFile(name)),
      );
      for (const daemon of left) end(daemon, "SIGTERM");
      await until(() => left.every((daemon) => !existsSync(pidFile(daemon))));
      if (before === undefined) delete process.env.SLURM_CONF;
      else process.env.SLURM_CONF = before;
    },
  };
}

/** The step's daemon of a task: what started it (proc(5): the fourth field of its stat). */
function stepOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
}

/** The node that a process of a job runs on. */
export const nodeOf = (pid: number): string =>
  /(?:^|\0)SLURMD_NODENAME=([^\0]*)/.exec(readFileSync(`/proc/${pid}/environ`, "utf8"))![1]!;
