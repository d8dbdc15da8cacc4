/**
 * Whether a file that a server sent is what its name says. Login pages, empty and half answers come with a status of
 * success.
 */
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseJson } from "../../formats/json.js";
import { mrcHeaderSize, parseMrcHeader } from "../../formats/mrc/header.js";
import { openMrc } from "../../formats/mrc/sections.js";
import { openZarrArray, type ZarrArray } from "../../formats/zarr/array.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import { limits } from "../../system/limits.js";
import { openFile, readText } from "../../system/paths/opening.js";
import { isMrcName } from "../volumeNames.js";
import type { Expected } from "./download.js";
import type { RemoteFile } from "./listing.js";
import { refused } from "./request.js";

/** Names of Zarr's metadata. */
const metadataNames: readonly string[] = [".zattrs", ".zgroup", ".zarray", ".zmetadata", "zarr.json"];

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Tells whether a path is that of Zarr's metadata. */
export const isZarrMetadata = (path: string): boolean => metadataNames.includes(nameOf(path));

const isJson = (path: string): boolean => /\.json$/i.test(path) || isZarrMetadata(path);

/** Limit in bytes of a JSON document, such as the picks of one run, and of any other file that no list names. */
export const mostJsonBytes = 2 ** 28;

/** The arrays of a folder of files, each opened once. */
export interface ChunkArrays {
  /** Returns the array that a path's file would hold a chunk of, and the path inside it. */
  find(
    path: string,
  ): Promise<{ readonly folder: string; readonly array: ZarrArray; readonly inside: string } | undefined>;
}

const chunkName = /^(?:c[/.])?\d+(?:[/.]\d+)*$/;

/** Finds arrays by metadata that is here already. */
export function chunkArraysIn(root: string): ChunkArrays {
  const opened = new Map<string, Promise<ZarrArray | undefined>>();
  const arrayIn = (folder: string): Promise<ZarrArray | undefined> => {
    const known = opened.get(folder) ?? openZarrArray(join(root, folder)).catch(() => undefined);
    opened.set(folder, known);
    return known;
  };
  return {
    async find(path) {
      const parts = path.split("/");
      for (let count = parts.length - 1; count >= 0; count--) {
        const inside = parts.slice(count).join("/");
        if (!chunkName.test(inside)) break;
        const folder = parts.slice(0, count).join("/");
        const array = await arrayIn(folder);
        if (array !== undefined) return { folder, array, inside };
      }
      return undefined;
    },
  };
}

/** Returns what is known of a file before it comes. */
export async function expectedOf(file: RemoteFile, arrays: ChunkArrays): Promise<Expected> {
  if (isZarrMetadata(file.path)) return { mostBytes: limits.headerBytes.most };
  if (isJson(file.path)) return { mostBytes: mostJsonBytes };
  if (isMrcName(file.path)) return { head: (bytes, total) => mrcBytes(file.url, bytes, total) };
  const chunk = await arrays.find(file.path);
  if (chunk) return { mostBytes: mostStoredBytes(chunk.array) };
  return file.size === undefined ? { mostBytes: mostJsonBytes } : {};
}

/** Returns the most bytes of a stored chunk or shard: twice its values and some, as codecs add little to what cannot be packed. */
function mostStoredBytes(array: ZarrArray): number {
  const valueBytes = Number(/\d+$/.exec(array.dataType)?.[0] ?? 8) / 8;
  const values = array.chunkShape.reduce(
    (product, size, axis) => product * size * chunksPerFile(array, axis),
    1,
  );
  return 2 * valueBytes * values + 2 ** 20;
}

/** Bytes behind a map's voxels that are let pass. */
const trailingBytes = 2 ** 20;

/**
 * Returns how many bytes an MRC file has by its first ones; undefined for a packed one.
 *
 * @throws PickbenchError where they are no MRC header, or the server sends fewer bytes, or far more
 */
function mrcBytes(url: string, head: Buffer, total: number | undefined): number | undefined {
  const packed = (head[0] === 0x1f && head[1] === 0x8b) || head.toString("latin1", 0, 3) === "BZh";
  if (packed) return undefined;
  checkNoPage(url, head);
  if (head.length < mrcHeaderSize)
    throw refused(url, `the server sends ${head.length} bytes, an MRC header alone has ${mrcHeaderSize}`);
  const { counts, bytesPerValue, extendedSize } = parseMrcHeader(url, head);
  const wanted = mrcHeaderSize + extendedSize + counts[0] * counts[1] * counts[2] * bytesPerValue;
  if (total !== undefined && (total < wanted || total > 2 * wanted + trailingBytes))
    throw refused(
      url,
      `the server sends ${total} bytes, the file's header says ${wanted}; check the file on the server`,
    );
  return wanted + trailingBytes;
}

/** @throws PickbenchError where bytes are those of a web page */
function checkNoPage(url: string, bytes: Buffer): void {
  const start = bytes
    .toString("latin1", 0, 512)
    .replace(/^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*/s, "");
  if (/^<(?:!doctype\s+html|html|head|body)\b/i.test(start))
    throw refused(url, "the server sends a web page instead of the file; does it want a login?");
}

/**
 * Checks a file that has come, and removes it where it is not what it must be.
 *
 * @param path where it lies
 * @throws PickbenchError BadDataset with the file's address
 */
export async function checkContent(file: RemoteFile, path: string, arrays: ChunkArrays): Promise<void> {
  try {
    await checkBytes(file, path, arrays);
  } catch (error) {
    await rm(path, { force: true });
    if (!isPickbenchError(error)) throw error;
    const message = error.message.replaceAll(path, file.url);
    throw new PickbenchError(error.tag, message, { path: file.url, cause: error });
  }
}

async function checkBytes(
  { url, path: name, size }: RemoteFile,
  path: string,
  arrays: ChunkArrays,
): Promise<void> {
  const bytes = (await stat(path)).size;
  if (!/\.html?$/i.test(name)) checkNoPage(url, await startOf(path));
  if (isMrcName(name)) return checkMrc(path);
  const isListed = size !== undefined;
  if (bytes === 0 && !isListed) throw refused(url, "the server sends an empty file; check it on the server");
  if (isZarrMetadata(name) || (isJson(name) && !isListed)) return checkJson(url, path);
  if (/\.ndjson$/i.test(name)) return checkLines(url, path);
  const chunk = await arrays.find(name);
  if (chunk !== undefined) await checkChunk(chunk.array, chunk.inside, path);
}

async function startOf(path: string): Promise<Buffer> {
  const handle = await openFile(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Checks header and size of a map; a packed one is unpacked to its end. */
async function checkMrc(path: string): Promise<void> {
  const { header, source } = await openMrc(path);
  if (source.packing === undefined) return;
  const { counts, bytesPerValue, extendedSize } = header;
  const wanted = mrcHeaderSize + extendedSize + counts[0] * counts[1] * counts[2] * bytesPerValue;
  let unpacked = 0;
  for await (const block of source.read(0)) unpacked += block.length;
  if (unpacked < wanted)
    throw new PickbenchError(
      "BadDataset",
      `${path}: unpacks to ${unpacked} bytes, its header says ${wanted}`,
      { path },
    );
}

async function checkJson(url: string, path: string): Promise<void> {
  parseJson(await readText(path), { path: url });
}

async function checkLines(url: string, path: string): Promise<void> {
  const lines = (await readText(path)).split("\n");
  for (const [index, line] of lines.entries())
    if (line.trim() !== "") parseJson(line, { path: url, what: `line ${index + 1} is` });
}

/** Decodes a chunk, or every chunk of a shard. What no codec here can decode is taken as it is. */
async function checkChunk(array: ZarrArray, inside: string, path: string): Promise<void> {
  const outer = inside
    .replace(/^c[/.]/, "")
    .split(/[/.]/)
    .map(Number);
  if (outer.length !== array.shape.length) return;
  const perShard = outer.map((_, axis) => chunksPerFile(array, axis));
  const first = outer.map((index, axis) => index * perShard[axis]!);
  if (array.chunkFile(first) !== path) return;
  const counts = array.shape.map((size, axis) => {
    const chunks = Math.ceil(size / array.chunkShape[axis]!);
    return Math.min(perShard[axis]!, chunks - first[axis]!);
  });
  try {
    for (const at of placesIn(counts)) await array.readChunk(at.map((offset, axis) => first[axis]! + offset));
  } catch (error) {
    if (!isPickbenchError(error, "Unsupported")) throw error;
  }
}

/** How many chunks along an axis share a file. */
function chunksPerFile(array: ZarrArray, axis: number): number {
  const origin = array.shape.map(() => 0);
  const file = array.chunkFile(origin);
  const chunks = Math.ceil(array.shape[axis]! / array.chunkShape[axis]!);
  let count = 1;
  while (count < chunks && array.chunkFile(origin.with(axis, count)) === file) count++;
  return count;
}

/** Yields the places of a grid, empty where a size is. */
function* placesIn(counts: readonly number[]): Generator<number[]> {
  const total = counts.reduce((product, count) => product * Math.max(0, count), 1);
  for (let index = 0; index < total; index++) {
    let rest = index;
    yield counts.map((count) => {
      const at = rest % count;
      rest = Math.floor(rest / count);
      return at;
    });
  }
}

/**
 * Does work on copies of a server's files and has its errors name their address instead of the copies' folder.
 *
 * @param address of what the folder holds
 */
export async function namingAddress<T>(folder: string, address: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isPickbenchError(error)) throw error;
    const message = error.message.replaceAll(folder, address);
    throw new PickbenchError(error.tag, message, { path: address, cause: error });
  }
}

/** Checks a metadata document that has come as text. @throws PickbenchError BadDataset with its address */
export function checkMetadata(url: string, text: string): void {
  checkNoPage(url, Buffer.from(text.slice(0, 512), "latin1"));
  if (text.trim() === "") throw refused(url, "the server sends an empty file; check it on the server");
  parseJson(text, { path: url });
}
