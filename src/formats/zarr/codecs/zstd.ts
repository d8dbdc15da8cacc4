/** Zstandard: frames are walked before they are decoded, so that none is decoded to more than is wanted. */
import type { StageSize } from "./stage.js";

const magic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;

/** A frame's parts (RFC 8878, 3.1.1). */
interface Frame {
  readonly start: number;
  readonly end: number;
  /** Bytes of the content, where the frame states them. */
  readonly contentSize: number | undefined;
  /** Bytes that the content has at most, by its blocks. */
  readonly mostContent: number;
  readonly windowByte: number | undefined;
  readonly hasChecksum: boolean;
  /** Offset of the first block. */
  readonly blocks: number;
}

const cut = (): Error => new Error("a zstd frame is cut short");

/**
 * Lists the frames that hold content.
 *
 * @throws Error where the bytes are no frames, or a frame is cut short or needs a dictionary
 */
function zstdFrames(bytes: Uint8Array): Frame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length) throw cut();
    const word = view.getUint32(at, true);
    if ((word & 0xfffffff0) >>> 0 === skippableMagic) {
      at += 8 + view.getUint32(at + 4, true);
      if (at > bytes.length) throw cut();
      continue;
    }
    if (word !== magic) throw new Error("no zstd frame begins there");
    const frame = frameAt(view, at);
    frames.push(frame);
    at = frame.end;
  }
  return frames;
}

function frameAt(view: DataView, start: number): Frame {
  const descriptor = view.getUint8(start + 4);
  const isSingle = (descriptor & 0x20) !== 0;
  if (descriptor & 0x03) throw new Error("a zstd frame needs a dictionary");
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (isSingle ? 1 : 0) : 2 ** sizeFlag;
  const windowBytes = isSingle ? 0 : 1;
  const blocks = start + 5 + windowBytes + sizeBytes;
  if (blocks > view.byteLength) throw cut();
  const hasChecksum = (descriptor & 0x04) !== 0;
  const walked = walkBlocks(view, blocks);
  const end = walked.end + (hasChecksum ? 4 : 0);
  if (end > view.byteLength) throw cut();
  return {
    start,
    end,
    blocks,
    hasChecksum,
    contentSize: sizeAt(view, start + 5 + windowBytes, sizeBytes),
    mostContent: walked.mostContent,
    windowByte: isSingle ? undefined : view.getUint8(start + 5),
  };
}

function sizeAt(view: DataView, at: number, bytes: number): number | undefined {
  if (bytes === 0) return undefined;
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  return bytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

const runLengthBlock = 1;
const compressedBlock = 2;
/** Most bytes that a compressed block holds (RFC 8878, 3.1.1.2.4). */
const mostBlock = 2 ** 17;

function walkBlocks(view: DataView, first: number): { end: number; mostContent: number } {
  let mostContent = 0;
  for (let at = first; ; ) {
    if (at + 3 > view.byteLength) throw cut();
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    const kind = (header >> 1) & 3;
    mostContent += kind === compressedBlock ? mostBlock : header >>> 3;
    at += 3 + (kind === runLengthBlock ? 1 : header >>> 3);
    if (at > view.byteLength) throw cut();
    if (header & 1) return { end: at, mostContent };
  }
}

/**
 * Returns a frame that states the size of its content, which its decoder then neither exceeds nor falls short of.
 *
 * @param size bytes of the content
 */
function frameWithSize(bytes: Uint8Array, frame: Frame, size: number): Uint8Array {
  if (frame.contentSize !== undefined) return bytes.subarray(frame.start, frame.end);
  const out = new Uint8Array(14 + frame.end - frame.blocks);
  const view = new DataView(out.buffer);
  view.setUint32(0, magic, true);
  out[4] = 0xc0 | (frame.hasChecksum ? 0x04 : 0);
  out[5] = frame.windowByte!;
  view.setBigUint64(6, BigInt(size), true);
  out.set(bytes.subarray(frame.blocks, frame.end), 14);
  return out;
}

/** Bytes that a frame of unstated size may have to hold for a moment beyond what is wanted. */
const unstatedSlack = 2 ** 26;

/**
 * Decodes frames of Zstandard; the library is loaded on first use.
 *
 * @throws Error where they are damaged, or decode to more than is wanted
 */
export async function decodeZstd(encoded: Uint8Array, size: StageSize): Promise<Uint8Array> {
  const frames = zstdFrames(encoded);
  const stated = frames.reduce((sum, { contentSize = 0 }) => sum + contentSize, 0);
  if (stated > size.bytes) throw new Error(`zstd states ${stated} bytes; wanted ${size.bytes}`);
  const isOne = frames.length === 1 && size.isExact;
  const most = frames.reduce((sum, { contentSize, mostContent }) => sum + (contentSize ?? mostContent), 0);
  if (!isOne && most > size.bytes + unstatedSlack)
    throw new Error(`zstd may decode to ${most} bytes; wanted at most ${size.bytes}`);
  const { default: Zstd } = await import("numcodecs/zstd");
  const decoder = Zstd.fromConfig({ id: "zstd" });
  const parts: Uint8Array[] = [];
  for (const frame of frames) {
    const bytes = isOne
      ? frameWithSize(encoded, frame, size.bytes)
      : encoded.subarray(frame.start, frame.end);
    parts.push(await decoder.decode(bytes));
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
