/** EMAN2's info files (JSON): boxes by class. */
import { z } from "zod";
import { angstrom } from "../../../domain/units.js";
import { jsonOf, optionalNumber } from "../../json.js";
import { broken } from "../fields.js";
import type { PositionFormat, Source } from "../format.js";
import type { PositionSet, TomogramPosition } from "../frames.js";
import { parseDocument } from "../jsonDocument.js";

const boxSchema = z
  .tuple([z.number(), z.number(), z.number()])
  .rest(z.union([z.number(), z.nan(), z.literal([Infinity, -Infinity]), z.string(), z.null()]));
const documentSchema = z.looseObject({
  apix_unbin: optionalNumber.pipe(z.number().positive().nullish()),
  boxes_3d: z.array(boxSchema),
  class_list: z
    .record(z.string(), z.looseObject({ name: z.string().nullish(), boxsize: optionalNumber }))
    .nullish(),
});

/**
 * Reads an info file: boxes_3d are [x, y, z, method, score, class], in unbinned pixels from the volume's centre where
 * apix_unbin is set, else in voxels of the picked tomogram from its corner (e2spt_boxer).
 */
function read({ path, bytes, frame }: Source): PositionSet[] {
  const {
    apix_unbin: pixel,
    boxes_3d: boxes,
    class_list: classes,
  } = parseDocument(path, bytes, documentSchema);
  const positions = boxes.map(([x, y, depth, , score, kind], index): TomogramPosition => {
    const type = classes?.[String(kind)];
    if (score !== undefined && score !== null && typeof score !== "number")
      throw broken(path, `box ${index + 1}`, `its score is ${JSON.stringify(score)}`, "a number");
    const edge = type?.boxsize ?? 0;
    return {
      at: [x, y, depth],
      ...(typeof score === "number" && Number.isFinite(score) ? { score } : {}),
      ...(type?.name ? { type: type.name } : {}),
      ...(edge > 0 ? { box: [edge, edge, edge] } : {}),
    };
  });
  return [
    {
      frame: frame ?? (pixel ? "eman2" : "voxel"),
      ...(pixel ? { pixel: angstrom(pixel) } : {}),
      positions,
    },
  ];
}

/** Default edge of a box, e2spt_boxer's own for a new class. */
const defaultEdge = 64;

function documentOf(set: PositionSet | undefined, edge: number | undefined): object {
  const classes = new Map<string, { name: string; boxsize: number; index: number }>();
  const classOf = ({ type = "particles_00", box }: TomogramPosition): number => {
    const known = classes.get(type);
    if (known) return known.index;
    const boxsize = Math.round(box?.[0] ?? edge ?? defaultEdge);
    classes.set(type, { name: type, boxsize, index: classes.size });
    return classes.size - 1;
  };
  const boxes = (set?.positions ?? []).map((position) => [
    ...position.at,
    "manual",
    position.score ?? 0,
    classOf(position),
  ]);
  const list = [...classes.values()].map(({ name, boxsize, index }) => [String(index), { name, boxsize }]);
  return {
    ...(set?.frame === "eman2" && set.pixel !== undefined ? { apix_unbin: set.pixel } : {}),
    boxes_3d: boxes,
    class_list: Object.fromEntries(list),
  };
}

export const eman2: PositionFormat = {
  name: "eman2",
  title: "an EMAN2 info file",
  extensions: [".json"],
  carries: new Set(["z", "type", "several types", "score"]),
  recognises: (bytes) => bytes.includes('"boxes_3d"'),
  read,
  frames: ["eman2", "voxel"],
  write: ([set], { box }) => ({
    bytes: Buffer.from(`${jsonOf(documentOf(set, box), 1)}\n`),
    notes:
      set?.frame === "voxel"
        ? [
            "boxes are counted from the corner, without apix_unbin: with --size and --spacing they would be from the centre",
          ]
        : [],
  }),
};
