// What is annotated of a run: picks and masks as they are on this page, each change sent to the server.
import type { Box6, Change, PaintChange } from "../../../studio/annotations/edits.js";
import { type HeldPick, isMaskChange, PicksState } from "../../../studio/annotations/picksState.js";
import type { RunState } from "../../../studio/annotations/runAnnotations.js";
import { History, inverseOf, stepOf } from "./history.js";
import { MaskSlices, type SliceAxis } from "./maskSlices.js";
import { editsOf, Outbox, type OutboxOptions, type OutboxState } from "./outbox.js";

/** A mask on this page. */
export interface PageMask {
  readonly name: string;
  readonly shape: readonly [number, number, number];
  readonly spacing: readonly [number, number, number];
  readonly boxes: readonly Box6[];
  readonly slices: MaskSlices;
}

/** What a model takes from its surroundings. */
export interface ModelOptions extends Pick<OutboxOptions, "name" | "client" | "keeper" | "send" | "pause"> {
  readonly types: ReadonlySet<string>;
  /** Asks for the run's state. */
  readonly load: () => Promise<RunState>;
  readonly loadSlice: (mask: string, axis: SliceAxis, index: number) => Promise<Uint8Array>;
  /** Called when anything has changed. */
  readonly changed: () => void;
}

/** A stroke with the runs that take it back. */
export interface Stroke {
  readonly change: PaintChange;
  readonly back: readonly number[];
}

export class Model {
  readonly #options: ModelOptions;
  readonly #outbox: Outbox;
  readonly #history = new History();
  #picks: PicksState;
  #masks = new Map<string, PageMask>();
  #added = 0;
  #sent = 0;
  /** What the server left out or could not do, for people. */
  notice = "";
  /** Why the server cannot write copick's files. */
  trouble: string | undefined;
  isLoaded = false;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#picks = new PicksState(options.types);
    this.#outbox = new Outbox({
      ...options,
      changed: options.changed,
      refused: (why) => void this.#refused(why),
    });
  }

  /** Loads the run anew, once all edits were sent. */
  load(): Promise<void> {
    return this.#load((name) => this.#masks.get(name)?.slices);
  }

  /** @param kept returns slices of a mask that may be shown further */
  async #load(kept: (mask: string) => MaskSlices | undefined): Promise<void> {
    await this.#outbox.emptied();
    const sent = this.#sent;
    const { picks, masks, trouble } = await this.#options.load();
    if (this.#sent !== sent) return this.#load(kept);
    this.#picks = new PicksState(this.#options.types, picks);
    this.#masks = new Map(
      masks.map(({ name, ...state }) => {
        const slices = kept(name) ?? this.#slicesOf(name, state.shape);
        return [name, { name, ...state, slices }];
      }),
    );
    this.trouble = trouble;
    this.isLoaded = true;
    this.#options.changed();
  }

  get sending(): OutboxState {
    return this.#outbox.state;
  }

  /** Picks that are kept or suggested, in the order of their files. */
  get picks(): HeldPick[] {
    return [...this.#picks.picks.values()].filter(
      ({ status }) => status === "kept" || status === "suggested",
    );
  }

  pick(id: string | undefined): HeldPick | undefined {
    const pick = id === undefined ? undefined : this.#picks.picks.get(id);
    return pick?.status === "kept" || pick?.status === "suggested" ? pick : undefined;
  }

  get masks(): PageMask[] {
    return [...this.#masks.values()];
  }

  mask(name: string | undefined): PageMask | undefined {
    return name === undefined ? undefined : this.#masks.get(name);
  }

  get nextSteps() {
    return this.#history.next;
  }

  /** Returns an id for a pick that is to be added. */
  newId(): string {
    this.#added++;
    return `${this.#options.client}-${this.#added}`;
  }

  /**
   * Does changes and sends them as one edit.
   *
   * @param strokes those among the changes that paint, with what takes them back
   */
  act(label: string, changes: readonly Change[], strokes: readonly Stroke[] = []): void {
    const inverses: Change[][] = [];
    const done: Change[] = [];
    for (const change of changes) {
      const before = "id" in change ? this.#picks.picks.get(change.id) : undefined;
      const back = strokes.find((stroke) => stroke.change === change)?.back;
      if (!this.#apply(change)) continue;
      inverses.push(inverseOf(change, before, back));
      done.push(change);
    }
    if (done.length === 0) return;
    this.#history.add(stepOf(label, done, inverses));
    this.notice = "";
    this.#send(done);
  }

  undo(): void {
    this.#again(this.#history.undo());
  }

  redo(): void {
    this.#again(this.#history.redo());
  }

  /** Ends when all edits were acknowledged. */
  emptied(): Promise<void> {
    return this.#outbox.emptied();
  }

  #again(changes: readonly Change[] | undefined): void {
    const done = (changes ?? []).filter((change) => this.#apply(change));
    if (done.length > 0) this.#send(done);
  }

  #send(changes: readonly Change[]): void {
    this.#sent++;
    for (const edit of editsOf(changes)) this.#outbox.add(edit);
    this.#options.changed();
  }

  /** Applies a change here, by the server's own rules. @returns whether it fits */
  #apply(change: Change): boolean {
    try {
      if (isMaskChange(change)) this.#applyToMask(change);
      else this.#picks.apply(change, new Set());
      return true;
    } catch (error) {
      this.notice = error instanceof Error ? error.message : String(error);
      return false;
    }
  }

  #applyToMask(change: Extract<Change, { mask: string }>): void {
    const { mask: name } = change;
    if (change.do === "mask") {
      if (this.#masks.has(name)) throw new Error(`the mask ${name} is there already`);
      const { shape, spacing } = change;
      this.#masks.set(name, { name, shape, spacing, boxes: [], slices: this.#slicesOf(name, shape) });
      return;
    }
    const mask = this.#masks.get(name);
    if (mask === undefined) throw new Error(`there is no mask ${name}`);
    if (change.do === "paint") {
      mask.slices.paint(change);
      return;
    }
    const at = mask.boxes.findIndex((box) => box.join() === change.box.join());
    const boxes =
      change.do === "box" ? [...mask.boxes, change.box] : mask.boxes.filter((_, index) => index !== at);
    this.#masks.set(name, { ...mask, boxes });
  }

  #slicesOf(name: string, shape: readonly [number, number, number]): MaskSlices {
    const load = async (axis: SliceAxis, index: number): Promise<Uint8Array> => {
      await this.#outbox.emptied();
      return this.#options.loadSlice(name, axis, index);
    };
    return new MaskSlices(shape, load, this.#options.changed);
  }

  async #refused(why: string): Promise<void> {
    this.notice = why;
    this.#history.clear();
    this.#options.changed();
    await this.#load(() => undefined).catch(() => undefined);
    this.notice = why;
    this.#options.changed();
  }
}
