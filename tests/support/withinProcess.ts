import childProcess, { ChildProcess } from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import workerThreads from "node:worker_threads";

/** Unit tests start neither processes nor threads: one that would is told where it belongs. */
function refuse(): never {
  throw new Error("a unit test starts no process and no thread; call the file NAME.whole.test.ts");
}

Object.assign(ChildProcess.prototype, { spawn: refuse });
Object.assign(childProcess, { spawnSync: refuse, execSync: refuse, execFileSync: refuse });
Object.assign(workerThreads, {
  Worker: class {
    constructor() {
      refuse();
    }
  },
});
syncBuiltinESMExports();
