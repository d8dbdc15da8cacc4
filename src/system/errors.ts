/** The program's own errors. */

/**
 * Tags of the failures that are the user's to mend (and `Stopped`, which is the user's own wish); anything else that is
 * thrown is a defect of the program.
 */
export type ErrorTag =
  | "BadExperiment"
  | "BadDataset"
  | "BadSubmission"
  | "BadCheckpoint"
  | "BadUsage"
  | "NotFinite"
  | "Unsupported"
  | "Stopped";

/**
 * An error for the user in one sentence: what, where, got, wanted, what to do. The command line prints only this
 * sentence, without a stack, and exits with 1.
 */
export class PickbenchError extends Error {
  readonly tag: ErrorTag;
  /** The file or folder concerned, if there is one. */
  readonly path: string | undefined;

  constructor(tag: ErrorTag, message: string, options: { path?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = tag;
    this.tag = tag;
    this.path = options.path;
  }
}

/** Says whether what was thrown is a PickbenchError, of this tag where one is given. */
export function isPickbenchError(error: unknown, tag?: ErrorTag): error is PickbenchError {
  return error instanceof PickbenchError && (tag === undefined || error.tag === tag);
}

/** Returns the text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
