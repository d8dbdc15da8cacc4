import type { ExtraColumns, PositionSet, TomogramPosition } from "./positionSet.js";

/** Sets in one frame, those of one run joined; extra columns that one of them lacks are empty there. */
export function mergeByRun(sets: readonly PositionSet[]): PositionSet[] {
  const runs = new Map<string, PositionSet[]>();
  for (const set of sets) {
    const key = JSON.stringify([set.run ?? null, set.pixel ?? null]);
    const list = runs.get(key);
    if (list) list.push(set);
    else runs.set(key, [set]);
  }
  return [...runs.values()].map((group) => (group.length === 1 ? group[0]! : merged(group)));
}

function merged(group: readonly PositionSet[]): PositionSet {
  const extra = commonColumns(group);
  return {
    ...group[0]!,
    ...(extra ? { extra } : {}),
    positions: group.flatMap((set) => set.positions.map((position) => aligned(position, set.extra, extra))),
  };
}

function commonColumns(group: readonly PositionSet[]): ExtraColumns | undefined {
  const families = new Set(group.flatMap(({ extra }) => extra?.family ?? []));
  const [family] = families;
  if (family === undefined) return undefined;
  const names = [...new Set(group.flatMap(({ extra }) => extra?.names ?? []))];
  return { family: families.size === 1 ? family : "table", names };
}

function aligned(
  position: TomogramPosition,
  from: ExtraColumns | undefined,
  to: ExtraColumns | undefined,
): TomogramPosition {
  if (!to) return position;
  return {
    ...position,
    extra: to.names.map((name) => position.extra?.[from?.names.indexOf(name) ?? -1] ?? ""),
  };
}
