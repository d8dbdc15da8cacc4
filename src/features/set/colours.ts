/** Colours of features that name none: Trubetskoy's list of distinct colours (sashamaps.net, 2017), the easiest to tell apart first. */
import type { FeatureSet } from "./schema.js";

const palette = [
  ...["#e6194b", "#3cb44b", "#ffe119", "#4363d8", "#f58231", "#911eb4", "#42d4f4", "#f032e6", "#bfef45"],
  ...["#fabed4", "#469990", "#dcbeff", "#9a6324", "#fffac8", "#800000", "#aaffc3", "#808000", "#ffd8b1"],
  ...["#000075", "#a9a9a9"],
];

/** Returns each feature's colour by its name: its own, else the palette's in the features' order, again from the start. */
export const coloursOf = ({ features }: Pick<FeatureSet, "features">): ReadonlyMap<string, string> =>
  new Map(
    features.map(({ name, colour }, at) => [name, colour?.toLowerCase() ?? palette[at % palette.length]!]),
  );

/** Returns a colour's red, green and blue, 0 to 255. */
export const rgbOf = (colour: string): readonly [number, number, number] => [
  Number.parseInt(colour.slice(1, 3), 16),
  Number.parseInt(colour.slice(3, 5), 16),
  Number.parseInt(colour.slice(5, 7), 16),
];
