/** Notes on the fields that a format cannot carry. */
import type { Carried, PositionFormat } from "./format.js";
import type { PositionSet, TomogramPosition } from "./frames.js";

interface Loss {
  readonly needs: Carried;
  readonly is: (set: PositionSet, position: TomogramPosition) => boolean;
  /** Returns the note for the user. */
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

/** Lists what a format cannot carry of the sets, in one sentence each. */
export function lossesOf(
  sets: readonly PositionSet[],
  format: Pick<PositionFormat, "carries" | "title" | "extra">,
): string[] {
  const { carries, title, extra } = format;
  const lost = losses
    .filter(
      ({ needs, is }) => !carries.has(needs) && sets.some((set) => set.positions.some((one) => is(set, one))),
    )
    .map(({ text }) => text(title));
  if (!carries.has("author") && sets.some(({ author }) => author?.userId ?? author?.sessionId))
    lost.push(`user and session are lost: ${title} has none`);
  const columns = lostColumns(sets, extra ?? []);
  if (columns.length > 0)
    lost.push(
      `${columns.length === 1 ? "a column is" : `${columns.length} columns are`} lost: ${title} has none (${columns.join(", ")})`,
    );
  const blocks = extra?.includes("star") ? [] : lostBlocks(sets);
  if (blocks.length > 0) lost.push(`other blocks are lost: ${title} has none (${blocks.join(", ")})`);
  return lost;
}

/** Columns of an optics block that are understood; all others are lost with the block. */
const understood = ["rlnOpticsGroup", "rlnOpticsGroupName", "rlnTomoTiltSeriesPixelSize"];

function lostColumns(sets: readonly PositionSet[], families: readonly string[]): string[] {
  const names = sets.flatMap((set) =>
    set.extra && !families.includes(set.extra.family) ? set.extra.names : [],
  );
  return [...new Set(names)].filter((name) => !understood.includes(name));
}

function lostBlocks(sets: readonly PositionSet[]): string[] {
  const blocks = sets.flatMap((set) => set.blocks ?? []);
  const lost = blocks.filter(
    ({ values, loops }) =>
      values.size > 0 || loops.some(({ columns }) => !columns.every((name) => understood.includes(name))),
  );
  return [...new Set(lost.map(({ name }) => name))];
}
