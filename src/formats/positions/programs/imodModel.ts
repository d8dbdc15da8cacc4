/** Reader of IMOD models (.mod), and the format's entry. */
import { angstrom } from "../../../domain/units.js";
import { broken } from "../fields.js";
import type { PositionFormat, Source } from "../format.js";
import type { FrameName, PositionSet, TomogramPosition, Vector3 } from "../frames.js";
import { type Angles, rotationOf } from "../orientation.js";
import { isImodAscii, readImodAscii } from "./imodAscii.js";
import { imodModelBytes, layout, zFromHalf } from "./imodModelWrite.js";

interface Model {
  readonly frame: FrameName;
  readonly pixel: number | undefined;
  readonly points: TomogramPosition[];
  readonly slicer: TomogramPosition[];
}

/** Reads a model chunk by chunk. A chunk is four letters, a length and that many bytes, except those handled by name. */
function readModel(path: string, bytes: Buffer): Model {
  if (bytes.length < layout.header)
    throw broken(
      path,
      "the header",
      `${bytes.length} bytes`,
      `at least the ${layout.header} of an IMOD model`,
    );
  const flags = bytes.readUInt32BE(layout.flags);
  const model: Model = {
    frame: flags & zFromHalf ? "imod" : "voxel",
    pixel: pixelOf(bytes),
    points: [],
    slicer: [],
  };
  let object = 0;
  let contour = 0;
  let type = "";
  let at: number = layout.header;
  while (at + 4 <= bytes.length) {
    const id = bytes.toString("latin1", at, at + 4);
    if (id === "IEOF") return model;
    if (id === "OBJT") {
      object++;
      type = nameAt(bytes, at + 4);
      at += 4 + layout.object;
    } else if (id === "CONT") {
      contour++;
      at = readContour(path, bytes, at, model, { contour, type });
    } else if (id === "MESH") {
      at = afterMesh(path, bytes, at);
    } else {
      const length = lengthAt(path, bytes, at);
      if (id === "SLAN") readSlicer(path, bytes, at, length, model);
      at += 8 + length;
    }
    if (at > bytes.length)
      throw broken(path, `byte ${at}`, `the file ends in chunk ${shown(id)}`, "the whole model");
  }
  if (object === 0) throw broken(path, "the model", "has no object and no end", "OBJT, CONT and IEOF");
  return model;
}

const shown = (id: string): string => JSON.stringify(id);

function pixelOf(bytes: Buffer): number | undefined {
  const size = bytes.readFloatBE(layout.pixelSize);
  const units = bytes.readInt32BE(layout.units);
  const pixel = size * 10 ** (units + 10);
  return units < 0 && units >= -12 && size > 0 && Number.isFinite(pixel)
    ? Number(pixel.toPrecision(7))
    : undefined;
}

function lengthAt(path: string, bytes: Buffer, at: number): number {
  if (at + 8 > bytes.length) throw broken(path, `byte ${at}`, "the file ends within a chunk", "its length");
  const length = bytes.readInt32BE(at + 4);
  if (length >= 0 && at + 8 + length <= bytes.length) return length;
  throw broken(
    path,
    `byte ${at}`,
    `chunk ${shown(bytes.toString("latin1", at, at + 4))} of ${length} bytes`,
    `at most the ${bytes.length - at - 8} that follow`,
  );
}

/** Reads a name, which ends at its first zero byte. */
const nameAt = (bytes: Buffer, at: number): string =>
  bytes
    .toString("utf8", at, at + layout.name)
    .replace(/\0.*$/s, "")
    .trim();

function readContour(
  path: string,
  bytes: Buffer,
  at: number,
  { points }: Model,
  { contour, type }: { readonly contour: number; readonly type: string },
): number {
  const start = at + 4 + layout.contour;
  if (start > bytes.length) throw broken(path, `byte ${at}`, "the file ends within a contour", "its header");
  const count = bytes.readInt32BE(at + 4);
  const end = start + count * layout.point;
  if (count < 0 || end > bytes.length)
    throw broken(path, `byte ${at}`, `a contour of ${count} points`, "as many as the file has bytes for");
  for (let point = start; point < end; point += layout.point)
    points.push({ at: vectorAt(path, bytes, point), instance: contour, ...(type === "" ? {} : { type }) });
  return end;
}

/** Returns the place after a mesh, whose header counts vertices and indices, not bytes. */
function afterMesh(path: string, bytes: Buffer, at: number): number {
  if (at + 20 > bytes.length) throw broken(path, `byte ${at}`, "the file ends within a mesh", "its header");
  const [vertices, indices] = [bytes.readInt32BE(at + 4), bytes.readInt32BE(at + 8)];
  const end = at + 20 + vertices * layout.point + indices * 4;
  if (vertices >= 0 && indices >= 0 && end <= bytes.length) return end;
  throw broken(
    path,
    `byte ${at}`,
    `a mesh of ${vertices} vertices and ${indices} indices`,
    "as the file has bytes for",
  );
}

function readSlicer(path: string, bytes: Buffer, at: number, length: number, { slicer }: Model): void {
  if (length < 28)
    throw broken(path, `byte ${at}`, `slicer angles of ${length} bytes`, `${layout.slicerAngles}`);
  const angles = vectorAt(path, bytes, at + 12) as Angles;
  slicer.push({ at: vectorAt(path, bytes, at + 24), rotation: rotationOf(angles, "slicer") });
}

function vectorAt(path: string, bytes: Buffer, at: number): Vector3 {
  const vector: Vector3 = [bytes.readFloatBE(at), bytes.readFloatBE(at + 4), bytes.readFloatBE(at + 8)];
  if (vector.every(Number.isFinite)) return vector;
  throw broken(path, `byte ${at}`, `x y z = ${vector.join(" ")}`, "finite numbers");
}

/**
 * Reads the points of all contours; contours are instances unless all have one point or every type has one contour. Where
 * there are as many slicer angles as points, one was saved for each point: those are oriented points, as the Data Portal
 * reads them.
 */
function read({ path, bytes, frame }: Source): PositionSet[] {
  const {
    points,
    slicer,
    pixel,
    frame: own,
  } = isImodAscii(bytes)
    ? { ...readImodAscii(path, bytes), slicer: [], frame: "imod" as const }
    : readModel(path, bytes);
  const isOriented = slicer.length > 0 && slicer.length === points.length;
  const contours = new Set(points.map(({ instance }) => instance)).size;
  const isScattered = contours === new Set(points.map(({ type }) => type)).size || contours === points.length;
  const plain = isScattered ? points.map(({ instance: _, ...point }) => point) : points;
  const positions = isOriented ? slicer.map((oriented, i) => ({ ...plain[i]!, ...oriented })) : plain;
  return [
    {
      frame: frame ?? own,
      ...(pixel === undefined ? {} : { pixel: angstrom(pixel) }),
      positions,
      notes:
        slicer.length > 0 && !isOriented
          ? [
              `${slicer.length} slicer angles are lost: ${path} has ${points.length} points, wanted one orientation for each`,
            ]
          : [],
    },
  ];
}

export const imodModel: PositionFormat = {
  name: "mod",
  title: "an IMOD model",
  extensions: [".mod"],
  carries: new Set(["z", "type", "several types", "instance", "orientation"]),
  recognises: (bytes) => bytes.toString("latin1", 0, 4) === "IMOD" || isImodAscii(bytes),
  read,
  frames: ["imod"],
  write: ([set]) => ({ bytes: imodModelBytes(set) }),
};
