/** What a place of picks is. */
import type { PicksAuthor } from "../../formats/copickPicks.js";
import type { PickColumns } from "./columns.js";

/** A place of picks, in which several may have picked: authors are `USER_SESSION`, or "" where nobody is named. */
export interface PickPlace {
  readonly id: string;
  readonly name: string;
  readonly isTruth: boolean;
  /** Lists who has a file of picks of a run, though it be empty. */
  authors(run: string): Promise<string[]>;
  /** Reads an author's picks of a run; none where there are none. */
  read(run: string, author: string): Promise<PickColumns>;
  /** Lists the runs that an author has files of. */
  runs(author: string): Promise<string[]>;
}

/** Returns what an author is called; "" where nobody is named. */
export const nameOf = ({ userId, sessionId }: PicksAuthor): string =>
  userId === undefined ? "" : `${userId}_${sessionId ?? ""}`;
