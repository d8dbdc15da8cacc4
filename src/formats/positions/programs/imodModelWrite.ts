/** Writer of IMOD models: objects, contours, slicer angles and how 3dmod draws them. */
import { printed } from "../fields.js";
import type { PositionSet, TomogramPosition } from "../frames.js";
import { anglesOf, noRotation } from "../orientation.js";

/** Radius at which 3dmod draws a point, in pixels. */
const drawnRadius = 5;
/** Bit 9 of an object's flags, scattered points; bits 12 and 13 of a model's flags, as 3dmod sets them. */
const scattered = 1 << 9;
const writtenBy3dmod = (1 << 12) | (1 << 13);

/** Style in which 3dmod draws an object. */
export interface ObjectStyle {
  /** Colour as red, green, blue, 0 to 255. */
  readonly colour: readonly [number, number, number];
  /** Radius of the spheres in whole pixels. */
  readonly radius: number;
  /** Transparency in percent. */
  readonly transparency: number;
}

const plainStyle: ObjectStyle = { colour: [0, 255, 0], radius: drawnRadius, transparency: 0 };

/** Writes a model with one object a type, one contour an instance, or one for all, and slicer angles for orientations. */
export function imodModelBytes(
  set: PositionSet | undefined,
  styles: ReadonlyMap<string, ObjectStyle> = new Map(),
): Buffer {
  const positions = set?.positions ?? [];
  const hasInstances = positions.some(({ instance }) => instance !== undefined);
  const types = grouped(positions, ({ type }) => type ?? "");
  const objects = types.length > 0 ? types : [[]];
  const contoursOf = objects.map((points) =>
    grouped(points, ({ instance }) => (hasInstances ? instance : 0)),
  );
  const isOriented = positions.some(({ rotation }) => rotation !== undefined);
  return Buffer.concat([
    header(set, objects.length),
    ...objects.flatMap((points, i) => {
      const name = points[0]?.type ?? "";
      const style = styles.get(name) ?? plainStyle;
      return [object(name, contoursOf[i]!.length, style), ...contoursOf[i]!.map(contour)];
    }),
    ...(isOriented ? contoursOf.flat(2).map(slicerAngles) : []),
    Buffer.from("IEOF"),
  ]);
}

function grouped<Key>(
  positions: readonly TomogramPosition[],
  keyOf: (position: TomogramPosition) => Key,
): TomogramPosition[][] {
  const groups = new Map<Key, TomogramPosition[]>();
  for (const position of positions) {
    const key = keyOf(position);
    const list = groups.get(key);
    if (list) list.push(position);
    else groups.set(key, [position]);
  }
  return [...groups.values()];
}

function header(set: PositionSet | undefined, objects: number): Buffer {
  const bytes = Buffer.alloc(layout.header);
  bytes.write(layout.id, 0, "latin1");
  bytes.write("pickbench", 8, "latin1");
  const [z, y, x] = set?.volume?.size ?? [0, 0, 0];
  for (const [i, size] of [x, y, z].entries()) bytes.writeInt32BE(size, 136 + 4 * i);
  bytes.writeInt32BE(objects, layout.objectCount);
  bytes.writeUInt32BE(zFromHalf | writtenBy3dmod, layout.flags);
  bytes.writeInt32BE(1, 156);
  bytes.writeInt32BE(255, 168);
  for (const at of [184, 188, 192]) bytes.writeFloatBE(1, at);
  bytes.writeInt32BE(3, 208);
  bytes.writeInt32BE(128, 212);
  bytes.writeFloatBE(set?.pixel ?? 1, layout.pixelSize);
  bytes.writeInt32BE(set?.pixel === undefined ? 0 : angstromUnits, layout.units);
  return bytes;
}

function object(name: string, contours: number, { colour, radius, transparency }: ObjectStyle): Buffer {
  const bytes = Buffer.alloc(4 + layout.object);
  bytes.write("OBJT", 0, "latin1");
  const text = Buffer.from(name);
  text.copy(bytes, 4, 0, Math.min(text.length, layout.name - 1));
  bytes.writeInt32BE(contours, 4 + 128);
  bytes.writeUInt32BE(scattered, 4 + 132);
  bytes.writeInt32BE(1, 4 + 140);
  for (const [i, value] of colour.entries()) bytes.writeFloatBE(value / 255, 4 + 144 + 4 * i);
  bytes.writeInt32BE(radius, 4 + 156);
  Buffer.from([1, 3, 1, 1]).copy(bytes, 4 + 160);
  bytes.writeUInt8(transparency, 4 + 167);
  return bytes;
}

function contour(points: readonly TomogramPosition[]): Buffer {
  const bytes = Buffer.alloc(4 + layout.contour + points.length * layout.point);
  bytes.write("CONT", 0, "latin1");
  bytes.writeInt32BE(points.length, 4);
  for (const [i, { at }] of points.entries())
    for (const axis of [0, 1, 2] as const)
      writeCoordinate(bytes, at[axis], 4 + layout.contour + i * layout.point + 4 * axis);
  return bytes;
}

/** Writes a coordinate. @throws PickbenchError BadDataset where it overflows the format's 32 bits */
function writeCoordinate(bytes: Buffer, value: number, at: number): void {
  bytes.writeFloatBE(Number(printed(Math.fround(value))), at);
}

function slicerAngles({ at, rotation }: TomogramPosition): Buffer {
  const bytes = Buffer.alloc(8 + layout.slicerAngles);
  bytes.write("SLAN", 0, "latin1");
  bytes.writeInt32BE(layout.slicerAngles, 4);
  bytes.writeInt32BE(1, 8);
  const angles = anglesOf(rotation ?? noRotation, "slicer");
  for (const axis of [0, 1, 2] as const) {
    bytes.writeFloatBE(angles[axis], 12 + 4 * axis);
    writeCoordinate(bytes, at[axis], 24 + 4 * axis);
  }
  return bytes;
}

/** Sizes and offsets in a model file: IMOD, Binary File Format, Version 1, Revision 2. All numbers are big-endian. */
export const layout = {
  id: "IMODV1.2",
  /** Bytes of id and model structure. */
  header: 240,
  objectCount: 148,
  flags: 152,
  pixelSize: 216,
  units: 220,
  object: 176,
  contour: 16,
  point: 12,
  slicerAngles: 60,
  /** Bytes of an object's name. */
  name: 64,
} as const;

/** Bit 10 of a model's flags: z begins at −0.5, as in 3dmod; without it, at 0. */
export const zFromHalf = 1 << 10;
/** Units of the pixel size: a power of ten metres, 0 for pixels. */
const angstromUnits = -10;
