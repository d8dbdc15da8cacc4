/** What stands at a tomogram's path, and whether all of it is there: header against size, or every chunk. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { resolveTomogram } from "../data/tomograms/omeZarr.js";
import { isMrcName } from "../data/volumeNames.js";
import { mrcHeaderSize } from "../formats/mrc/header.js";
import { type MrcFile, openMrc } from "../formats/mrc/sections.js";
import { openZarrArray } from "../formats/zarr/array.js";
import { coordinatesOf } from "../formats/zarr/codecs/shards.js";
import { plural } from "../present/text.js";
import { isPickbenchError } from "../system/errors.js";
import { hashOf } from "../system/files.js";
import { readEnd } from "../system/paths/opening.js";
import { atOnce } from "./atOnce.js";

/** What was seen of a tomogram in one look. */
export interface Look {
  /** Differs where anything of it was written between two looks. */
  readonly print: string;
  /** What is missing, or why that cannot be told; undefined where all is there. */
  readonly missing: string | undefined;
  /** Whether it may be whole nevertheless, as a store whose writer leaves out empty chunks. */
  readonly mayBeWhole: boolean;
}

/** Looks at a tomogram. @throws Error of the system where it cannot be looked at */
export const lookAt = (path: string): Promise<Look> =>
  isMrcName(path) ? lookAtMrc(path) : lookAtStore(path);

const whole = { missing: undefined, mayBeWhole: true } as const;

/**
 * Returns what tells a tomogram from what it was before, for the price of a few calls: size and time of change of an MRC
 * file, or of the documents at a store's root and its level 0. Undefined where there is nothing.
 */
export async function stampOf(path: string): Promise<string | undefined> {
  const names = isMrcName(path) ? [""] : documents;
  const found = await Promise.all(names.map((name) => factsOf(join(path, name))));
  if (found.every((facts) => facts === undefined)) return undefined;
  return hashOf(found.map((facts) => facts ?? "-").join(" ")).slice(0, 16);
}

const documents = ["zarr.json", ".zattrs", ".zgroup", "0/zarr.json", "0/.zarray"];

const absentCodes = ["ENOENT", "ENOTDIR"];

async function factsOf(path: string): Promise<string | undefined> {
  try {
    const { size, mtimeNs } = await stat(path, { bigint: true });
    return `${size}:${mtimeNs}`;
  } catch (error) {
    if (absentCodes.includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

async function lookAtMrc(path: string): Promise<Look> {
  const print = (await factsOf(path)) ?? "nothing";
  return { print, ...(await faultOf(() => mrcFault(path))) };
}

type Fault = Omit<Look, "print">;

/** What the user's errors say is missing. */
async function faultOf(look: () => Promise<Fault>): Promise<Fault> {
  try {
    return await look();
  } catch (error) {
    if (isPickbenchError(error)) return { missing: error.message, mayBeWhole: false };
    if (absentCodes.includes((error as NodeJS.ErrnoException).code ?? ""))
      return { missing: "a part of it went away while it was looked at", mayBeWhole: false };
    throw error;
  }
}

async function mrcFault(path: string): Promise<Fault> {
  const file = await openMrc(path);
  const { counts, bytesPerValue, extendedSize } = file.header;
  const wanted = mrcHeaderSize + extendedSize + counts[0] * counts[1] * counts[2] * bytesPerValue;
  if (file.source.packing !== undefined) return packedFault(file, wanted);
  const { mostBytes: size } = file.source;
  if (size === wanted) return whole;
  return { missing: `${path}: header says ${wanted} bytes; the file has ${size}`, mayBeWhole: true };
}

/** gzip ends in the size of what it packed (RFC 1952, ISIZE, modulo 2³²); bzip2 says nothing. */
async function packedFault({ path, source }: MrcFile, wanted: number): Promise<Fault> {
  if (source.packing !== "gzip")
    return { missing: `${path}: bzip2 does not say how long the file is`, mayBeWhole: true };
  const end = await readEnd(path, 4);
  if (end.length === 4 && end.readUInt32LE() === wanted % 2 ** 32) return whole;
  return { missing: `${path}: header says ${wanted} bytes; gzip's end says others`, mayBeWhole: true };
}

async function lookAtStore(path: string): Promise<Look> {
  const files = await filesOf(path, "");
  const lines = files.map(({ name, facts }) => `${name} ${facts}`).sort();
  const filled = new Set(files.filter(({ facts }) => !facts.startsWith("0:")).map(({ name }) => name));
  return { print: hashOf(lines.join("\n")), ...(await faultOf(() => storeFault(path, filled))) };
}

/** Lists the files below a folder, and follows links, not deeper than chunks lie. */
async function filesOf(
  root: string,
  below: string,
  depth = 0,
): Promise<{ readonly name: string; readonly facts: string }[]> {
  if (depth > deepest) return [];
  const entries = await readdir(join(root, below), { withFileTypes: true });
  const found = await atOnce(entries, async (entry) => {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) return filesOf(root, name, depth + 1);
    const there = await stat(join(root, name), { bigint: true }).catch(() => undefined);
    if (there?.isDirectory()) return filesOf(root, name, depth + 1);
    return there?.isFile() ? [{ name, facts: `${there.size}:${there.mtimeNs}` }] : [];
  });
  return found.flat();
}

/** Levels, arrays and the indices of five axes, a folder each. */
const deepest = 9;

async function storeFault(path: string, filled: ReadonlySet<string>): Promise<Fault> {
  const { levels } = await resolveTomogram({ run: "", tomoType: "", path });
  let [absent, total, canBeAbsent] = [0, 0, true];
  let first: string | undefined;
  for (const { path: level } of levels) {
    const array = await openZarrArray(join(path, level));
    const perFile = array.fileShape.map((size, axis) => size / array.chunkShape[axis]!);
    const grid = array.shape.map((size, axis) => Math.ceil(size / array.fileShape[axis]!));
    for (const at of coordinatesOf(grid)) {
      total++;
      const file = array.chunkFile(at.map((index, axis) => index * perFile[axis]!));
      if (filled.has(file.slice(path.length + 1))) continue;
      absent++;
      first ??= file;
      canBeAbsent &&= array.fill !== undefined;
    }
  }
  if (absent === 0) return whole;
  const missing = `${path}: ${absent} of ${plural(total, "chunk")} are not there, ${first} the first`;
  return { missing, mayBeWhole: canBeAbsent && absent < total };
}
