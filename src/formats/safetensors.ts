/** safetensors files of float32 arrays, bytes and text: the container of checkpoints. */
import { stat } from "node:fs/promises";
import { z } from "zod";
import { messageOf, PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { readBytes } from "../system/opening.js";

/** Content of a safetensors file (huggingface/safetensors, "Format"): float arrays, bytes, and text by key. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
  /** Byte arrays by name, such as whole files of other formats. */
  readonly bytes?: ReadonlyMap<string, Uint8Array>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit of the header's bytes. */
const largestHeader = 100_000_000;

const entrySchema = z.strictObject({
  dtype: z.enum(["F32", "U8"]),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
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
 * Reads a file.
 *
 * @throws PickbenchError BadCheckpoint where the file is missing, cut short, or not safetensors of float32 and bytes
 */
export async function readTensors(path: string): Promise<TensorFile> {
  const content = await readChecked(path);
  const length = content.length >= 8 ? Number(content.readBigUInt64LE(0)) : Number.NaN;
  if (!(length >= 2 && length <= largestHeader && 8 + length <= content.length))
    throw bad(
      path,
      `not a safetensors file (${content.length} bytes, a header of ${Number.isNaN(length) ? "none" : length})`,
    );
  let header: z.infer<typeof headerSchema>;
  try {
    header = headerSchema.parse(JSON.parse(content.toString("utf8", 8, 8 + length)));
  } catch (error) {
    throw bad(path, "its safetensors header is not valid JSON", error);
  }
  const { __metadata__: metadata, ...entries } = header;
  const body = content.subarray(8 + length);
  const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
  const bytes = new Map<string, Uint8Array>();
  const places: Place[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const { place, shape, values } = readEntry(path, name, entry, body);
    if (values instanceof Float32Array) tensors.set(name, { shape, data: values });
    else bytes.set(name, values);
    places.push(place);
  }
  checkPlaces(path, places, body.length);
  return { tensors, ...(bytes.size > 0 && { bytes }), metadata };
}

async function readChecked(path: string): Promise<Buffer> {
  try {
    if ((await stat(path)).isDirectory()) throw bad(path, "it is a folder, not a file");
    return await readBytes(path);
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw bad(path, `it cannot be read (${messageOf(error)})`, error);
  }
}

/** A tensor's bytes in the file's body: the first, and the one after the last. */
type Place = readonly [start: number, end: number];

/** Checks that every byte belongs to exactly one tensor, as the format demands. */
function checkPlaces(path: string, places: readonly Place[], length: number): void {
  let next = 0;
  for (const [start, end] of [...places].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (start !== next)
      throw bad(path, `its tensors overlap or leave a gap at byte ${Math.min(start, next)}`);
    next = end;
  }
  if (next !== length) throw bad(path, `its tensors end at byte ${next} of ${length}`);
}

function readEntry(
  path: string,
  name: string,
  entry: unknown,
  body: Buffer,
): { shape: number[]; values: Float32Array | Uint8Array; place: Place } {
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success)
    throw bad(path, `tensor ${name} is not a float32 or byte array with a shape and a place`, parsed.error);
  const { dtype, shape, data_offsets: offsets } = parsed.data;
  const [start, end] = offsets;
  const count = shape.reduce((a, b) => a * b, 1);
  const wanted = dtype === "F32" ? 4 * count : count;
  if (end - start !== wanted || end > body.length)
    throw bad(
      path,
      `tensor ${name} takes bytes ${start} to ${end} of ${body.length}, wanted ${wanted}; the file may be cut short`,
    );
  const bytes = new Uint8Array(wanted);
  bytes.set(body.subarray(start, end));
  return { shape, values: dtype === "F32" ? new Float32Array(bytes.buffer) : bytes, place: offsets };
}
