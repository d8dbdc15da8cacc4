/** Fixtures and volumes for tests of picking. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { angstrom } from "../../src/domain/units.js";
import type { Shape3, Spacing3, Volume } from "../../src/domain/volume.js";

const folder = new URL("../fixtures/picking/", import.meta.url);

/** Reads a document written by tests/fixtures/picking/make.py. */
export const readFixture = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(name, folder), "utf8")) as T;

export const unpacked = (packed: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(gunzipSync(Buffer.from(packed, "base64")));

export const spacingOf = (z: number, y = z, x = z): Spacing3 => [angstrom(z), angstrom(y), angstrom(x)];

/** Makes a volume from a function of z, y, x. */
export function volumeFrom(
  shape: Shape3,
  value: (z: number, y: number, x: number) => number,
  spacing = spacingOf(10),
): Volume {
  const data = new Float32Array(shape[0] * shape[1] * shape[2]);
  let index = 0;
  for (let z = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++) for (let x = 0; x < shape[2]; x++) data[index++] = value(z, y, x);
  return { data, shape, spacing };
}

/** Mirrors a volume along the axes that are true in `axes`. */
export function flipped({ data, shape, spacing }: Volume, axes: readonly boolean[]): Volume {
  const from = (axis: 0 | 1 | 2, index: number) => (axes[axis] ? shape[axis] - 1 - index : index);
  return volumeFrom(
    shape,
    (z, y, x) => data[(from(0, z) * shape[1] + from(1, y)) * shape[2] + from(2, x)]!,
    spacing,
  );
}
