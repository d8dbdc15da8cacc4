/** What befalls the process as a whole: signals, streams that nobody reads or that cannot be written, stray errors. */
import { userErrorOf } from "../../system/systemErrors.js";
import { errorText, exitCodeOf } from "./errorText.js";
import { print, printLine } from "./print.js";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Listens to what befalls the process. A signal that nothing else listens to ends it with a word and exit code 130, after
 * locks and unfinished files are removed. A closed pipe behind standard output ends nothing: the work goes on to its
 * end, and what would be printed is dropped. Where standard output cannot be written for another reason, the work goes
 * on too, and the exit code is 1.
 */
export function listenToProcess(isDebug: boolean): void {
  for (const signal of signals)
    process.on(signal, () => {
      if (process.listenerCount(signal) > 1) return;
      printLine(`pickbench: stopped by ${signal}; unfinished files are removed`);
      process.exit(130);
    });
  let lost: Error | undefined;
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") lost ??= error;
  });
  process.on("exit", () => {
    if (lost === undefined) return;
    print("stderr", errorText(userErrorOf(lost, "standard output") ?? lost, isDebug));
    process.exitCode ||= 1;
  });
  process.on("uncaughtException", (error) => {
    const told = userErrorOf(error) ?? error;
    print("stderr", errorText(told, isDebug));
    process.exit(exitCodeOf(told));
  });
}

/** Waits for Ctrl-C, a polite kill or a closed terminal. */
export async function untilStopped(): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      for (const signal of signals) process.off(signal, stop);
      resolve();
    };
    for (const signal of signals) process.on(signal, stop);
  });
}
