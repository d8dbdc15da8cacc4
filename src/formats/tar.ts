/** Tar archives: reading of named members with bounds, and writing. Names are names alone, and never become paths. */
import type { FileHandle } from "node:fs/promises";
import { messageOf, PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { checkLimit } from "../system/limits.js";
import { openFile } from "../system/paths/opening.js";

/** A file inside an archive. */
export interface TarMember {
  readonly name: string;
  /** Bytes of its content. */
  readonly size: number;
  /** Place of its first byte in the archive. */
  readonly start: number;
}

/** An archive whose members are read one by one. */
export interface TarArchive {
  readonly path: string;
  readonly members: readonly TarMember[];
  /** Reads a member whole. */
  read(member: TarMember): Promise<Buffer>;
  close(): Promise<void>;
}

const block = 512;
/** Bytes at most of a GNU long name or of pax records. */
const longestRecord = 65_536;

/** Kinds of entries by their type flag (POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar's L and K). */
const plainFile = ["0", "\0", "7"];
const folder = "5";
const gnuLongName = "L";
const paxRecords = "x";
const paxGlobal = "g";

/**
 * Opens an uncompressed tar archive (POSIX ustar, pax, GNU) and lists its files. Only headers are read; every size is
 * held against the archive's own before anything is reserved for it.
 *
 * @param what kind of file it shall be, for messages, such as "an Ais model"
 * @throws PickbenchError BadDataset where it is no tar archive, is cut short, holds links or devices, names one file
 * twice, or has a name that leads out of a folder
 */
export async function openTar(path: string, what: string): Promise<TarArchive> {
  const file = await openFile(path).catch((error: unknown) => {
    throw new PickbenchError("BadUsage", `${path}: it cannot be read (${messageOf(error)}); give ${what}`, {
      path,
      cause: error,
    });
  });
  try {
    const members = await listMembers(file, path, what);
    return {
      path,
      members,
      read: ({ start, size }) => readAt(file, start, size),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Opens an archive held in memory, such as one inside another. @throws as `openTar` */
export async function tarOf(bytes: Buffer, path: string, what: string): Promise<TarArchive> {
  const source = {
    stat: async () => ({ size: bytes.length }),
    read: async (to: Buffer, _: number, length: number, at: number) => ({
      bytesRead: bytes.copy(to, 0, at, Math.min(bytes.length, at + length)),
    }),
  };
  const members = await listMembers(source, path, what);
  return {
    path,
    members,
    read: async ({ start, size }) => bytes.subarray(start, start + size),
    close: async () => undefined,
  };
}

/** What is read of an archive: a file, or bytes in memory. */
interface Source {
  stat(): Promise<{ readonly size: number }>;
  read(to: Buffer, offset: number, length: number, at: number): Promise<{ readonly bytesRead: number }>;
}

async function readAt(file: Source | FileHandle, start: number, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, size - at, start + at);
    if (bytesRead === 0) throw new Error("it ended while it was read");
    at += bytesRead;
  }
  return bytes;
}

async function listMembers(file: Source | FileHandle, path: string, what: string): Promise<TarMember[]> {
  const bad = (fault: string) =>
    new PickbenchError("BadDataset", `${path}: ${fault}; give ${what} as it was written`, { path });
  const { size: length } = await file.stat();
  const members = new Map<string, TarMember>();
  let longName: string | undefined;
  let at = 0;
  for (;;) {
    if (at + block > length) {
      if (at === 0) throw bad("it is no tar archive");
      throw bad("its tar archive is cut short");
    }
    const header = await readAt(file, at, block);
    if (header.every((byte) => byte === 0)) break;
    if (!hasChecksum(header))
      throw bad(at === 0 ? "it is no tar archive" : `its tar archive is damaged at byte ${at}`);
    const size = numberIn(header, 124, 12);
    const name = (longName ?? nameIn(header)).replace(/^(?:\.\/)+/, "");
    const start = at + block;
    if (size === undefined || start + size > length)
      throw bad(
        `its member ${JSON.stringify(name)} says that it has ${size ?? "no number of"} bytes, and the archive ends after ${Math.max(0, length - start)}`,
      );
    const kind = String.fromCharCode(header[156]!);
    longName = undefined;
    if (kind === gnuLongName || kind === paxRecords) {
      if (size > longestRecord) throw bad(`a name in it is longer than ${longestRecord} bytes`);
      const record = (await readAt(file, start, size)).toString("utf8");
      longName = kind === gnuLongName ? record.replace(/\0.*$/s, "") : paxPath(record);
    } else if (plainFile.includes(kind)) {
      const fault = nameFault(name);
      if (fault !== undefined) throw bad(`its member ${JSON.stringify(name)} ${fault}`);
      if (members.has(name)) throw bad(`it holds ${JSON.stringify(name)} twice`);
      members.set(name, { name, size, start });
      checkLimit("archiveMembers", members.size, { what: `${path}: its tar archive`, path });
    } else if (kind !== folder && kind !== paxGlobal)
      throw bad(`its member ${JSON.stringify(name)} is a link or a device, not a file`);
    at = start + Math.ceil(size / block) * block;
  }
  return [...members.values()];
}

/** Whether the sum of a header's bytes, its own field taken as blanks, is what the field says. */
function hasChecksum(header: Buffer): boolean {
  let sum = 8 * 0x20;
  for (const [at, byte] of header.entries()) if (at < 148 || at >= 156) sum += byte;
  return numberIn(header, 148, 8) === sum;
}

/** Number in octal digits, or base 256 where the first bit is set (GNU); undefined where it is none. */
function numberIn(header: Buffer, at: number, length: number): number | undefined {
  const field = header.subarray(at, at + length);
  if (field[0]! & 0x80) {
    let value = field[0]! & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = field.toString("latin1").replace(/\0.*$/s, "").trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

function nameIn(header: Buffer): string {
  const text = (at: number, length: number) =>
    header
      .subarray(at, at + length)
      .toString("utf8")
      .replace(/\0.*$/s, "");
  const isUstar = header.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? text(345, 155) : "";
  return prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`;
}

/** Returns the path that pax records ("LENGTH KEY=VALUE\n" each) give; undefined where they give none. */
function paxPath(records: string): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(records)?.[1];
}

function nameFault(name: string): string | undefined {
  if (name === "") return "has no name";
  if (/^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)/.test(name)) return "leads out of the archive";
  return undefined;
}

/** Encodes a tar archive (ustar) of files in this order, of time 0 and mode 644: equal files make equal bytes. */
export function encodeTar(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, bytes] of files) {
    parts.push(headerOf(name, bytes.length), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const rest = bytes.length % block;
    if (rest > 0) parts.push(Buffer.alloc(block - rest));
  }
  parts.push(Buffer.alloc(2 * block));
  return Buffer.concat(parts);
}

/** Writes a tar archive, whole or not at all. */
export const writeTar = (path: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> =>
  writeWhole(path, encodeTar(files));

/** Bytes of a ustar header's fields for the name and for what stands before its last slash. */
const nameBytes = 100;
const prefixBytes = 155;

function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(block);
  const { prefix, last } = splitName(name);
  header.write(last, 0, nameBytes, "utf8");
  header.write(prefix, 345, prefixBytes, "utf8");
  header.write("0000644\0", 100, "latin1");
  header.write("0000000\0", 108, "latin1");
  header.write("0000000\0", 116, "latin1");
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  header.write("00000000000\0", 136, "latin1");
  header.write("        ", 148, "latin1");
  header.write("0", 156, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

/** @throws PickbenchError BadUsage for a name longer than a ustar header holds */
function splitName(name: string): { readonly prefix: string; readonly last: string } {
  if (Buffer.byteLength(name) <= nameBytes) return { prefix: "", last: name };
  const cut = name.lastIndexOf("/");
  const [prefix, last] = [name.slice(0, Math.max(0, cut)), name.slice(cut + 1)];
  if (cut > 0 && Buffer.byteLength(last) <= nameBytes && Buffer.byteLength(prefix) <= prefixBytes)
    return { prefix, last };
  throw new PickbenchError(
    "BadUsage",
    `${name}: a tar archive takes names of ${nameBytes} bytes; give a shorter one`,
  );
}
