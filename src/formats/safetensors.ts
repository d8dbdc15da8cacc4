/** safetensors files of float32 arrays, bytes and text: the container of checkpoints. */
import { type FileHandle, stat } from "node:fs/promises";
import { z } from "zod";
import { messageOf, PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { checkLimit } from "../system/limits.js";
import { openFile } from "../system/paths/opening.js";
import { parseJson } from "./json.js";

/** Content of a safetensors file (huggingface/safetensors, "Format"): float arrays, bytes, and text by key. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
  /** Byte arrays by name, such as whole files of other formats. */
  readonly bytes?: ReadonlyMap<string, Uint8Array>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Dimensions of a tensor at most. */
const mostDimensions = 32;

/** The format's sizes and places are unsigned, and so never -0. */
const size = z
  .number()
  .int()
  .nonnegative()
  .refine((value) => !Object.is(value, -0));
const entrySchema = z.strictObject({
  dtype: z.enum(["F32", "U8"]),
  shape: z.array(size).max(mostDimensions),
  data_offsets: z.tuple([size, size]),
});
const headerSchema = z
  .object({ __metadata__: z.record(z.string(), z.string()).default({}) })
  .catchall(z.unknown());

/** Encodes a file; equal content in equal order makes equal bytes. */
export function encodeTensors({ tensors, bytes: files = new Map(), metadata }: TensorFile): Uint8Array {
  const arrays = [
    ...[...tensors].map(([name, { shape, data }]) => ({ name, dtype: "F32", shape, data })),
    ...[...files].map(([name, data]) => ({ name, dtype: "U8", shape: [data.length], data })),
  ];
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, dtype, shape, data } of arrays) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded + offset, 0x20);
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  text.copy(bytes, 8);
  let at = 8 + padded;
  for (const { data } of arrays) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Writes a file, whole or not at all. */
export async function writeTensors(path: string, file: TensorFile): Promise<void> {
  await writeWhole(path, encodeTensors(file));
}

const bad = (path: string, what: string, cause?: unknown): PickbenchError =>
  new PickbenchError(
    "BadCheckpoint",
    `${path}: ${what}; give a .safetensors checkpoint written by pickbench train or run`,
    {
      path,
      cause,
    },
  );

/**
 * Reads a file. The header is checked as a whole before any tensor is read, so that no file takes more memory than it is
 * long.
 *
 * @throws PickbenchError BadCheckpoint where the file is missing, cut short, or not safetensors of float32 and bytes
 */
export async function readTensors(path: string): Promise<TensorFile> {
  try {
    if ((await stat(path)).isDirectory()) throw bad(path, "it is a folder, not a file");
    const file = await openFile(path);
    try {
      return await readOpened(path, file);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw bad(path, `it cannot be read (${messageOf(error)})`, error);
  }
}

async function readOpened(path: string, file: FileHandle): Promise<TensorFile> {
  const { size } = await file.stat();
  const { length, header } = await readHeader(path, file, size);
  const { __metadata__: metadata, ...named } = header;
  const entries = Object.entries(named).map(([name, entry]) => ({
    name,
    ...checkedEntry(path, name, entry),
  }));
  checkPlaces(path, entries, size - 8 - length);
  const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
  const bytes = new Map<string, Uint8Array>();
  for (const { name, dtype, shape, start, end } of entries) {
    const values = await readExactly(file, 8 + length + start, end - start);
    if (dtype === "F32") tensors.set(name, { shape, data: new Float32Array(values.buffer) });
    else bytes.set(name, values);
  }
  return { tensors, ...(bytes.size > 0 && { bytes }), metadata };
}

async function readHeader(
  path: string,
  file: FileHandle,
  size: number,
): Promise<{ readonly length: number; readonly header: z.infer<typeof headerSchema> }> {
  const begin = size >= 8 ? await readExactly(file, 0, 8) : undefined;
  const length = begin ? Number(new DataView(begin.buffer).getBigUint64(0, true)) : Number.NaN;
  if (!(length >= 2 && 8 + length <= size))
    throw bad(
      path,
      `not a safetensors file (${size} bytes, a header of ${Number.isNaN(length) ? "none" : length})`,
    );
  const tag = "BadCheckpoint";
  checkLimit("headerBytes", length, { what: `${path}: its header`, path, tag });
  checkLimit("checkpointBytes", size, { what: `${path}: the checkpoint`, path, tag });
  const what = "its safetensors header is";
  const text = utf8(await readExactly(file, 8, length));
  if (!text?.startsWith("{")) throw bad(path, `${what} not text that begins with {`);
  const parsed = headerSchema.safeParse(parseJson(text, { path, what, tag, unique: true }));
  if (!parsed.success) throw bad(path, `${what} not one of tensors and text`, parsed.error);
  const count = Object.keys(parsed.data).length - 1;
  checkLimit("checkpointTensors", count, { what: `${path}: its header`, path, tag });
  return { length, header: parsed.data };
}

/** Decodes bytes as UTF-8; undefined where they are not. */
function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Reads bytes of a file into memory of their own. @throws Error where the file ends before */
async function readExactly(file: FileHandle, from: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const most = Math.min(length - done, greatestRead);
    const { bytesRead } = await file.read(bytes, done, most, from + done);
    if (bytesRead === 0) throw new Error("it ended while it was read");
    done += bytesRead;
  }
  return bytes;
}

/** Bytes that one call of the system reads at most. */
const greatestRead = 2 ** 30;

/** A tensor as the header describes it; its bytes in the file's body from `start` to before `end`. */
interface Entry {
  readonly name: string;
  readonly dtype: "F32" | "U8";
  readonly shape: number[];
  readonly start: number;
  readonly end: number;
}

/** Checks that every byte belongs to exactly one tensor, as the format demands. */
function checkPlaces(path: string, entries: readonly Entry[], length: number): void {
  let next = 0;
  for (const { name, start, end } of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (end > length)
      throw bad(
        path,
        `tensor ${name} takes bytes ${start} to ${end} of ${length}; the file may be cut short`,
      );
    if (start !== next)
      throw bad(path, `its tensors overlap or leave a gap at byte ${Math.min(start, next)}`);
    next = end;
  }
  if (next !== length) throw bad(path, `its tensors end at byte ${next} of ${length}`);
}

function checkedEntry(path: string, name: string, entry: unknown): Omit<Entry, "name"> {
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success)
    throw bad(path, `tensor ${name} is not a float32 or byte array with a shape and a place`, parsed.error);
  const { dtype, shape, data_offsets: offsets } = parsed.data;
  const [start, end] = offsets;
  let wanted = dtype === "F32" ? 4 : 1;
  for (const size of shape) {
    wanted *= size;
    if (!Number.isSafeInteger(wanted)) throw bad(path, `tensor ${name} has more values than can be counted`);
  }
  if (end - start !== wanted)
    throw bad(path, `tensor ${name} takes bytes ${start} to ${end}, wanted ${wanted}, as its shape says`);
  return { dtype, shape, start, end };
}
