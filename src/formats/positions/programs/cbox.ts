/** .cbox files of crYOLO and TomoTwin: STAR files of boxes. */
import { PickbenchError } from "../../../system/errors.js";
import { writeStar } from "../../star.js";
import { readStarTables } from "../../starTables.js";
import { broken, fixed, isAbsent, numberOf, printed } from "../fields.js";
import type { PositionFormat, Source } from "../format.js";
import type { PositionSet, TomogramPosition, Vector3 } from "../frames.js";

/**
 * Columns of a .cbox file: the lower corner of a box in x and y, but its centre in z, as crYOLO, TomoTwin and
 * napari-boxmanager read and write them; <NA> marks an empty cell.
 */
const columns = [
  ...["CoordinateX", "CoordinateY", "CoordinateZ", "Width", "Height", "Depth", "EstWidth", "EstHeight"],
  ...["Confidence", "NumBoxes", "Angle"],
];
const filament = "filamentid";
const nothing = "<NA>";

function read({ path, bytes, frame }: Source): PositionSet[] {
  const positions: TomogramPosition[] = [];
  let names: readonly string[] = [];
  let block = "";
  let isFound = bytes.toString("latin1").trim() === "";
  let without = 0;
  const visitor = {
    block: (name: string) => {
      block = name;
    },
    value: () => undefined,
    loop: (given: readonly string[]) => {
      names = given;
      if (block !== "cryolo") return;
      isFound = true;
      const missing = ["CoordinateX", "CoordinateY", "Width", "Height"].find((name) => !given.includes(name));
      if (missing !== undefined)
        throw broken(path, "data_cryolo", `lacks _${missing}`, "the columns of a .cbox");
    },
    row: (values: string[], line: number) => {
      if (block !== "cryolo") return;
      const cell = (name: string) => values[names.indexOf(name)];
      const value = (name: string) => numberOf(cell(name), path, () => `line ${line}`, `_${name}`);
      const known = (name: string) => !isAbsent(cell(name));
      const box: Vector3 = [
        value("Width"),
        value("Height"),
        known("Depth") ? value("Depth") : value("Width"),
      ];
      const z = known("CoordinateZ") ? value("CoordinateZ") : 0;
      if (!known("CoordinateZ")) without++;
      positions.push({
        at: [value("CoordinateX") + box[0] / 2, value("CoordinateY") + box[1] / 2, z],
        box,
        ...(known("Confidence") ? { score: value("Confidence") } : {}),
        ...(known(filament) ? { instance: value(filament) } : {}),
        extra: extraNames.map((name) => cell(name) ?? nothing),
      });
    },
  };
  readStarTables(path, bytes, visitor, (_, name) => name === "cryolo");
  if (!isFound) throw broken(path, "the STAR file", "has no boxes", "a block data_cryolo with a loop");
  return [
    {
      frame: frame ?? "voxel",
      positions,
      extra: { family: "star", names: extraNames },
      notes: without === 0 ? [] : [`z is 0 for ${without} boxes of a micrograph: ${path} says none`],
    },
  ];
}

/** Extra columns, which are passed through. */
const extraNames = ["EstWidth", "EstHeight", "NumBoxes", "Angle"];

function rowOf(position: TomogramPosition, places: readonly number[], edge: number | undefined): string[] {
  const [width, height, depth] = boxOf(position, edge, "a .cbox file");
  const [x, y, z] = position.at;
  const [estWidth, estHeight, boxes, angle] = places.map((at) => position.extra?.[at] ?? nothing);
  return [
    ...[fixed(x - width / 2), fixed(y - height / 2), fixed(z), fixed(width), fixed(height), fixed(depth)],
    ...[
      estWidth!,
      estHeight!,
      position.score === undefined ? nothing : printed(position.score),
      boxes!,
      angle!,
    ],
  ];
}

/**
 * Returns a position's box, or a cube of the edge that the user gives.
 *
 * @throws PickbenchError BadUsage where there is neither
 */
export function boxOf({ box }: TomogramPosition, edge: number | undefined, what: string): Vector3 {
  if (box) return box;
  if (edge !== undefined) return [edge, edge, edge];
  throw new PickbenchError(
    "BadUsage",
    `${what} holds boxes, and the positions have none; give --box N, their edge in voxels`,
  );
}

export const cbox: PositionFormat = {
  name: "cbox",
  title: "a crYOLO .cbox file",
  extensions: [".cbox"],
  hasBoxes: true,
  carries: new Set(["z", "score", "instance"]),
  extra: ["star"],
  recognises: (bytes) => bytes.includes("data_cryolo") && bytes.includes("_CoordinateX"),
  read,
  frames: ["voxel"],
  write: (sets, { box }) => {
    const set = sets[0];
    const positions = set?.positions ?? [];
    const hasFilaments = positions.some(({ instance }) => instance !== undefined);
    const places = extraNames.map((name) =>
      set?.extra?.family === "star" ? set.extra.names.indexOf(name) : -1,
    );
    const rows = positions.map((position) => [
      ...rowOf(position, places, box),
      ...(hasFilaments ? [position.instance === undefined ? nothing : String(position.instance)] : []),
    ]);
    const slices = [...new Set(positions.map(({ at }) => at[2]))].sort((a, b) => a - b);
    return {
      bytes: writeStar([
        { name: "global", values: new Map([["cbox_format_version", "1.0"]]), loops: [] },
        {
          name: "cryolo",
          values: new Map(),
          loops: [{ columns: [...columns, ...(hasFilaments ? [filament] : [])], rows }],
        },
        {
          name: "cryolo_include",
          values: new Map(),
          loops: [{ columns: ["slice_index"], rows: slices.map((slice) => [fixed(slice)]) }],
        },
      ]),
    };
  },
};
