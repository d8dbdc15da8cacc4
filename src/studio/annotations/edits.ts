/** Edits of annotations as the page sends them and the journal keeps them: numbered lists of changes. */
import { z } from "zod";

/** Most numbers of runs of voxels in a change, changes in an edit, and edits in a message. */
export const most = { runNumbers: 300_000, changes: 20_000, edits: 500 } as const;

const id = z.string().regex(/^[\w-]{1,80}$/);
const name = z.string().min(1).max(200);
const number = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const coordinate = z.number().min(-1e7).max(1e7);
const voxel = z.number().int().min(0).max(1e6);

/** A place as x, y, z in Å. */
const place = z.tuple([coordinate, coordinate, coordinate]);

const sized = z.tuple([voxel, voxel, voxel]);
const boxSchema = z.tuple([voxel, voxel, voxel, voxel, voxel, voxel]);

/**
 * One change. Picks are named by ids: those of added ones are the page's, each used once. Each change has an inverse among
 * them: `delete` `restore`, `accept` and `reject` `recall`.
 */
const changeSchema = z.discriminatedUnion("do", [
  z.strictObject({
    do: z.literal("add"),
    id,
    type: name,
    at: place,
    score: z.number().optional(),
    /** Nine numbers, row by row. */
    rotation: z.array(z.number()).length(9).optional(),
    instance: z.number().int().optional(),
  }),
  z.strictObject({ do: z.literal("move"), id, at: place }),
  z.strictObject({ do: z.literal("retype"), id, type: name }),
  z.strictObject({ do: z.enum(["delete", "restore", "accept", "reject", "recall"]), id }),
  z.strictObject({
    do: z.literal("mask"),
    mask: name,
    /** Voxels, and Å per voxel, along z, y, x of the tomogram that is painted on. */
    shape: sized,
    spacing: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
  }),
  z.strictObject({
    do: z.literal("paint"),
    mask: name,
    /** Axis that the slice lies across: 0 z, 1 y, 2 x. */
    axis: z.union([z.literal(0), z.literal(1), z.literal(2)]),
    index: voxel,
    /** Start, length and value (0 or 1) of each run, one after the other; starts count along the slice's rows. */
    runs: z
      .array(z.number().int().min(0).max(1e12))
      .max(most.runNumbers, `a stroke has at most ${most.runNumbers} numbers`),
  }),
  z.strictObject({
    /** "Annotated here": a half-open box z0, y0, x0, z1, y1, x1 of the mask's voxels; `unbox` takes an equal one back. */
    do: z.enum(["box", "unbox"]),
    mask: name,
    box: boxSchema,
  }),
]);
export type Change = z.infer<typeof changeSchema>;
export type PaintChange = Extract<Change, { do: "paint" }>;
export type PickChange = Exclude<Change, { mask: string }>;
export type MaskChange = Exclude<Change, PickChange>;

/** A box of voxels, half open: first z, y, x, then the voxels after the last. */
export type Box6 = z.infer<typeof boxSchema>;

export const editSchema = z.strictObject({
  /** Who sent it: one per page, which counts its edits of a run from 1. */
  client: id,
  number,
  changes: z.array(changeSchema).min(1).max(most.changes, `an edit has at most ${most.changes} changes`),
});
export type Edit = z.infer<typeof editSchema>;

export const editsSchema = z.strictObject({
  edits: z.array(editSchema).min(1).max(most.edits, `a message has at most ${most.edits} edits`),
});
