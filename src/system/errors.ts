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
  | "OutOfMemory"
  | "System"
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

/** Returns the text of whatever was thrown; of what the system says about a file, in plain words without its path. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, syscall } = error as NodeJS.ErrnoException;
  const words = code !== undefined && syscall !== undefined ? systemWords[code] : undefined;
  return words ?? error.message;
}

/** What the system says is wrong with a file, in plain words. */
const systemWords: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "it can only be read",
  ENOENT: "it does not exist",
  ENOTDIR: "a part of its path is a file, not a folder",
  EISDIR: "it is a folder, not a file",
  EEXIST: "it exists already",
  ENOTEMPTY: "the folder is not empty",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file is too large for this disk",
  EMFILE: "too many files are open; raise ulimit -n",
  ENFILE: "too many files are open on this machine",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "its links lead in a circle",
  EXDEV: "it lies on another disk",
  EIO: "the disk reports an error",
  EBUSY: "it is in use",
  ETXTBSY: "it is in use",
};
