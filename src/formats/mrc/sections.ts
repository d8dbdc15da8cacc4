import { PickbenchError } from "../../system/errors.js";
import { halfToFloat } from "../halfFloat.js";
import { type MrcHeader, mrcHeaderSize, parseMrcHeader } from "./header.js";
import { openPacked, type PackedFile } from "./packedFile.js";

/** An MRC file whose header has been read and holds good for the file's size. */
export interface MrcFile {
  readonly path: string;
  readonly header: MrcHeader;
  readonly source: PackedFile;
}

/** Voxels as they are stored: of mode 12 their values, of mode 4 pairs of real and imaginary part. */
type MrcValues = Int8Array | Uint8Array | Int16Array | Uint16Array | Float32Array;

/** Whole sections, one behind the other. */
export interface MrcSections {
  readonly first: number;
  readonly values: MrcValues;
}

/**
 * Opens an MRC2014 or CCP4 file, plain, gzipped or packed with bzip2.
 *
 * @throws BadDataset where there is no header that makes sense or fewer bytes than it promises, Unsupported for a mode
 * that cannot be read
 */
export async function openMrc(path: string): Promise<MrcFile> {
  const source = await openPacked(path);
  const header = parseMrcHeader(path, await headerBytes(source));
  const { counts, bytesPerValue, extendedSize } = header;
  const wanted = mrcHeaderSize + extendedSize + counts[0] * counts[1] * counts[2] * bytesPerValue;
  if (wanted <= source.mostBytes) return { path, header, source };
  const holds = source.packing === undefined ? "has" : "can hold no more than";
  throw new PickbenchError(
    "BadDataset",
    `${path}: header says ${counts.join("×")} voxels of ${bytesPerValue} bytes behind ${extendedSize} of extended header, ${wanted} bytes in all; the file ${holds} ${source.mostBytes}: copy it again`,
    { path },
  );
}

async function headerBytes(source: PackedFile): Promise<Buffer> {
  const blocks: Buffer[] = [];
  let length = 0;
  for await (const block of source.read(0)) {
    blocks.push(block);
    length += block.length;
    if (length >= mrcHeaderSize) return Buffer.concat(blocks);
  }
  throw new PickbenchError(
    "BadDataset",
    `${source.path}: ${length} bytes; an MRC header alone has ${mrcHeaderSize}`,
    { path: source.path },
  );
}

/** The bytes between header and voxels. @throws BadDataset where the file ends before them */
export async function readExtendedHeader({ path, header, source }: MrcFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(header.extendedSize);
  let filled = 0;
  if (bytes.length === 0) return bytes;
  for await (const block of source.read(mrcHeaderSize)) {
    const part = block.subarray(0, bytes.length - filled);
    bytes.set(part, filled);
    filled += part.length;
    if (filled === bytes.length) return bytes;
  }
  throw new PickbenchError("BadDataset", `${path}: ends within its extended header; copy it again`, { path });
}

const blockBytes = 4 << 20;

/** How many sections are read at a time: as many as fill a block, at least one. */
export function sectionsPerBlock({ counts, bytesPerValue }: MrcHeader): number {
  return Math.max(1, Math.min(counts[2], Math.floor(blockBytes / (counts[0] * counts[1] * bytesPerValue))));
}

/**
 * Sections `from` to `to`, the latter left out, in order, a block of them at a time. A packed file is read to its end
 * behind the last one, where its checksum lies.
 *
 * @throws BadDataset where the file ends before them
 */
export async function* readSections(
  { path, header, source }: MrcFile,
  from: number,
  to: number,
): AsyncGenerator<MrcSections> {
  const sectionBytes = header.counts[0] * header.counts[1] * header.bytesPerValue;
  const perBlock = sectionsPerBlock(header);
  const sectionsLeft = (first: number) => Math.min(perBlock, to - first);
  let first = from;
  let block = Buffer.from(new ArrayBuffer(sectionsLeft(first) * sectionBytes));
  let filled = 0;
  for await (let bytes of source.read(mrcHeaderSize + header.extendedSize + from * sectionBytes)) {
    while (bytes.length > 0 && first < to) {
      const copied = bytes.copy(block, filled);
      filled += copied;
      bytes = bytes.subarray(copied);
      if (filled < block.length) continue;
      yield { first, values: valuesOf(header, block) };
      first += sectionsLeft(first);
      filled = 0;
      if (first < to) block = Buffer.from(new ArrayBuffer(sectionsLeft(first) * sectionBytes));
    }
    const hasChecksum = source.packing !== undefined && to === header.counts[2];
    if (first >= to && !hasChecksum) return;
  }
  if (first >= to) return;
  throw new PickbenchError(
    "BadDataset",
    `${path}: ends after ${first + Math.floor(filled / sectionBytes)} of ${header.counts[2]} sections; copy it again`,
    { path },
  );
}

/** Numbers of a block of whole values, in memory of its own, which is turned to this machine's byte order. */
function valuesOf({ mode, littleEndian, unsignedBytes }: MrcHeader, block: Buffer): MrcValues {
  const memory = [block.buffer, 0] as const;
  if (mode === 0) return unsignedBytes ? new Uint8Array(...memory) : new Int8Array(...memory);
  const isFloats = mode === 2 || mode === 4;
  if (!littleEndian) isFloats ? block.swap32() : block.swap16();
  if (isFloats) return new Float32Array(...memory);
  if (mode === 1) return new Int16Array(...memory);
  const words = new Uint16Array(...memory);
  return mode === 6 ? words : halfToFloat(words);
}
