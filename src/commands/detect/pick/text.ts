/** How a type's picking is told: in one line. */
import type { ChannelSettings, PickedType } from "../../../infer/pick/store.js";
import { plural } from "../../../present/text.js";

/** Says what was found of a type in a run, and how many were left after each step. */
export function pickedLine({
  run,
  type,
  settings,
  steps,
  path,
  threshold,
  star,
  filaments,
}: PickedType): string {
  const above = `${run} ${type}: ${steps.aboveThreshold} voxels above ${thresholdText(threshold, settings)}`;
  const places = star === undefined ? path : `${path} and ${star}`;
  if (settings.method === "filament")
    return [above, ...filamentParts(steps, filaments!), `in ${places}`].join(", ");
  const counts =
    settings.method === "watershed"
      ? [
          plural(steps.groups, "group"),
          `${steps.afterVolume} of at least ${Math.round(settings.minVolume)} Å³`,
        ]
      : [plural(steps.groups, "peak")];
  return [
    above,
    ...counts,
    `${steps.afterSpacing} at least ${settings.minSpacing} Å apart, in ${places}`,
  ].join(", ");
}

const thresholdText = (threshold: number, { threshold: tuned }: ChannelSettings): string =>
  threshold === tuned
    ? String(tuned)
    : `${Number(threshold.toPrecision(3))} (moved from ${tuned}, where the picks are more or fewer than the annotated runs allow)`;

const filamentParts = (
  steps: PickedType["steps"],
  { count, short, length }: NonNullable<PickedType["filaments"]>,
): string[] => [
  plural(steps.groups, "component"),
  `${plural(count, "filament")} of ${Math.round(length / 10)} nm in all`,
  ...(short === 0 ? [] : [`${short} too short`]),
  plural(steps.afterSpacing, "point"),
];
