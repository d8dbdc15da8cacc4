/** What the system refuses (a full disk, missing rights, no memory) as one sentence for the user. */
import { messageOf, PickbenchError } from "./errors.js";

/** What to do about a refusal, by the system's code. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: "make room, or name another place",
  EDQUOT: "make room, or name another place",
  EACCES: "change its permissions, or name another place",
  EPERM: "change its permissions, or name another place",
  EROFS: "name another place",
  ENOENT: "check the path",
  ENOTDIR: "check the path",
  EISDIR: "check the path",
  EIO: "check the disk, or copy the file again",
  ENOTFILE: "name a file",
};

/** Codes that only a defect of this program brings about. */
const defects: readonly string[] = ["EBADF", "EFAULT", "ERR_INVALID_ARG_TYPE"];

const memoryRemedy = "give fewer --threads, or use a machine with more memory";

/** Whether an error came of the lack of memory, in this thread, in a worker or in native code. */
function isLackOfMemory(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return (
    code === "ENOMEM" ||
    code === "ERR_WORKER_OUT_OF_MEMORY" ||
    code === "ERR_MEMORY_ALLOCATION_FAILED" ||
    /Array buffer allocation failed|std::bad_alloc|bad allocation|Failed to allocate memory|failed to map segment/i.test(
      error.message,
    )
  );
}

/** What Node and ONNX Runtime say of threads that the system does not start. */
const noThreads = /EAGAIN|pthread_create failed|Resource temporarily unavailable/;

/** With fewer descriptors than this, Node says of modules that it cannot open that they are not there. */
const fewFiles = 256;

function mostOpenFiles(): number {
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft: number | "unlimited" } };
  };
  const most = userLimits?.open_files?.soft;
  return typeof most === "number" ? most : Number.POSITIVE_INFINITY;
}

/**
 * Returns the user's error of what the system refuses: its path, what is wrong in plain words, what to do. A
 * PickbenchError stays as it is; undefined for anything else, which is a defect.
 *
 * @param place the file or folder that was worked on, for where the system names none, as of a write, or one beside it
 */
export function userErrorOf(error: unknown, place?: string): PickbenchError | undefined {
  if (error instanceof PickbenchError) return error;
  if (!(error instanceof Error)) return undefined;
  const { code = "", syscall, path } = error as NodeJS.ErrnoException;
  const at = place !== undefined && (path === undefined || path.startsWith(place)) ? place : path;
  const make = (text: string) =>
    new PickbenchError("System", at === undefined ? text : `${at}: ${text}`, {
      ...(at === undefined ? {} : { path: at }),
      cause: error,
    });
  if (isLackOfMemory(error)) return make(`the memory is used up; ${memoryRemedy}`);
  if (code === "EAGAIN" || noThreads.test(error.message))
    return make("the system starts no more threads or processes; give fewer --threads, or raise ulimit -u");
  if (
    code === "EMFILE" ||
    code === "ENFILE" ||
    /Too many open files/.test(error.message) ||
    (code === "ERR_MODULE_NOT_FOUND" && mostOpenFiles() < fewFiles)
  )
    return make("too many files are open; raise ulimit -n");
  if (code === "ERR_FS_FILE_TOO_LARGE" || code === "ERR_STRING_TOO_LONG")
    return make("the file is too large to be read whole; divide it");
  if (syscall === undefined || !/^E[A-Z]/.test(code) || defects.includes(code)) return undefined;
  const known = messageOf(error) !== error.message || code === "ENOTFILE";
  const words = known ? messageOf(error) : `the system refuses it (${code}, ${syscall})`;
  return make(`${words}; ${remedies[code] ?? "name another place"}`);
}

/** Does work on a file or folder, and names it in what the system refuses. @throws PickbenchError */
export async function naming<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw userErrorOf(error, place) ?? error;
  }
}
