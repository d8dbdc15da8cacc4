/** How the voxels of a volume become whole numbers to be sent. */
import { joinedFloats } from "../../domain/numbers.js";
import { rangeOf } from "../../viewers/contrast.js";
import type { Grid, OpenVolume, VolumeKind } from "./place.js";

/** Values that stand at the ends of a scale. */
export type Ends = readonly [low: number, high: number];

/** How a volume's values are sent and shown. */
export interface Shades {
  /** Values that 0 and 65535 stand for; what lies beyond is sent as the nearer one. */
  readonly range: Ends;
  /** Values that 0 and 255 stand for in a still copy. */
  readonly byteRange: Ends;
  /** Values that are shown as black and as white at first. */
  readonly contrast: Ends;
}

const most = 65_535;
/** Share of the contrast by which values beyond it can still be told apart, on each side. */
const beyond = 2;
const beyondInBytes = 0.25;

/**
 * Finds how a volume is best sent: labels and masks as they are, probabilities from 0 to 1, and greys by a sample of three
 * chunks of the finest level.
 *
 * @throws PickbenchError as reading does
 */
export async function shadesOf(volume: OpenVolume, kind: VolumeKind): Promise<Shades> {
  if (kind === "labels") return { range: [0, most], byteRange: [0, 255], contrast: [0, 1] };
  if (kind !== "tomogram") return { range: [0, 1], byteRange: [0, 1], contrast: [0, 1] };
  const contrast = rangeOf(await sampleOf(volume), false) ?? [0, 1];
  const [black, white] = contrast;
  const wider = (share: number): Ends => [black - share * (white - black), white + share * (white - black)];
  return { range: wider(beyond), byteRange: wider(beyondInBytes), contrast };
}

/** Reads a chunk in the middle, and one towards each end of z. */
async function sampleOf(volume: OpenVolume): Promise<Float32Array> {
  const [grid] = volume.levels;
  const parts: Float32Array[] = [];
  const seen = new Set<string>();
  for (const share of [0.5, 0.25, 0.75]) {
    const box = chunkAt(grid!, [share, 0.5, 0.5]);
    if (seen.has(box.start.join())) continue;
    seen.add(box.start.join());
    parts.push(await volume.read(0, box));
  }
  return joinedFloats(parts);
}

type Three = [number, number, number];

/** Voxels along each axis that a sample's chunk has at most. */
const mostAlong = 96;

function chunkAt({ shape, chunkShape }: Grid, shares: Readonly<Three>): { start: Three; end: Three } {
  const start = shape.map((size, axis) => {
    const at = Math.min(size - 1, Math.floor(size * shares[axis]!));
    return at - (at % chunkShape[axis]!);
  }) as Three;
  const end = start.map((from, axis) =>
    Math.min(shape[axis]!, from + Math.min(chunkShape[axis]!, mostAlong)),
  ) as Three;
  return { start, end };
}

/** Turns values into whole numbers of 16 bits over a range. */
export function asWords(values: Float32Array, [low, high]: Ends): Uint16Array {
  const scale = most / (high - low);
  const words = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const word = (values[i]! - low) * scale + 0.5;
    words[i] = word <= 0 ? 0 : word >= most ? most : word;
  }
  return words;
}

/** Turns values into bytes over a range. */
export function asBytes(values: Float32Array, [low, high]: Ends, bytes: Uint8Array, from: number): void {
  const scale = 255 / (high - low);
  for (let i = 0; i < values.length; i++) {
    const byte = (values[i]! - low) * scale + 0.5;
    bytes[from + i] = byte <= 0 ? 0 : byte >= 255 ? 255 : byte;
  }
}

/** Brings a label into a byte: those above 255 begin again at 1, so that none looks like nothing. */
export const byteLabel = (label: number): number => (label <= 255 ? label : 1 + ((label - 1) % 255));

/** Turns words over `range` into bytes over `byteRange`. */
export function bytesOfWords(
  words: Uint16Array,
  { range, byteRange }: Shades,
  isLabels: boolean,
): Uint8Array {
  if (isLabels) return Uint8Array.from(words, byteLabel);
  const [low, high] = byteRange;
  const step = (range[1] - range[0]) / most;
  const table = new Uint8ClampedArray(most + 1);
  for (let word = 0; word <= most; word++)
    table[word] = (255 * (range[0] + word * step - low)) / (high - low);
  return Uint8Array.from(words, (word) => table[word]!);
}
