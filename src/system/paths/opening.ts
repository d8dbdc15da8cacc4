/** Opening of files that the user or another file names: pipes, sockets and devices are refused. */
import { closeSync, constants, fstatSync, openSync, readFile, readFileSync, type Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { promisify } from "node:util";

/** Opened so, a pipe without a writer does not wait for one. */
const reading = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file that the user or another file names. Every reader of such a file uses this or one of the functions below:
 * a pipe, a socket or a device would make it wait for ever, or give bytes without end.
 *
 * @throws Error of the system, and of its form where it is no file
 */
export async function openFile(path: string): Promise<FileHandle> {
  const file = await open(path, reading).catch((error: unknown) => {
    throw ofSocket(error, path);
  });
  try {
    refuseUnlessFile(await file.stat(), path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** As `openFile`. Returns the file's descriptor. */
export function openFileSync(path: string): number {
  let file: number;
  try {
    file = openSync(path, reading);
  } catch (error) {
    throw ofSocket(error, path);
  }
  try {
    refuseUnlessFile(fstatSync(file), path);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** Bytes that are read at once: a thread's answers would take longer than the reading. */
const mostAtOnce = 1 << 18;

const readRest = promisify(readFile);

/** Reads a whole file, as `openFile`. */
export async function readBytes(path: string): Promise<Buffer> {
  const file = openFileSync(path);
  try {
    return fstatSync(file).size <= mostAtOnce ? readFileSync(file) : await readRest(file);
  } finally {
    closeSync(file);
  }
}

/** Reads a whole file, as `openFile`; undefined where there is none. */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  return readBytes(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

/** Reads the last bytes of a file, or all where it has fewer, as `openFile`. */
export async function readEnd(path: string, bytes: number): Promise<Buffer> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, Math.max(0, size - bytes));
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Reads a whole file of UTF-8 text, as `openFile`. */
export const readText = async (path: string): Promise<string> => (await readBytes(path)).toString("utf8");

/** Reads a whole file, as `openFile`. */
export function readBytesSync(path: string): Buffer {
  const file = openFileSync(path);
  try {
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Checks that no pipe, socket or device stands where a file or folder is to be written.
 *
 * @throws Error of a system error's form
 */
export async function refuseSpecial(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there !== undefined && !there.isDirectory()) refuseUnlessFile(there, path);
}

/** Code of an error about what is neither file nor folder. */
const notAFile = "ENOTFILE";

const special = (what: string, path: string): Error =>
  Object.assign(new Error(`it is ${what}, not a file`), { code: notAFile, syscall: "open", path });

/** The system opens no sockets, nor devices that are not there. */
const ofSocket = (error: unknown, path: string): unknown =>
  (error as NodeJS.ErrnoException).code === "ENXIO" ? special("a socket or device", path) : error;

function refuseUnlessFile(found: Stats, path: string): void {
  if (found.isFile()) return;
  if (found.isDirectory())
    throw Object.assign(new Error("EISDIR: illegal operation on a directory, read"), {
      code: "EISDIR",
      syscall: "read",
      path,
    });
  if (found.isFIFO()) throw special("a pipe", path);
  throw special(found.isSocket() ? "a socket" : "a device", path);
}
