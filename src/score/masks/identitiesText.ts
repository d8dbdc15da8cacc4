/** Confusion of identities, as tables for people. */
import { alignedTable } from "../../present/text.js";
import type { IdentityConfusion } from "./identities.js";

/** Writes rows of the truth against columns of identities, in shares of the row, and each feature's overlap. */
export function identitiesText({ columns, rows, voxel, features }: IdentityConfusion): string {
  const share = (count: number, all: number): string =>
    all === 0 ? "–" : `${((100 * count) / all).toFixed(1)} %`;
  const lines = Object.entries(rows).map(([name, counts]) => {
    const all = counts.reduce((sum, count) => sum + count, 0);
    return [
      name,
      String(all),
      ...(voxel === null ? [] : [((all * voxel) / 1e3).toFixed(0)]),
      ...counts.map((count) => share(count, all)),
    ];
  });
  const head = ["truth", "voxels", ...(voxel === null ? [] : ["nm³"]), ...columns];
  const number = (value: number | null): string => (value === null ? "–" : value.toFixed(4));
  const scores = Object.entries(features).map(([name, { dice, iou, truth, given, both }]) => [
    ...[name, number(dice), number(iou)],
    ...[truth, given, both].map(String),
  ]);
  return [
    alignedTable([head, ...lines]),
    "",
    alignedTable([["feature", "Dice", "IoU", "true voxels", "given", "both"], ...scores]),
  ].join("\n");
}
