/** Positions of files that are read part by part, grouped by run in whatever order they come. */
import type { FrameName, PositionSet, TomogramPosition } from "./frames.js";

/** A file of positions that is read part by part. */
export interface PartSource {
  readonly path: string;
  /** Frame of the positions as the user gives it; overrides the format's own. */
  readonly frame?: FrameName;
}

/** Takes some of a run's positions, in the order of the file. */
export type PartTaker = (part: PositionSet) => Promise<void>;

/** Positions that are gathered before they are handed on. */
const positionsPerPart = 1 << 13;

/** Positions grouped by run and handed on in parts, so that few are held at a time. */
export class RunParts {
  readonly #make: (run: string | undefined, positions: TomogramPosition[]) => PositionSet;
  readonly #take: PartTaker;
  #runs = new RunTable<TomogramPosition>();
  #count = 0;
  #hasTaken = false;

  constructor(
    make: (run: string | undefined, positions: TomogramPosition[]) => PositionSet,
    take: PartTaker,
  ) {
    this.#make = make;
    this.#take = take;
  }

  add(run: string | undefined, position: TomogramPosition): void {
    this.#runs.add(run, position);
    this.#count++;
  }

  get isFull(): boolean {
    return this.#count >= positionsPerPart;
  }

  async handOn(): Promise<void> {
    const parts = this.#runs.map(this.#make);
    this.#runs = new RunTable();
    this.#count = 0;
    this.#hasTaken = true;
    for (const part of parts) await this.#take(part);
  }

  /** Hands on the rest; of a file without positions, one empty part. */
  async end(): Promise<void> {
    if (this.#count > 0 || !this.#hasTaken) await this.handOn();
  }
}

/** Rows grouped by run, in the order in which the runs first come. */
export class RunTable<Row> {
  readonly rows = new Map<string | undefined, Row[]>();

  add(run: string | undefined, row: Row): void {
    const list = this.rows.get(run);
    if (list) list.push(row);
    else this.rows.set(run, [row]);
  }

  map(make: (run: string | undefined, rows: Row[]) => PositionSet): PositionSet[] {
    return [...(this.rows.size > 0 ? this.rows : new Map([[undefined, []]]))].map(([run, rows]) =>
      make(run, rows),
    );
  }
}
