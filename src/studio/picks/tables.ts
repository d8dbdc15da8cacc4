/** Picks gathered by run and author while a file is read. */
import { type PickColumns, PickTable } from "./columns.js";

/** What a file holds: picks by run, then by author, `USER_SESSION` or "" for none. */
export type FilePicks = ReadonlyMap<string, ReadonlyMap<string, PickColumns>>;

/** A table for each run and author. */
export class Tables {
  readonly #tables = new Map<string, Map<string, PickTable>>();

  of(run: string, author: string): PickTable {
    const ofRun = this.#tables.get(run) ?? new Map<string, PickTable>();
    this.#tables.set(run, ofRun);
    const table = ofRun.get(author) ?? new PickTable();
    ofRun.set(author, table);
    return table;
  }

  columns(): FilePicks {
    return new Map(
      [...this.#tables].map(([run, ofRun]) => [
        run,
        new Map([...ofRun].map(([author, table]) => [author, table.columns()])),
      ]),
    );
  }
}
