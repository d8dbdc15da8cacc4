/** Annotations of a run by one user and session: edits applied once, journalled, and folded into copick's files. */
import { randomBytes } from "node:crypto";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { hashOf } from "../../system/files.js";
import type { Change, Edit } from "./edits.js";
import { Journal } from "./journal.js";
import { type Base, type Line, type Pending, pendingOf } from "./lines.js";
import { type MaskGrid, type MaskState, RunMasks } from "./masks.js";
import {
  changedElsewhere,
  hashNow,
  type PicksPlace,
  readPicksDocument,
  textOf,
  writePicksDocument,
} from "./picksFile.js";
import { type HeldPick, isMaskChange, PicksState, reasonIn } from "./picksState.js";
import { journalPath } from "./places.js";

/** What is told of a run. */
export interface RunState {
  readonly picks: readonly HeldPick[];
  readonly masks: readonly MaskState[];
  /** Whether all edits are in copick's files; if not, they are in the journal. */
  readonly isFolded: boolean;
  /** Why files could not be written. */
  readonly trouble: string | undefined;
}

/** What came of edits that were sent. */
export interface Acknowledgement {
  /** Number of the last edit of this page that is safe. */
  readonly number: number;
  /** Edits that were left out, with the reason. */
  readonly refused: readonly { readonly number: number; readonly why: string }[];
}

/** Bytes of a journal from which on it begins anew once all is folded. */
const longJournal = 2 * 2 ** 20;

export class RunAnnotations {
  readonly #place: PicksPlace;
  readonly #types: readonly string[];
  readonly #journal: Journal<Line>;
  #picks: PicksState;
  readonly #masks: RunMasks;
  readonly #clients = new Map<string, number>();
  /** Hash of each type's file as it was read or written. */
  readonly #files = new Map<string, string | null>();
  /** Types whose file is to be written again. */
  readonly #touched = new Set<string>();
  #trouble: string | undefined;
  /** Why strokes could not be painted, which the journal therefore keeps. */
  #unpainted: unknown;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(place: PicksPlace, types: readonly string[], journal: Journal<Line>) {
    this.#place = place;
    this.#types = types;
    this.#journal = journal;
    this.#picks = new PicksState(new Set(types));
    this.#masks = new RunMasks(place, place.run);
  }

  /**
   * Reads a run's annotations: its files, and what the journal holds beyond them, which is written into the files at once.
   *
   * @param types particle types of the data set
   * @param grids of the run's tomograms, which masks may have
   * @throws PickbenchError BadDataset where a file or the journal is broken, where another program has changed a file of which
   * edits wait, or where one that waits does not fit the data set any more; the journal stays as it is then
   */
  static async open(
    place: PicksPlace,
    types: readonly string[],
    grids: readonly MaskGrid[],
  ): Promise<RunAnnotations> {
    const { journal, lines } = await Journal.open<Line>(journalPath(place, place.run));
    const run = new RunAnnotations(place, types, journal);
    run.#masks.allow(grids);
    const strokes = run.#replay(lines);
    await run.#reconcile(lines.length === 0 ? undefined : pendingOf(lines));
    await run.#masks.open(strokes);
    await run.#fold();
    await journal.restart({ base: run.#base() });
    return run;
  }

  /** Returns picks, suggestions and masks as they are now. */
  state(): RunState {
    return {
      picks: [...this.#picks.picks.values()],
      masks: this.#masks.states(),
      isFolded: this.#touched.size === 0 && !this.#masks.isDirty,
      trouble: this.#trouble,
    };
  }

  /**
   * Applies edits of one page in their order, each once; they are safe when this returns. Where edits before them are missing,
   * none counts, and the number that is returned says which came last.
   *
   * @throws Error of the system where the journal cannot be written: then none counts
   */
  submit(edits: readonly Edit[]): Promise<Acknowledgement> {
    return this.#inTurn(async () => {
      const refusedOnes: { number: number; why: string }[] = [];
      const lines: Line[] = [];
      const undoings: (() => void)[] = [];
      const strokes: Change[] = [];
      const touched = new Set(this.#touched);
      try {
        for (const edit of edits) {
          const last = this.#lastOf(edit.client);
          if (edit.number <= last) continue;
          if (edit.number > last + 1) break;
          const why = this.#applyEdit(edit, undoings, strokes);
          lines.push(why === undefined ? edit : { ...edit, changes: [], refused: why });
          if (why !== undefined) refusedOnes.push({ number: edit.number, why });
        }
        await this.#journal.append(lines);
      } catch (error) {
        for (const undo of undoings.reverse()) undo();
        this.#touched.clear();
        for (const type of touched) this.#touched.add(type);
        throw error;
      }
      await this.#paint(strokes);
      return { number: this.#lastOf(edits[0]!.client), refused: refusedOnes };
    });
  }

  /** Shows suggestions in the place of those that nobody has answered. @returns how many there are */
  suggest(picks: readonly Omit<HeldPick, "id" | "status" | "isSuggestion">[]): Promise<number> {
    return this.#inTurn(async () => {
      const made = randomBytes(4).toString("hex");
      const suggested = picks.map((pick, at): HeldPick => {
        return { ...pick, id: `s-${made}-${at}`, status: "suggested", isSuggestion: true };
      });
      await this.#journal.append([{ suggested }]);
      return this.#picks.suggest(suggested);
    });
  }

  /** Returns a slice of a mask, rows first. @throws PickbenchError BadUsage where there is no such slice */
  maskSlice(name: string, axis: 0 | 1 | 2, index: number): Promise<Uint8Array> {
    return this.#inTurn(() => this.#masks.slice(name, axis, index));
  }

  /** Writes what waits into copick's files. What keeps it from that is told by `state` and thrown. */
  fold(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#fold();
      if (this.#journal.bytes > longJournal) await this.#journal.restart({ base: this.#base() });
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  readonly #lastOf = (client: string): number => this.#clients.get(client) ?? 0;

  /** Paints strokes that are in the journal; where that fails, they stay there. */
  async #paint(strokes: readonly Change[]): Promise<void> {
    await this.#masks.paint(strokes).catch((error: unknown) => {
      this.#unpainted = error;
      throw error;
    });
  }

  /** Applies an edit whole or not at all. @returns why it was left out */
  #applyEdit(edit: Edit, undoings: (() => void)[], strokes: Change[]): string | undefined {
    const own: (() => void)[] = [];
    const last = this.#clients.get(edit.client);
    this.#clients.set(edit.client, edit.number);
    undoings.push(() => {
      if (last === undefined) this.#clients.delete(edit.client);
      else this.#clients.set(edit.client, last);
    });
    const painted: Change[] = [];
    try {
      for (const change of edit.changes) {
        if (isMaskChange(change)) own.push(this.#masks.apply(change));
        else own.push(this.#picks.apply(change, this.#touched));
        if (change.do === "paint") painted.push(change);
      }
    } catch (error) {
      for (const undo of own.reverse()) undo();
      if (error instanceof PickbenchError) return error.message;
      throw error;
    }
    undoings.push(...own);
    strokes.push(...painted);
    return undefined;
  }

  /** Applies the lines of a journal. @returns the strokes that the masks' stores may lack */
  #replay(lines: readonly Line[]): Change[] {
    let strokes: Change[] = [];
    for (const line of lines) {
      if ("base" in line) this.#begin(line.base);
      else if ("suggested" in line) this.#picks.suggest(line.suggested);
      else if ("folding" in line) this.#touched.clear();
      else if ("masksSaved" in line) {
        strokes = [];
        this.#masks.saved();
      } else if ("client" in line && line.number > this.#lastOf(line.client)) {
        if (line.refused !== undefined) this.#clients.set(line.client, line.number);
        else this.#applyAgain(line, strokes);
      }
    }
    return strokes;
  }

  /** Applies an edit that was acknowledged. @throws PickbenchError BadDataset where it does not fit any more */
  #applyAgain(edit: Edit, strokes: Change[]): void {
    const why = this.#applyEdit(edit, [], strokes);
    if (why === undefined) return;
    const { path } = this.#journal;
    throw new PickbenchError(
      "BadDataset",
      `${path}: an edit that waits in it does not fit the data set any more: ${reasonIn(why)}; mend the data set, or move the journal away, which gives up the edits in it`,
      { path },
    );
  }

  #begin({ picks, files, masks, clients }: Base): void {
    this.#picks = new PicksState(new Set(this.#types), picks);
    for (const [client, number] of Object.entries(clients)) this.#clients.set(client, number);
    for (const [type, hash] of Object.entries(files)) this.#files.set(type, hash);
    this.#masks.begin(masks);
  }

  /**
   * Brings the files and the journal together: a file that nobody else has changed is what the journal says; one that was
   * changed counts, unless edits of it wait.
   */
  async #reconcile(pending: Pending | undefined): Promise<void> {
    for (const [type, hash] of Object.entries(pending?.before ?? {})) this.#files.set(type, hash);
    for (const type of this.#types) {
      const file = await readPicksDocument(this.#place, type);
      const known = this.#files.get(type) ?? null;
      const tries: readonly (string | null)[] = pending?.folding.get(type) ?? [];
      if (pending !== undefined && file.hash === (tries.at(-1) ?? known)) {
        this.#files.set(type, file.hash);
        continue;
      }
      const isWaiting = this.#touched.has(type) || tries.length > 0;
      if (isWaiting && [known, null, ...tries].includes(file.hash)) {
        this.#touched.add(type);
        this.#files.set(type, file.hash);
        continue;
      }
      if (isWaiting) throw changedElsewhere(this.#place, type, this.#journal.path);
      this.#takeFile(type, file);
    }
  }

  /** Takes a file's picks in the place of those that are held of its type. */
  #takeFile(type: string, file: Awaited<ReturnType<typeof readPicksDocument>>): void {
    const { picks } = this.#picks;
    for (const [id, pick] of picks)
      if (pick.type === type && (pick.status === "kept" || pick.status === "deleted")) picks.delete(id);
    const read = randomBytes(4).toString("hex");
    for (const [at, point] of file.points.entries())
      picks.set(`f-${read}-${at}`, { id: `f-${read}-${at}`, type, status: "kept", ...point });
    this.#files.set(type, file.hash);
  }

  async #fold(): Promise<void> {
    try {
      await this.#foldPicks();
      if (this.#unpainted !== undefined) throw this.#unpainted;
      if (await this.#masks.save()) await this.#journal.append([{ masksSaved: true }]);
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = messageOf(error);
      throw error;
    }
  }

  async #foldPicks(): Promise<void> {
    if (this.#touched.size === 0) return;
    const texts = new Map<string, string>();
    for (const type of this.#touched) {
      const now = await hashNow(this.#place, type);
      if (now !== null && now !== (this.#files.get(type) ?? null))
        throw changedElsewhere(this.#place, type, this.#journal.path);
      const { document } = await readPicksDocument(this.#place, type);
      texts.set(type, textOf(this.#place, type, document, this.#picks.keptOf(type)));
    }
    const folding = Object.fromEntries([...texts].map(([type, text]) => [type, hashOf(text)]));
    await this.#journal.append([{ folding }]);
    for (const [type, text] of texts) {
      await writePicksDocument(this.#place, type, text);
      this.#files.set(type, folding[type]!);
      this.#touched.delete(type);
    }
    await this.#journal.append([{ folded: true }]);
  }

  #base(): Base {
    return {
      picks: [...this.#picks.picks.values()],
      files: Object.fromEntries(this.#files),
      masks: this.#masks.states(),
      clients: Object.fromEntries(this.#clients),
    };
  }
}
