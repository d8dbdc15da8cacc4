/** copick's JSON files of picks, with orientations and instances. */
import { z } from "zod";
import type { PickbenchError } from "../../../system/errors.js";
import { ownUserId, type PicksPoint, PointsText, parsePicks, picksAround } from "../../copickPicks.js";
import { optionalNumber } from "../../json.js";
import { broken, isAbsent, isNumberOrAbsent, realPart } from "../fields.js";
import { type PartWriter, type PositionFormat, type Source, wholeOf } from "../format.js";
import type { PositionSet, TomogramPosition, Vector3 } from "../frames.js";
import { jsonText } from "../jsonDocument.js";
import { isIdentity, noRotation, type Rotation, statedRotation } from "../orientation.js";

/** A 4×4 matrix row by row. */
const matrixSchema = z.array(z.array(z.number()).length(4)).length(4);
const pointSchema = z.looseObject({
  transformation_: z.unknown().optional(),
  instance_id: optionalNumber,
  metadata: z
    .record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()]))
    .nullish()
    .catch(null),
});
const documentSchema = z.looseObject({
  user_id: z.string().nullish(),
  session_id: z.string().nullish(),
  run_name: z.string().nullish(),
});

/** Session of picks that have none. */
const defaultSession = "0";

/**
 * Reads copick's picks of one type in one run, in Å. Where all transforms are the identity, or all instances 0, they say
 * nothing and are left out. Columns that copick has no field for are in each point's `metadata`, which copick itself passes
 * over.
 */
function read({ path, bytes, frame }: Source): PositionSet[] {
  const document = parsePicks(path, jsonText(path, bytes));
  const header = documentSchema.safeParse(document);
  if (!header.success)
    throw broken(path, "the document", "user_id, session_id or run_name is no text", "text");
  const { user_id: userId, session_id: sessionId, run_name: run } = header.data;
  const type = document.pickable_object_name ?? undefined;
  const points = (document.points ?? []).map((point, index) => fromPoint(path, point, index, type));
  const hasTransforms = points.some(
    ({ rotation, translation }) => translation || (rotation && !isIdentity(rotation)),
  );
  const hasInstances = points.some(({ instance }) => instance !== undefined && instance !== 0);
  const names = [...new Set(points.flatMap(({ metadata }) => Object.keys(metadata ?? {})))];
  return [
    {
      ...(run ? { run } : {}),
      frame: frame ?? "angstrom",
      author: { ...(userId ? { userId } : {}), ...(sessionId ? { sessionId } : {}) },
      ...(names.length > 0 ? { extra: { family: "table", names } } : {}),
      positions: points.map(({ rotation, instance, metadata, ...position }) => ({
        ...position,
        ...(names.length > 0 ? { extra: names.map((name) => String(metadata?.[name] ?? "")) } : {}),
        ...(hasTransforms && rotation ? { rotation } : {}),
        ...(hasInstances && instance !== undefined ? { instance } : {}),
      })),
    },
  ];
}

type Point = NonNullable<ReturnType<typeof parsePicks>["points"]>[number];

/** A position and the values that the file holds beside it. */
type ReadPoint = TomogramPosition & { readonly metadata?: Readonly<Record<string, unknown>> };

function fromPoint(path: string, point: Point, index: number, type: string | undefined): ReadPoint {
  const place = `point ${index + 1}`;
  const parsed = pointSchema.safeParse(point);
  if (!parsed.success) throw broken(path, place, "instance_id is malformed", "a number");
  const { transformation_: given, instance_id: instance, metadata } = parsed.data;
  const { rotation, fault, moved } = transformOf(path, place, given);
  const { location, score } = point;
  return {
    at: [location.x, location.y, location.z],
    ...(type === undefined ? {} : { type }),
    ...(score === undefined || score === null ? {} : { score }),
    ...(instance === undefined || instance === null ? {} : { instance }),
    ...(rotation ? { rotation } : {}),
    ...(fault === undefined ? {} : { rotationFault: fault.message }),
    ...(moved.some((value) => value !== 0) ? { translation: moved as unknown as Vector3 } : {}),
    ...(metadata ? { metadata } : {}),
  };
}

/** What a point's transform says. */
interface PointTransform {
  readonly rotation?: Rotation;
  /** What is wrong with it. */
  readonly fault?: PickbenchError;
  /** Translation in Å. */
  readonly moved: readonly number[];
}

/**
 * Reads the 4×4 matrix of a point.
 *
 * @param place of the point in the file, for its fault
 * @param given `transformation_` as the file has it
 */
export function transformOf(path: string, place: string, given: unknown): PointTransform {
  const still = [0, 0, 0];
  if (given === undefined || given === null) return { moved: still };
  const matrix = matrixSchema.safeParse(given);
  const rows = matrix.data?.slice(0, 3) ?? [];
  const rotation = matrix.success ? statedRotation(rows.flatMap((row) => row.slice(0, 3))) : undefined;
  if (rotation) return { rotation, moved: rows.map((row) => row[3]!) };
  const got = `transformation_ ${matrix.success ? "is no rotation" : "is malformed"}`;
  const wanted = "a 4×4 matrix of a rotation, orthonormal and of determinant 1";
  return { fault: broken(path, place, got, wanted), moved: still };
}

/** Tells whether a position has neither orientation nor instance. */
const isPlain = ({ rotation, translation, instance }: TomogramPosition): boolean =>
  rotation === undefined && translation === undefined && instance === undefined;

/** @param names of the position's extra columns */
function toPoint(
  { at, score, instance, rotation, translation, extra }: TomogramPosition,
  names: readonly string[],
): PicksPoint {
  const r = rotation ?? noRotation;
  const t = translation ?? [0, 0, 0];
  const isMoved = rotation !== undefined || translation !== undefined;
  return {
    location: { x: at[0], y: at[1], z: at[2] },
    ...(isMoved
      ? {
          transformation_: [
            ...[0, 1, 2].map((row) => [...r.slice(3 * row, 3 * row + 3), t[row]!]),
            [0, 0, 0, 1],
          ],
        }
      : {}),
    ...(instance === undefined ? {} : { instance_id: instance }),
    ...(score === undefined ? {} : { score }),
    ...(names.length > 0 ? { metadata: metadataOf(names, extra ?? []) } : {}),
  };
}

/** Returns columns as a JSON object: numbers as numbers; what is absent is left out. */
function metadataOf(names: readonly string[], values: readonly string[]): Record<string, number | string> {
  const filled = names.flatMap((name, i): [string, number | string][] => {
    const text = values[i];
    if (text === undefined || isAbsent(text)) return [];
    return [[name, isNumberOrAbsent(text) ? Number(realPart(text)) : text]];
  });
  return Object.fromEntries(filled);
}

/** @param outline one set of one type */
function begin([outline]: readonly PositionSet[]): PartWriter {
  const author = { userId: ownUserId, sessionId: defaultSession, ...outline?.author };
  const type = outline?.positions[0]?.type ?? "unknown";
  const hasPoints = (outline?.positions.length ?? 0) > 0;
  const { head, tail } = picksAround({ type, run: outline?.run ?? null, author }, hasPoints);
  return {
    head: Buffer.from(head),
    rows({ positions, extra }, _, first) {
      if (positions.length === 0) return Buffer.alloc(0);
      const names = extra?.names ?? [];
      const text = new PointsText(positions.length, first > 0);
      for (const position of positions) {
        if (isPlain(position) && names.length === 0) text.addPlain(position.at, position.score);
        else text.add(toPoint(position, names));
      }
      return text.bytes();
    },
    tail: Buffer.from(tail),
  };
}

export const copick: PositionFormat = {
  name: "copick",
  title: "a copick file of picks",
  extensions: [".json"],
  carries: new Set(["z", "type", "score", "instance", "orientation", "translation", "run", "author"]),
  needs: ["type"],
  extra: ["table"],
  recognises: (bytes) =>
    bytes.includes('"points"') && (bytes.includes('"pickable_object_name"') || bytes.includes('"unit"')),
  read,
  frames: ["angstrom"],
  write: wholeOf(begin),
  begin,
};
