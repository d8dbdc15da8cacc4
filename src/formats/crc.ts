/** Cyclic redundancy checks of 32 bits. */

/** CRC-32C's polynomial (Castagnoli) with its bits reversed: RFC 3720, 12.1. */
const castagnoli = 0x82f63b78;
/** CRC-32's polynomial with its bits reversed: RFC 1952, 8. */
const gzipPolynomial = 0xedb88320;

/** Tables for eight bytes at a time: entry 256·k + b is the CRC of byte b with k zeros behind it. */
function tablesOf(polynomial: number): Uint32Array {
  const tables = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    tables[byte] = value;
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256]!;
    tables[i] = (before >>> 8) ^ tables[before & 255]!;
  }
  return tables;
}

function crc(tables: Uint32Array, bytes: Uint8Array): number {
  let value = 0xffffffff;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    value ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    value =
      tables[1792 + (value & 255)]! ^
      tables[1536 + ((value >>> 8) & 255)]! ^
      tables[1280 + ((value >>> 16) & 255)]! ^
      tables[1024 + (value >>> 24)]! ^
      tables[768 + bytes[at + 4]!]! ^
      tables[512 + bytes[at + 5]!]! ^
      tables[256 + bytes[at + 6]!]! ^
      tables[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) value = tables[(value ^ bytes[at]!) & 255]! ^ (value >>> 8);
  return ~value >>> 0;
}

let castagnoliTables: Uint32Array | undefined;
let gzipTables: Uint32Array | undefined;

/** Computes the CRC-32C of bytes. */
export function crc32c(bytes: Uint8Array): number {
  castagnoliTables ??= tablesOf(castagnoli);
  return crc(castagnoliTables, bytes);
}

/** Computes the CRC-32 of bytes, which is gzip's. */
export function crc32(bytes: Uint8Array): number {
  gzipTables ??= tablesOf(gzipPolynomial);
  return crc(gzipTables, bytes);
}
