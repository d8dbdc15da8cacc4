/** copick's JSON files of picks: reading and writing one particle type's points in one run. */
import { z } from "zod";
import { PickbenchError } from "../system/errors.js";
import { ByteText } from "./byteText.js";
import { jsonOf, optionalNumber, parseJson } from "./json.js";

/** Author of a set of picks and the session it was made in, in copick's words. */
export interface PicksAuthor {
  readonly userId?: string;
  readonly sessionId?: string;
}

/** The user id under which pickbench writes its own picks. */
export const ownUserId = "pickbench";

const pointSchema = z.looseObject({
  location: z.looseObject({ x: z.number(), y: z.number(), z: z.number() }),
  score: optionalNumber,
});
const picksSchema = z.looseObject({
  pickable_object_name: z.string().nullish(),
  unit: z.enum(["angstrom", "Å", "A"]).nullish(),
  points: z.array(pointSchema).nullish(),
});

/** Content of a copick file of picks; fields that are not checked here are kept. */
type PicksDocument = z.infer<typeof picksSchema>;

/**
 * Parses a copick file of picks.
 *
 * @throws PickbenchError BadDataset with the file and the number of the broken point, from 1
 */
export function parsePicks(path: string, text: string): PicksDocument {
  const value = parseJson(text, { path, what: "picks are" });
  const parsed = picksSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw badPicks(path, value, parsed.error);
}

function badPicks(path: string, value: unknown, error: z.ZodError): PickbenchError {
  const at = error.issues[0]?.path ?? [];
  let got: unknown = value;
  for (const key of at) got = (got as Record<PropertyKey, unknown> | undefined)?.[key];
  const shown =
    JSON.stringify(typeof got === "number" && !Number.isFinite(got) ? String(got) : got) ?? "missing";
  const where =
    at[0] === "points" && typeof at[1] === "number"
      ? `point ${at[1] + 1}: ${at.slice(2).join(".") || "the point"}`
      : at.join(".") || "the document";
  const wanted =
    at[0] === "unit" ? "angstrom" : at.length > 2 ? "a number in Å" : "copick picks with unit and points";
  return new PickbenchError(
    "BadDataset",
    `${path}: ${where} is ${shown.slice(0, 60)}; wanted ${wanted}: mend the file`,
    { path },
  );
}

const identity = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
];

/** A point to be written; by default its transform is the identity and its instance 0. */
export interface PicksPoint {
  readonly location: { readonly x: number; readonly y: number; readonly z: number };
  /** A 4×4 matrix, row by row. */
  readonly transformation_?: readonly (readonly number[])[];
  readonly instance_id?: number;
  readonly score?: number;
  /** What else is known of the point, which copick passes over. */
  readonly metadata?: Readonly<Record<string, number | string>>;
}

/** What a copick file says of its picks. */
export interface PicksHeader {
  readonly type: string;
  readonly run: string | null;
  readonly author: PicksAuthor;
}

/** Returns the text of a copick file with the picks of one type in one run, in Å. */
export function picksText(of: PicksHeader, points: readonly PicksPoint[]): string {
  const { head, tail } = picksAround(of, points.length > 0);
  const text = new PointsText(points.length, false);
  for (const point of points) text.add(point);
  return `${head}${text.bytes().toString()}${tail}`;
}

/** Returns the text of a copick file before and after its points. */
export function picksAround(
  of: PicksHeader,
  hasPoints: boolean,
): { readonly head: string; readonly tail: string } {
  const document = {
    pickable_object_name: of.type,
    user_id: of.author.userId,
    session_id: of.author.sessionId,
    run_name: of.run,
    voxel_spacing: null,
    unit: "angstrom",
    points: [],
  };
  const end = "]\n}";
  const head = jsonOf(document, 1).slice(0, -end.length);
  return { head: hasPoints ? `${head}\n` : head, tail: hasPoints ? `\n ${end}\n` : `${end}\n` };
}

/** Text of a point between its location and its score, where it is not turned. */
const unturned = jsonOf({ transformation_: identity, instance_id: 0 }, 1)
  .slice("{".length, -"\n}".length)
  .replaceAll("\n", "\n  ");

const pieces = {
  x: Buffer.from(`  {\n   "location": {\n    "x": `),
  y: Buffer.from(`,\n    "y": `),
  z: Buffer.from(`,\n    "z": `),
  unturned: Buffer.from(`\n   },${unturned}`),
  score: Buffer.from(`,\n   "score": `),
  end: Buffer.from("\n  }"),
  between: Buffer.from(",\n"),
};
/** Bytes of a point that is not turned and has a score, with room for numbers of many digits. */
const usualPointBytes = Object.values(pieces).reduce((sum, { length }) => sum + length, 4 * 10);

/** Text of a copick file's points, as JSON that is indented by a space for each level. */
export class PointsText {
  readonly #text: ByteText;
  #areOthersBefore: boolean;

  /**
   * @param count number of points that are expected
   * @param areOthersBefore whether they follow other points of the file
   */
  constructor(count: number, areOthersBefore: boolean) {
    this.#text = new ByteText(count * usualPointBytes);
    this.#areOthersBefore = areOthersBefore;
  }

  add(point: PicksPoint): void {
    const { location, transformation_, instance_id, score, metadata } = point;
    const isPlain = transformation_ === undefined && instance_id === undefined && metadata === undefined;
    if (isPlain) this.addPlain([location.x, location.y, location.z], score);
    else this.#addUnusual(point);
  }

  /** Adds a point that is not turned, of instance 0. @param at x, y, z in Å */
  addPlain(at: readonly [number, number, number], score: number | undefined): void {
    const [x, y, z] = at;
    if (!Number.isFinite(x + y + z + (score ?? 0))) {
      this.#addUnusual({ location: { x, y, z }, ...(score === undefined ? {} : { score }) });
      return;
    }
    const text = this.#text;
    this.#separate();
    text.piece(pieces.x);
    text.number(x);
    text.piece(pieces.y);
    text.number(y);
    text.piece(pieces.z);
    text.number(z);
    text.piece(pieces.unturned);
    if (score !== undefined) {
      text.piece(pieces.score);
      text.number(score);
    }
    text.piece(pieces.end);
  }

  bytes(): Buffer {
    return this.#text.bytes();
  }

  #addUnusual({ location, transformation_, instance_id, score, metadata }: PicksPoint): void {
    this.#separate();
    const point = {
      location,
      transformation_: transformation_ ?? identity,
      instance_id: instance_id ?? 0,
      ...(score === undefined ? {} : { score }),
      ...(metadata === undefined ? {} : { metadata }),
    };
    this.#text.text(`  ${jsonOf(point, 1).replaceAll("\n", "\n  ")}`);
  }

  #separate(): void {
    if (this.#areOthersBefore) this.#text.piece(pieces.between);
    this.#areOthersBefore = true;
  }
}
