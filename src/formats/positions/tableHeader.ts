import type { FrameName } from "./frames.js";

/** What a column of a table may be for, by the names that programs and people give it. */
const synonyms = {
  run: ["run", "experiment", "run_name", "tomogram", "tomo", "tomo_name", "tomogram_name", "micrograph"],
  type: ["type", "particle_type", "particle", "object", "label", "class", "pickable_object_name"],
  score: ["score", "confidence", "probability"],
  instance: ["instance", "instance_id", "ids", "filament", "filament_id"],
} as const;

export type TableColumn = keyof typeof synonyms;

/** Index of the first column with one of the names; −1 for none. */
export const namedColumn = (fields: readonly string[], what: TableColumn): number =>
  fields.findIndex((field) => (synonyms[what] as readonly string[]).includes(field.trim().toLowerCase()));

const axis =
  /^(?:pos(?:ition)?|coord(?:inate)?|location|centre|center)?[ _.]?([xyz])(?:[ _]?[[(]?(å|a|ang|angstroms?|nm|nanomet(?:re|er)s?|px|pixels?|vx|voxels?)[\])]?)?$/i;

const frameOfUnit = (unit: string): FrameName =>
  /^n/i.test(unit) ? "nanometre" : /^[pv]/i.test(unit) ? "voxel" : "angstrom";

/** Where x, y and z stand and the unit that their names give; undefined where one is missing or stands twice. */
export function coordinateColumns(
  fields: readonly string[],
): { readonly at: readonly number[]; readonly frame: FrameName | undefined } | undefined {
  const found = fields.map((field) => axis.exec(field.trim()));
  const at = ["x", "y", "z"].map((name) => found.findIndex((match) => match?.[1]?.toLowerCase() === name));
  const count = found.filter((match) => match !== null).length;
  if (at.includes(-1) || count !== 3) return undefined;
  const units = new Set(at.map((index) => found[index]![2]).map((unit) => unit && frameOfUnit(unit)));
  if (units.size > 1) return undefined;
  const [frame] = units;
  return { at, frame: frame as FrameName | undefined };
}
