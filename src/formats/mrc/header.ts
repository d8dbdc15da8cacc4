/** MRC2014 headers: reading and writing the first 1024 bytes. */
import { isSpacing } from "../../domain/units.js";
import { PickbenchError } from "../../system/errors.js";

/** Bytes of a header, without the extended header. */
export const mrcHeaderSize = 1024;

/** Bytes per voxel of the modes that are read and written: int8, int16, float32, complex64, uint16, float16. */
export const mrcModeBytes = { 0: 1, 1: 2, 2: 4, 4: 8, 6: 2, 12: 2 } as const;
export type MrcMode = keyof typeof mrcModeBytes;

type Triple = readonly [number, number, number];

/** Fields of an MRC2014 header (ccpem.ac.uk/mrc_format/mrc2014.php). */
export interface MrcHeader {
  readonly littleEndian: boolean;
  readonly mode: MrcMode;
  readonly bytesPerValue: number;
  /** Whether mode 0 holds unsigned bytes, as IMOD wrote it before MRC2014. */
  readonly unsignedBytes: boolean;
  /** Counts of columns (fastest), rows and sections. */
  readonly counts: Triple;
  /** Axes (1 x, 2 y, 3 z) along which columns, rows and sections run. */
  readonly axes: Triple;
  /** Voxel size in Å along x, y, z; undefined where cell or sampling is 0 or makes no sense. */
  readonly voxelSize: Triple | undefined;
  /** Count of volumes in a stack (space groups 401 to 630), else 1. */
  readonly volumes: number;
  /** First column, row and section in the unit cell. */
  readonly start: Triple;
  /** Origin in Å along x, y, z. */
  readonly origin: Triple;
  /** Bytes between the header and the voxels. */
  readonly extendedSize: number;
  /** Kind of extended header, four letters. */
  readonly extendedType: string;
}

const isReadable = (mode: number): mode is MrcMode => Object.hasOwn(mrcModeBytes, mode);
const otherModes: Readonly<Record<number, string>> = {
  3: "complex numbers of 16-bit integers",
  16: "red, green and blue bytes",
  101: "4-bit integers",
};
/** IMOD's stamp, "IMOD", and the flag in the next word that says bytes are signed. */
const imodStamp = 1146047817;
const imodSignedBytes = 1;
/** Space groups of stacks of volumes: 400 more than the volumes' own (MRC2014, note 6). */
const volumeStacks = { first: 401, last: 630 } as const;

/**
 * Parses a header.
 *
 * @param bytes at least the first 1024 bytes of the file
 * @throws PickbenchError BadDataset where the header contradicts itself, Unsupported for a mode that is not read
 */
export function parseMrcHeader(path: string, bytes: Buffer): MrcHeader {
  const littleEndian = isLittleEndian(path, bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, mrcHeaderSize);
  const integer = (word: number) => view.getInt32(4 * word, littleEndian);
  const integers = (word: number): Triple => [integer(word), integer(word + 1), integer(word + 2)];
  const floats = (word: number): Triple =>
    [0, 4, 8].map((at) => view.getFloat32(4 * word + at, littleEndian)) as unknown as Triple;
  const counts = integers(0);
  const mode = integer(3);
  const extendedSize = integer(23);
  if (!isReadable(mode)) throw unreadableMode(path, mode);
  if (counts.some((count) => count < 1) || counts[0] * counts[1] * counts[2] > 2 ** 40 || extendedSize < 0)
    throw new PickbenchError(
      "BadDataset",
      `${path}: header says ${counts.join("×")} voxels and an extended header of ${extendedSize} bytes; not an MRC map`,
      { path },
    );
  const axes = axesOf(path, integers(16));
  return {
    littleEndian,
    mode,
    bytesPerValue: mrcModeBytes[mode],
    unsignedBytes: integer(38) === imodStamp && (integer(39) & imodSignedBytes) === 0,
    counts,
    axes,
    voxelSize: voxelSizeOf(floats(10), integers(7)),
    volumes: volumesOf(path, { group: integer(22), sections: counts[2], depth: integer(9), axes }),
    start: integers(4),
    origin: floats(49),
    extendedSize,
    extendedType: bytes.toString("latin1", 104, 108),
  };
}

function unreadableMode(path: string, mode: number): PickbenchError {
  const name = otherModes[mode];
  return new PickbenchError(
    "Unsupported",
    `${path}: mode ${mode}${name ? ` (${name})` : ""}; wanted ${Object.keys(mrcModeBytes).join(", ")}: convert it with the program that wrote it`,
    { path },
  );
}

/**
 * Finds the byte order by the machine stamp or, where it is missing or the mode makes sense in the other order alone, by
 * which order makes sense of mode and axes.
 */
function isLittleEndian(path: string, bytes: Buffer): boolean {
  const stamp = bytes[212];
  const [little, big] = [isReadable(bytes.readInt32LE(12)), isReadable(bytes.readInt32BE(12))];
  if (stamp === 0x44 && (little || !big)) return true;
  if (stamp === 0x11 && (big || !little)) return false;
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
    { path },
  );
}

function voxelSizeOf(cell: Triple, sampling: Triple): Triple | undefined {
  const size = cell.map((length, axis) => length / sampling[axis]!);
  return size.every(isSpacing) ? (size as unknown as Triple) : undefined;
}

function volumesOf(
  path: string,
  { group, sections, depth, axes }: { group: number; sections: number; depth: number; axes: Triple },
): number {
  if (group < volumeStacks.first || group > volumeStacks.last) return 1;
  const volumes = sections / depth;
  if (Number.isInteger(volumes) && volumes >= 1 && axes[2] === 3) return volumes;
  throw new PickbenchError(
    "BadDataset",
    `${path}: a stack of volumes (space group ${group}) of ${sections} sections, ${depth} a volume, along axis ${axes[2]}; wanted whole volumes along z`,
    { path },
  );
}

/** Fields from which a header is written; the statistics are known only after all voxels. */
interface MrcHeaderFields {
  readonly mode: MrcMode;
  readonly littleEndian: boolean;
  /** Columns, rows and sections along x, y, z, of all volumes together. */
  readonly counts: Triple;
  readonly voxelSize: Triple;
  readonly volumes: number;
  readonly start: Triple;
  readonly origin: Triple;
  readonly extendedSize: number;
  readonly extendedType: string;
  readonly label: string;
  readonly statistics: MrcStatistics;
}

/** Density statistics of a header. */
export interface MrcStatistics {
  readonly least: number;
  readonly greatest: number;
  readonly mean: number;
  /** Standard deviation. */
  readonly deviation: number;
}

const version = 20141;

/** Returns the first 1024 bytes of an MRC2014 file. */
export function mrcHeaderBytes(fields: MrcHeaderFields): Buffer {
  const { littleEndian, counts, voxelSize, volumes, statistics } = fields;
  const bytes = Buffer.alloc(mrcHeaderSize);
  const view = new DataView(bytes.buffer, bytes.byteOffset, mrcHeaderSize);
  const integers = (word: number, ...values: readonly number[]) =>
    values.forEach((value, i) => {
      view.setInt32(4 * (word + i), value, littleEndian);
    });
  const floats = (word: number, ...values: readonly number[]) =>
    values.forEach((value, i) => {
      view.setFloat32(4 * (word + i), value, littleEndian);
    });
  const sampling = [counts[0], counts[1], counts[2] / volumes] as const;
  integers(0, ...counts, fields.mode, ...fields.start, ...sampling);
  floats(10, ...sampling.map((count, axis) => count * voxelSize[axis]!), 90, 90, 90);
  integers(16, 1, 2, 3);
  floats(19, statistics.least, statistics.greatest, statistics.mean);
  integers(22, volumes > 1 ? volumeStacks.first : 1, fields.extendedSize);
  bytes.write(fields.extendedType.slice(0, 4), 104, "latin1");
  integers(27, version);
  floats(49, ...fields.origin);
  bytes.write("MAP ", 208, "latin1");
  bytes.set(littleEndian ? [0x44, 0x44] : [0x11, 0x11], 212);
  floats(54, statistics.deviation);
  integers(55, 1);
  bytes.write(fields.label.slice(0, 80).padEnd(80), 224, "latin1");
  return bytes;
}

/** Tells whether a file's first bytes are those of an MRC file, whatever its name. */
export const isMrcStart = (bytes: Uint8Array): boolean =>
  bytes.length >= 212 && Buffer.from(bytes.subarray(208, 211)).toString("latin1") === "MAP";
