/** Files that may be packed with gzip or bzip2, read as their unpacked bytes. */
import { createReadStream } from "node:fs";
import { PassThrough, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { openFile } from "../../system/paths/opening.js";

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
async function unpacked(path: string, packing: PackedFile["packing"]): Promise<Readable> {
  const file = plain(path, 0);
  if (packing === "gzip") {
    const out = createGunzip({ chunkSize: blockSize });
    file.on("error", (error) => out.destroy(error));
    return file.pipe(out).on("close", () => file.destroy());
  }
  const { default: bunzip } = await import("unbzip2-stream");
  const packed = bunzip();
  const out = new PassThrough();
  for (const stream of [file, packed]) stream.on("error", (error: Error) => out.destroy(error));
  file.pipe(packed).pipe(out);
  return out.on("close", () => {
    file.unpipe(packed);
    file.destroy();
  });
}

async function* blocksOf(path: string, opening: Readable | Promise<Readable>): AsyncGenerator<Buffer> {
  const stream = await opening;
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
