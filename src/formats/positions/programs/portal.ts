/** CryoET Data Portal annotations (.ndjson), with their metadata (.json). */
import { z } from "zod";
import { jsonOf, parseJson } from "../../json.js";
import { linesOf, TextBytes } from "../../lines.js";
import { portalPoints } from "../../portalPoints.js";
import { broken } from "../fields.js";
import type { PositionFormat, Source } from "../format.js";
import type { PositionSet, TomogramPosition } from "../frames.js";
import { noRotation, statedRotation } from "../orientation.js";

/** Schema of the part of an annotation's metadata that is read. */
const metadataSchema = z.looseObject({ annotation_object: z.looseObject({ name: z.string() }) });

/** Reads one point a line, in voxels of the tomogram from its corner. */
function read(source: Source): PositionSet[] {
  const { path, bytes, frame } = source;
  const { type, notes } = objectOf(source);
  const positions: TomogramPosition[] = [];
  for (const { line, point } of portalPoints(path, bytes)) {
    const { x, y, z: depth } = point.location;
    const rotation = point.type === "orientedPoint" ? rotationIn(path, line, point.xyz_rotation_matrix) : {};
    positions.push({
      at: [x, y, depth],
      ...(type === undefined ? {} : { type }),
      ...rotation,
      ...(point.type === "instancePoint" && typeof point.instance_id === "number"
        ? { instance: point.instance_id }
        : {}),
    });
  }
  return [{ frame: frame ?? "voxel", positions, notes }];
}

const matrixSchema = z.array(z.array(z.number()).length(3)).length(3);

/** Returns the orientation of a point, or what is wrong with it. */
function rotationIn(
  path: string,
  line: number,
  given: unknown,
): Pick<TomogramPosition, "rotation" | "rotationFault"> {
  const matrix = matrixSchema.safeParse(given).data;
  const rotation = matrix && statedRotation(matrix.flat());
  if (rotation) return { rotation };
  const fault = `xyz_rotation_matrix ${matrix ? "is no rotation" : "is malformed"}`;
  const wanted = "a 3×3 matrix of a rotation, orthonormal and of determinant 1";
  return { rotationFault: broken(path, `line ${line}`, fault, wanted).message };
}

/** The portal's file names: {object}-{version}_{shape}.ndjson, and {object}-{version}.json for the metadata. */
const fileName = /^(.+)-(\d+\.\d+)(?:_(?:point|orientedpoint|instancepoint|instanceseg))?\.ndjson$/i;

/** Returns the particle type by the metadata beside the file, else by the file's own name. */
function objectOf({ path, beside, frame }: Source): { type?: string; notes: string[] } {
  const name = path.replace(/^.*[/\\]/, "");
  const match = fileName.exec(name);
  const stem = match ? `${match[1]}-${match[2]}` : name.replace(/\.ndjson$/i, "");
  const text = beside(`${stem}.json`);
  const metadata = text === undefined ? undefined : metadataSchema.safeParse(asJson(path, text)).data;
  const hint =
    match?.[2] === "2.0" && frame === undefined
      ? [
          `${name}: version 2.0 of portal data set 10440 is the mirror image of the challenge's picks; give --from-frame portal-2.0 if this file is of that data set`,
        ]
      : [];
  if (metadata) return { type: metadata.annotation_object.name, notes: hint };
  return match ? { type: match[1]!, notes: hint } : { notes: hint };
}

function asJson(path: string, text: string): unknown {
  try {
    return parseJson(text, { path });
  } catch {
    return undefined;
  }
}

type Shape = "OrientedPoint" | "InstanceSegmentation" | "Point";

function shapeOf(positions: readonly TomogramPosition[]): Shape {
  if (positions.some(({ rotation }) => rotation !== undefined)) return "OrientedPoint";
  return positions.some(({ instance }) => instance !== undefined) ? "InstanceSegmentation" : "Point";
}

function lineOf(
  { at: [x, y, depth], rotation = noRotation, instance = 0 }: TomogramPosition,
  shape: Shape,
): object {
  const location = { x, y, z: depth };
  if (shape === "Point") return { type: "point", location };
  if (shape === "InstanceSegmentation") return { type: "instancePoint", location, instance_id: instance };
  const rows = [rotation.slice(0, 3), rotation.slice(3, 6), rotation.slice(6)];
  return { type: "orientedPoint", location, xyz_rotation_matrix: rows };
}

function metadataOf(name: string, positions: readonly TomogramPosition[], shape: Shape): string {
  const document = {
    annotation_object: { name },
    object_count: positions.length,
    files: [{ format: "ndjson", shape }],
  };
  return `${jsonOf(document, 1)}\n`;
}

export const portal: PositionFormat = {
  name: "portal",
  title: "a Data Portal ndjson",
  extensions: [".ndjson"],
  carries: new Set(["z", "type", "instance", "orientation"]),
  recognises: (bytes) => {
    for (const line of linesOf(bytes.subarray(0, 1 << 16)))
      if (line.trim() !== "")
        return (
          /^\s*\{.*"(location|type)"\s*:/.test(line) &&
          /"location"/.test(line) &&
          /"(point|orientedPoint|instancePoint)"/.test(line)
        );
    return false;
  },
  read,
  frames: ["voxel"],
  write: ([set]) => {
    const positions = set?.positions ?? [];
    const shape = shapeOf(positions);
    const text = new TextBytes();
    for (const position of positions) text.line(jsonOf(lineOf(position, shape)));
    const type = positions[0]?.type;
    const losesInstances =
      shape === "OrientedPoint" && positions.some(({ instance }) => instance !== undefined);
    return {
      bytes: text.bytes(),
      ...(type === undefined ? {} : { beside: new Map([[".json", metadataOf(type, positions, shape)]]) }),
      notes: losesInstances ? ["instance ids are lost: an orientedPoint has none"] : [],
    };
  },
};
