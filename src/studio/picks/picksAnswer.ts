/** A run's picks of a set as the page reads them. */
import type { PickSetName, PicksAnswer, StudioPick } from "./answer.js";
import { type FurtherColumn, type PickColumns, pickAt } from "./columns.js";

/** Turns a run's picks into what the page reads. */
export function picksAnswer(name: PickSetName, picks: PickColumns): PicksAnswer {
  const { further } = picks;
  return {
    ...name,
    columns: further.map((column) => column.name),
    picks: Array.from({ length: picks.count }, (_, at): StudioPick => {
      const pick = pickAt(picks, at);
      return further.length === 0 ? pick : { ...pick, further: further.map((column) => cellOf(column, at)) };
    }),
  };
}

function cellOf({ values }: FurtherColumn, at: number): number | string | null {
  const value = values[at]!;
  return typeof value === "number" && Number.isNaN(value) ? null : value;
}
