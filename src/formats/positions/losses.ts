import type { Carried, PositionFormat } from "./format.js";
import type { PositionSet, TomogramPosition } from "./positionSet.js";

interface Loss {
  readonly needs: Carried;
  readonly is: (set: PositionSet, position: TomogramPosition) => boolean;
  /** What the user is told. */
  readonly text: (title: string) => string;
}

const losses: readonly Loss[] = [
  {
    needs: "z",
    is: (_, { at }) => at[2] !== 0,
    text: (title) => `z is lost: ${title} has two dimensions`,
  },
  {
    needs: "score",
    is: (_, { score }) => score !== undefined,
    text: (title) => `scores are lost: ${title} has none`,
  },
  {
    needs: "orientation",
    is: (_, { rotation }) => rotation !== undefined,
    text: (title) => `orientations are lost: ${title} has none`,
  },
  {
    needs: "translation",
    is: (_, { translation }) => translation !== undefined,
    text: (title) => `translations of the transforms are lost: ${title} has none`,
  },
  {
    needs: "instance",
    is: (_, { instance }) => instance !== undefined,
    text: (title) => `instance ids are lost: ${title} has none`,
  },
];

/** What of the sets a format cannot carry, a sentence each. */
export function lossesOf(sets: readonly PositionSet[], format: PositionFormat): string[] {
  const { carries, title, extra } = format;
  const lost = losses
    .filter(
      ({ needs, is }) => !carries.has(needs) && sets.some((set) => set.positions.some((one) => is(set, one))),
    )
    .map(({ text }) => text(title));
  if (!carries.has("author") && sets.some(({ author }) => author?.userId ?? author?.sessionId))
    lost.push(`user and session are lost: ${title} has none`);
  const columns = new Set(
    sets.flatMap((set) => (set.extra && !extra?.includes(set.extra.family) ? set.extra.names : [])),
  );
  if (columns.size > 0)
    lost.push(`${columns.size} columns are lost: ${title} has none (${[...columns].join(", ")})`);
  const blocks = new Set(
    extra?.includes("star") ? [] : sets.flatMap((set) => set.blocks?.map(({ name }) => name) ?? []),
  );
  if (blocks.size > 0) lost.push(`other blocks are lost: ${title} has none (${[...blocks].join(", ")})`);
  return lost;
}
