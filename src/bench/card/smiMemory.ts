/** The memory of cards while something is measured, by `nvidia-smi`. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { smi } from "../../engines/cards.js";
import { undoAtEnd } from "../../system/ending.js";

/** Time in ms between two looks. */
const between = 250;

/** Watches how much memory is in use on one card. */
export interface MemoryWatch {
  /** Begins anew with what is in use now. */
  reset(): void;
  /** Greatest rise since the last reset, MiB; null where nothing was heard. */
  rise(): number | null;
  stop(): void;
}

/** Begins to watch a card, by its number. */
export function watchMemory(card: number): MemoryWatch {
  const query = ["--query-gpu=memory.used", "--format=csv,noheader,nounits"];
  const child = spawn(smi, [...query, `--id=${card}`, `--loop-ms=${between}`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  child.on("error", () => undefined);
  const forget = undoAtEnd(() => child.kill());
  let [before, most, last]: (number | null)[] = [null, null, null];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const used = Number(line);
    if (line.trim() === "" || !Number.isFinite(used)) return;
    last = used;
    before ??= used;
    most = Math.max(most ?? used, used);
  });
  return {
    reset() {
      before = last;
      most = last;
    },
    rise: () => (before == null || most == null ? null : most - before),
    stop() {
      forget();
      child.kill();
    },
  };
}
