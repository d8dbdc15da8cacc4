import { PickbenchError } from "../errors.js";

export const mrcHeaderSize = 1024;

/** What is needed of an MRC2014 header (ccpem.ac.uk/mrc_format/mrc2014.php). */
export interface MrcHeader {
  readonly littleEndian: boolean;
  /** 0 int8, 1 int16, 2 float32, 6 uint16, 12 float16. */
  readonly mode: 0 | 1 | 2 | 6 | 12;
  readonly bytesPerValue: number;
  /** Mode 0 as IMOD wrote it before MRC2014. */
  readonly unsignedBytes: boolean;
  /** Columns (fastest), rows, sections. */
  readonly counts: readonly [number, number, number];
  /** Axis, 1 x 2 y 3 z, along which columns, rows and sections run. */
  readonly axes: readonly [number, number, number];
  /** Å along x, y, z; undefined where cell or sampling is 0. */
  readonly voxelSize: readonly [number, number, number] | undefined;
  readonly extendedSize: number;
}

const bytesPerValue = { 0: 1, 1: 2, 2: 4, 6: 2, 12: 2 } as const;
const isReadable = (mode: number): mode is keyof typeof bytesPerValue => mode in bytesPerValue;
/** "IMOD" as IMOD stamps its files, and the flag in the next word that says bytes are signed. */
const imodStamp = 1146047817;
const imodSignedBytes = 1;

/** @param bytes at least the first 1024 of the file */
export function parseMrcHeader(path: string, bytes: Buffer): MrcHeader {
  const littleEndian = isLittleEndian(path, bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, mrcHeaderSize);
  const integers = (word: number) =>
    [0, 4, 8].map((at) => view.getInt32(4 * word + at, littleEndian)) as Triple;
  const floats = (word: number) =>
    [0, 4, 8].map((at) => view.getFloat32(4 * word + at, littleEndian)) as Triple;
  const counts = integers(0);
  const [mode] = integers(3);
  const [extendedSize] = integers(23);
  if (!isReadable(mode))
    throw new PickbenchError(
      "Unsupported",
      `${path}: mode ${mode}${mode === 3 || mode === 4 ? " (complex)" : ""}; wanted 0, 1, 2, 6 or 12`,
      { path },
    );
  if (counts.some((count) => count < 1) || counts[0] * counts[1] * counts[2] > 2 ** 32 || extendedSize < 0)
    throw new PickbenchError(
      "BadDataset",
      `${path}: header says ${counts.join("×")} voxels and an extended header of ${extendedSize} bytes; not an MRC map`,
      { path },
    );
  return {
    littleEndian,
    mode,
    bytesPerValue: bytesPerValue[mode],
    unsignedBytes:
      view.getInt32(152, littleEndian) === imodStamp &&
      (view.getInt32(156, littleEndian) & imodSignedBytes) === 0,
    counts,
    axes: axesOf(path, integers(16)),
    voxelSize: voxelSizeOf(floats(10), integers(7)),
    extendedSize,
  };
}

type Triple = [number, number, number];

/** By the machine stamp; where a program left it out, by which order makes sense of the mode and the axes. */
function isLittleEndian(path: string, bytes: Buffer): boolean {
  const stamp = bytes[212];
  if (stamp === 0x44) return true;
  if (stamp === 0x11) return false;
  const sensible = (mode: number, axis: number) => mode >= 0 && mode <= 127 && axis >= 0 && axis <= 3;
  if (sensible(bytes.readInt32LE(12), bytes.readInt32LE(64))) return true;
  if (sensible(bytes.readInt32BE(12), bytes.readInt32BE(64))) return false;
  throw new PickbenchError("BadDataset", `${path}: no MRC header: neither byte order makes sense of it`, {
    path,
  });
}

function axesOf(path: string, axes: Triple): Triple {
  if (axes.every((axis) => axis === 0)) return [1, 2, 3];
  if ([...axes].sort().join() === "1,2,3") return axes;
  throw new PickbenchError(
    "BadDataset",
    `${path}: axis order is ${axes.join(",")}; wanted 1, 2 and 3 once each`,
    {
      path,
    },
  );
}

function voxelSizeOf(cell: Triple, sampling: Triple): Triple | undefined {
  const size = cell.map((length, axis) => length / sampling[axis]!) as Triple;
  return size.every((value) => Number.isFinite(value) && value > 0) ? size : undefined;
}
