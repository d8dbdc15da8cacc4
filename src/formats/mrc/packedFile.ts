/** Files that may be packed with gzip or bzip2, read as their unpacked bytes. */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { openFile } from "../../system/paths/opening.js";
import { Bzip2Reader } from "../bzip2.js";

/** A file that is read unpacked. */
export interface PackedFile {
  readonly path: string;
  readonly packing: "gzip" | "bzip2" | undefined;
  /** Upper limit of the unpacked bytes; a plain file's size. */
  readonly mostBytes: number;
  /**
   * Yields the unpacked bytes from an offset on; a packed file is unpacked from its start and skipped up to there.
   *
   * @throws PickbenchError BadDataset where the file cannot be read or unpacked
   */
  read(from: number): AsyncGenerator<Buffer>;
}

/**
 * Most unpacked bytes of one packed byte: DEFLATE makes 258 of two bits (zlib.net/zlib_tech.html); bzip2 makes a block of
 * 900,000 bytes, five of which stand for 259, of at least 32.
 */
const mostUnpacked = { gzip: 1032, bzip2: Math.ceil((900_000 * 259) / 5 / 32) } as const;

/**
 * Opens a file and finds its packing by its first bytes.
 *
 * @throws PickbenchError BadDataset where the file cannot be read
 */
export async function openPacked(path: string): Promise<PackedFile> {
  const { size, start } = await sizeAndStart(path);
  const packing = packingOf(start);
  return {
    path,
    packing,
    mostBytes: size * (packing === undefined ? 1 : mostUnpacked[packing]),
    read: packing === undefined ? (from) => blocksOf(path, plain(path, from)) : readUnpacked,
  };

  async function* readUnpacked(from: number): AsyncGenerator<Buffer> {
    let passed = 0;
    for await (const block of blocksOf(path, unpacked(path, packing))) {
      const skipped = Math.min(block.length, from - passed);
      passed += skipped;
      if (skipped < block.length) yield skipped === 0 ? block : block.subarray(skipped);
    }
  }
}

async function sizeAndStart(path: string): Promise<{ size: number; start: Buffer }> {
  try {
    const handle = await openFile(path);
    try {
      const start = Buffer.alloc(3);
      await handle.read(start, 0, 3, 0);
      return { size: (await handle.stat()).size, start };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

function packingOf(start: Buffer): PackedFile["packing"] {
  if (start[0] === 0x1f && start[1] === 0x8b) return "gzip";
  return start.toString("latin1") === "BZh" ? "bzip2" : undefined;
}

const blockSize = 1 << 20;
const plain = (path: string, start: number): Readable =>
  createReadStream(path, { start, highWaterMark: blockSize });

/** Opens the unpacked stream of a file; an error of the file ends the unpacked stream too. */
function unpacked(path: string, packing: PackedFile["packing"]): Readable {
  const file = plain(path, 0);
  if (packing === "bzip2") return Readable.from(unpackBzip2(file));
  const out = createGunzip({ chunkSize: blockSize });
  file.on("error", (error) => out.destroy(error));
  return file.pipe(out).on("close", () => file.destroy());
}

/** Yields the bytes that bzip2 unpacks to, in blocks of at most 1 MiB. @throws Error where it is damaged or cut short */
async function* unpackBzip2(file: Readable): AsyncGenerator<Buffer> {
  const full: Buffer[] = [];
  let block = Buffer.allocUnsafe(blockSize);
  let filled = 0;
  const packed: Buffer[] = [];
  const next = (): Buffer => {
    const bytes = packed.shift();
    if (bytes === undefined) throw new Error("bzip2 stream is cut short");
    return bytes;
  };
  const write = (byte: number): void => {
    block[filled++] = byte;
    if (filled < blockSize) return;
    full.push(block);
    block = Buffer.allocUnsafe(blockSize);
    filled = 0;
  };
  let reader: Bzip2Reader | undefined;
  let arrived = 0;
  for await (const bytes of file) {
    packed.push(bytes as Buffer);
    arrived += (bytes as Buffer).length;
    reader ??= new Bzip2Reader(next, write);
    while (arrived - reader.bytesRead > reader.mostOfPart) {
      reader.readPart();
      yield* full.splice(0);
    }
  }
  while (reader !== undefined && (reader.isInside || reader.bytesRead < arrived)) {
    reader.readPart();
    yield* full.splice(0);
  }
  if (filled > 0) yield block.subarray(0, filled);
}

async function* blocksOf(path: string, stream: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const block of stream) yield block as Buffer;
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    stream.destroy();
  }
}

const unreadable = (path: string, error: unknown): PickbenchError =>
  new PickbenchError("BadDataset", `${path}: cannot be read: ${messageOf(error)}`, { path, cause: error });
