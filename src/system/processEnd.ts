/** How a process that this one started came to its end. */
import type { ChildProcess } from "node:child_process";
import { messageOf } from "./errors.js";

/** The end of a process. */
export interface ProcessEnd {
  /** Exit code; null where it could not be started, or a signal ended it. */
  readonly code: number | null;
  /** What happened to it, where there is no code. */
  readonly message?: string | undefined;
}

/** Waits for the end of a process, which was just started. */
export const endOfChild = (child: ChildProcess): Promise<ProcessEnd> =>
  new Promise((resolve) => {
    child.once("error", (error) =>
      resolve({ code: null, message: `it could not be started (${messageOf(error)})` }),
    );
    child.once("exit", (code, by) =>
      resolve(by ? { code: null, message: `its process was ended by ${by}` } : { code }),
    );
  });
