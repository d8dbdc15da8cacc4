/** MRC files by whole sections as they are stored, with the file's size checked against its header. */
import { PickbenchError } from "../../system/errors.js";
import { shellWord } from "../../system/files.js";
import { halfToFloat } from "../halfFloat.js";
import { type MrcHeader, mrcHeaderSize, parseMrcHeader } from "./header.js";
import { openPacked, type PackedFile } from "./packedFile.js";

/** An MRC file whose header has been read and agrees with the file's size. */
export interface MrcFile {
  readonly path: string;
  readonly header: MrcHeader;
  readonly source: PackedFile;
}

/** Voxels of sections as stored; mode 12 as float32 values, mode 4 as pairs of real and imaginary part. */
type MrcValues = Int8Array | Uint8Array | Int16Array | Uint16Array | Float32Array;

/** Consecutive whole sections from section `first` on. */
export interface MrcSections {
  readonly first: number;
  readonly values: MrcValues;
}

/**
 * Opens an MRC2014 or CCP4 file, plain, gzipped or packed with bzip2.
 *
 * @throws PickbenchError BadDataset where the header makes no sense or the file has fewer bytes than the header declares,
 * Unsupported for a mode that is not read
 */
export async function openMrc(path: string): Promise<MrcFile> {
  const source = await openPacked(path);
  const header = parseMrcHeader(path, await headerBytes(source));
  const { counts, bytesPerValue, extendedSize } = header;
  const wanted = mrcHeaderSize + extendedSize + counts[0] * counts[1] * counts[2] * bytesPerValue;
  if (wanted <= source.mostBytes) return { path, header, source };
  if (source.packing === undefined && wanted - extendedSize === source.mostBytes)
    throw absentExtendedHeader(path, header);
  const holds = source.packing === undefined ? "has" : "can hold no more than";
  throw new PickbenchError(
    "BadDataset",
    `${path}: header says ${counts.join("×")} voxels of ${bytesPerValue} bytes behind ${extendedSize} of extended header, ${wanted} bytes in all; the file ${holds} ${source.mostBytes}: copy it again`,
    { path },
  );
}

/** Tells whether a file's unpacked bytes are just the header and the voxels, though an extended header is declared. */
async function lacksExtendedHeader(header: MrcHeader, source: PackedFile): Promise<boolean> {
  if (header.extendedSize === 0) return false;
  let length = 0;
  for await (const block of source.read(0)) length += block.length;
  const { counts, bytesPerValue } = header;
  return length === mrcHeaderSize + counts[0] * counts[1] * counts[2] * bytesPerValue;
}

const absentExtendedHeader = (path: string, { extendedSize }: MrcHeader): PickbenchError => {
  const [, plain, packing] = /^(.*?)(\.gz|\.bz2)?$/s.exec(path) as unknown as [string, string, string?];
  return new PickbenchError(
    "BadDataset",
    `${path}: declares an extended header of ${extendedSize} bytes (nsymbt) that is not there, for its size is that of the header and the voxels alone; ${packing === undefined ? "" : "unpack it and "}write 0 into that field: printf '\\0\\0\\0\\0' | dd of=${shellWord(plain)} bs=1 seek=92 conv=notrunc`,
    { path },
  );
};

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

/**
 * Reads the bytes between header and voxels.
 *
 * @throws PickbenchError BadDataset where the file ends within them
 */
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

/** Returns how many sections are read at a time: as many as fit into a block, at least one. */
export function sectionsPerBlock({ counts, bytesPerValue }: MrcHeader): number {
  return Math.max(1, Math.min(counts[2], Math.floor(blockBytes / (counts[0] * counts[1] * bytesPerValue))));
}

/**
 * Yields sections [from, to) in order, a block of them at a time. After the last section a packed file is read to its end,
 * where its checksum lies.
 *
 * @throws PickbenchError BadDataset where the file ends before section `to`
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
  if (await lacksExtendedHeader(header, source)) throw absentExtendedHeader(path, header);
  throw new PickbenchError(
    "BadDataset",
    `${path}: ends after ${first + Math.floor(filled / sectionBytes)} of ${header.counts[2]} sections; copy it again`,
    { path },
  );
}

/** Reads a block as numbers, in place: the block must have memory of its own, which is swapped to the byte order here. */
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
