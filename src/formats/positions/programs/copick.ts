/** copick's JSON files of picks, with orientations and instances. */
import { z } from "zod";
import { ownUserId, type PicksPoint, parsePicks, picksText } from "../../copickPicks.js";
import { optionalNumber } from "../../json.js";
import { broken, type PositionFormat, type Source } from "../format.js";
import type { PositionSet, TomogramPosition, Vector3 } from "../frames.js";
import { jsonText } from "../jsonDocument.js";
import { noRotation, type Rotation, statedRotation } from "../orientation.js";

/** A 4×4 matrix row by row. */
const matrixSchema = z.array(z.array(z.number()).length(4)).length(4);
const pointSchema = z.looseObject({ transformation_: z.unknown(), instance_id: optionalNumber });
const documentSchema = z.looseObject({
  user_id: z.string().nullish(),
  session_id: z.string().nullish(),
  run_name: z.string().nullish(),
});

/** Session of picks that have none. */
const defaultSession = "0";

/**
 * Reads copick's picks of one type in one run, in Å. Where all transforms are the identity, or all instances 0, they say
 * nothing and are left out.
 */
function read({ path, bytes, frame }: Source): PositionSet[] {
  const document = parsePicks(path, jsonText(path, bytes));
  const header = documentSchema.safeParse(document);
  if (!header.success)
    throw broken(path, "the document", "user_id, session_id or run_name is no text", "text");
  const { user_id: userId, session_id: sessionId, run_name: run } = header.data;
  const type = document.pickable_object_name ?? undefined;
  const points = (document.points ?? []).map((point, index) => fromPoint(path, point, index, type));
  const hasTransforms = points.some(({ rotation, translation }) => translation || !isIdentity(rotation));
  const hasInstances = points.some(({ instance }) => instance !== undefined && instance !== 0);
  return [
    {
      ...(run ? { run } : {}),
      frame: frame ?? "angstrom",
      author: { ...(userId ? { userId } : {}), ...(sessionId ? { sessionId } : {}) },
      positions: points.map(({ rotation, instance, ...position }) => ({
        ...position,
        ...(hasTransforms && rotation ? { rotation } : {}),
        ...(hasInstances && instance !== undefined ? { instance } : {}),
      })),
    },
  ];
}

type Point = NonNullable<ReturnType<typeof parsePicks>["points"]>[number];

function fromPoint(path: string, point: Point, index: number, type: string | undefined): TomogramPosition {
  const place = `point ${index + 1}`;
  const parsed = pointSchema.safeParse(point);
  if (!parsed.success) throw broken(path, place, "instance_id is malformed", "a number");
  const { transformation_: given, instance_id: instance } = parsed.data;
  const matrix = given === undefined || given === null ? undefined : matrixSchema.safeParse(given);
  const stated = matrix?.data?.slice(0, 3).flatMap((row) => row.slice(0, 3));
  const rotation = stated && statedRotation(stated);
  const fault = !matrix || rotation ? undefined : matrix.success ? "is no rotation" : "is malformed";
  const moved = (rotation && matrix?.data?.slice(0, 3).map((row) => row[3]!)) ?? [0, 0, 0];
  const { location, score } = point;
  return {
    at: [location.x, location.y, location.z],
    ...(type === undefined ? {} : { type }),
    ...(score === undefined || score === null ? {} : { score }),
    ...(instance === undefined || instance === null ? {} : { instance }),
    ...(rotation ? { rotation } : {}),
    ...(fault === undefined
      ? {}
      : {
          rotationFault: broken(
            path,
            place,
            `transformation_ ${fault}`,
            "a 4×4 matrix of a rotation, orthonormal and of determinant 1",
          ).message,
        }),
    ...(moved.some((value) => value !== 0) ? { translation: moved as unknown as Vector3 } : {}),
  };
}

const isIdentity = (rotation: Rotation | undefined): boolean =>
  rotation === undefined || rotation.every((value, i) => value === noRotation[i]);

function toPoint({ at, score, instance, rotation, translation }: TomogramPosition): PicksPoint {
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
  };
}

export const copick: PositionFormat = {
  name: "copick",
  title: "a copick file of picks",
  extensions: [".json"],
  carries: new Set(["z", "type", "score", "instance", "orientation", "translation", "run", "author"]),
  needs: ["type"],
  recognises: (bytes) =>
    bytes.includes('"points"') && (bytes.includes('"pickable_object_name"') || bytes.includes('"unit"')),
  read,
  frames: ["angstrom"],
  write: ([set]) => {
    const positions = set?.positions ?? [];
    const author = { userId: ownUserId, sessionId: defaultSession, ...set?.author };
    const type = positions[0]?.type ?? "unknown";
    return { bytes: Buffer.from(picksText({ type, run: set?.run ?? null, author }, positions.map(toPoint))) };
  },
};
