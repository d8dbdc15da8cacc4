/** Whether two answers are parts of one version of a file. */

/** What identifies a version: its length, and the header that changes with every change of the file. */
export interface Version {
  readonly total: number;
  readonly header: "etag" | "last-modified";
  readonly value: string;
}

/** A date tells versions apart only where it lies so long before the answer that no second change can share it, in ms. */
const settledMs = 60_000;

/**
 * Returns what a whole answer says of its version; undefined where later parts could not be told from another version's:
 * without a length, and without a strong ETag or a date that is a strong validator (RFC 9110, 8.8.2 and 8.8.3).
 */
export function versionOf(headers: Headers): Version | undefined {
  const total = lengthOf(headers);
  if (total === undefined) return undefined;
  const etag = headers.get("etag");
  if (etag !== null) return /^"[^"]*"$/.test(etag) ? { total, header: "etag", value: etag } : undefined;
  const date = headers.get("last-modified");
  if (date === null) return undefined;
  const age = Date.parse(headers.get("date") ?? "") - Date.parse(date);
  return age >= settledMs ? { total, header: "last-modified", value: date } : undefined;
}

/**
 * Returns why an answer of status 206 is not the rest of a version, from a byte to its end; undefined where it is. A
 * server may ignore If-Range, so that all that tells versions and places apart is compared.
 */
export function partFault(headers: Headers, from: number, { total, header, value }: Version) {
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "");
  if (range === null) return "a part without its place";
  const [first, last, whole] = range.slice(1).map(Number) as [number, number, number];
  if (whole !== total) return `a part of ${whole} bytes instead of ${total}`;
  if (first !== from || last !== total - 1) return "another part than asked for";
  const length = lengthOf(headers);
  if (length !== undefined && length !== total - from) return "a part of another length than it says";
  return headers.get(header) === value ? undefined : "a part of another version of the file";
}

/** Returns the length that an answer states, in bytes. */
export function lengthOf(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
