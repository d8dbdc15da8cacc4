import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import { messageOf, PickbenchError } from "../errors.js";
import { writeWhole } from "../files.js";

/** Float arrays by name and text by key: the safetensors format (huggingface/safetensors, "Format"). */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit on the header. */
const largestHeader = 100_000_000;

const entrySchema = z.strictObject({
  dtype: z.literal("F32"),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
});
const headerSchema = z
  .object({ __metadata__: z.record(z.string(), z.string()).default({}) })
  .catchall(z.unknown());

/** The file's bytes; equal content gives equal bytes. */
export function encodeTensors({ tensors, metadata }: TensorFile): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded + offset, 0x20);
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  text.copy(bytes, 8);
  let at = 8 + padded;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

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

/** @throws BadCheckpoint where the file is missing, cut short, or not safetensors of float32. */
export async function readTensors(path: string): Promise<TensorFile> {
  const bytes = await readChecked(path);
  const length = bytes.length >= 8 ? Number(bytes.readBigUInt64LE(0)) : Number.NaN;
  if (!(length >= 2 && length <= largestHeader && 8 + length <= bytes.length))
    throw bad(
      path,
      `not a safetensors file (${bytes.length} bytes, a header of ${Number.isNaN(length) ? "none" : length})`,
    );
  let header: z.infer<typeof headerSchema>;
  try {
    header = headerSchema.parse(JSON.parse(bytes.toString("utf8", 8, 8 + length)));
  } catch (error) {
    throw bad(path, "its safetensors header is not valid JSON", error);
  }
  const { __metadata__: metadata, ...entries } = header;
  const body = bytes.subarray(8 + length);
  const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
  const places: Place[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const { place, ...tensor } = readEntry(path, name, entry, body);
    tensors.set(name, tensor);
    places.push(place);
  }
  checkPlaces(path, places, body.length);
  return { tensors, metadata };
}

async function readChecked(path: string): Promise<Buffer> {
  try {
    if ((await stat(path)).isDirectory()) throw bad(path, "it is a folder, not a file");
    return await readFile(path);
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw bad(path, `it cannot be read (${messageOf(error)})`, error);
  }
}

/** First byte and the one after the last. */
type Place = readonly [start: number, end: number];

/** The format wants no byte of two tensors and no byte of none. */
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
): { shape: number[]; data: Float32Array; place: Place } {
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success)
    throw bad(path, `tensor ${name} is not a float32 array with a shape and a place`, parsed.error);
  const { shape, data_offsets: offsets } = parsed.data;
  const [start, end] = offsets;
  const count = shape.reduce((a, b) => a * b, 1);
  if (end - start !== 4 * count || end > body.length)
    throw bad(
      path,
      `tensor ${name} takes bytes ${start} to ${end} of ${body.length}, wanted ${4 * count}; the file may be cut short`,
    );
  const data = new Float32Array(count);
  new Uint8Array(data.buffer).set(body.subarray(start, end));
  return { shape, data, place: offsets };
}
