/**
 * Edits on their way to the server. Each is kept by the browser until it is acknowledged, and sent again, with its number,
 * until then: after a reload, a closed tab or a restarted server. The server counts each number once.
 */
import type { Change, Edit } from "../../../studio/annotations/edits.js";

/** What the browser keeps, as `localStorage` does. */
export interface Keeper {
  readonly length: number;
  key(at: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The server's answer: the last number that is safe, and edits that it left out. */
export interface Answer {
  readonly number: number;
  readonly refused: readonly { readonly number: number; readonly why: string }[];
}

/** What a user is told: how many edits wait, and what keeps them. */
export interface OutboxState {
  readonly waiting: number;
  /** Why sending failed the last time. */
  readonly trouble: string | undefined;
  /** False where the browser cannot keep what waits: the tab must stay open until it is sent. */
  readonly isKept: boolean;
}

export interface OutboxOptions {
  /** What tells this run's edits from others that the browser keeps. */
  readonly name: string;
  /** This page, which counts its edits from 1. */
  readonly client: string;
  readonly keeper: Keeper | undefined;
  /** Sends edits of one client. @throws Error where there is no answer */
  readonly send: (edits: readonly Edit[]) => Promise<Answer>;
  readonly changed: (state: OutboxState) => void;
  readonly refused: (why: string) => void;
  /** Waits between two tries. */
  readonly pause: (ms: number) => Promise<void>;
}

/** Bytes, about, and edits that are sent at once. */
const most = { bytes: 1_000_000, edits: 100 } as const;
/** Status of an answer to edits that no later try will make understood. */
const neverUnderstood = 422;
/** Times in ms between two tries: the first, and the longest. */
const pauses = { first: 250, longest: 4000 } as const;

/** Bounds of an edit, below the server's. */
const mostOfEdit = { bytes: 2_000_000, changes: 10_000 } as const;

/** Parts changes into lists that the server takes as an edit each. */
export function editsOf(changes: readonly Change[]): Change[][] {
  const parts: Change[][] = [[]];
  let bytes = 0;
  for (const change of changes) {
    const own = JSON.stringify(change).length;
    const isFull = bytes + own > mostOfEdit.bytes || parts.at(-1)!.length === mostOfEdit.changes;
    if (isFull && parts.at(-1)!.length > 0) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(change);
    bytes += own;
  }
  return parts;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const statusOf = (error: unknown): unknown =>
  error instanceof Error && "status" in error ? error.status : undefined;

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #waiting: Edit[];
  readonly #unkept = new Set<string>();
  #client: string;
  #number = 0;
  #trouble: string | undefined;
  /** How many edits are still sent one by one, as one of them was not understood. */
  #singly = 0;
  #sending: Promise<void> | undefined;

  /** Takes up what earlier pages have left. */
  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#waiting = this.#left();
    if (this.#waiting.length > 0) this.#start();
  }

  get state(): OutboxState {
    return { waiting: this.#waiting.length, trouble: this.#trouble, isKept: this.#unkept.size === 0 };
  }

  /** Keeps an edit and sends it. @returns its number */
  add(changes: readonly Change[]): number {
    const edit: Edit = { client: this.#client, number: ++this.#number, changes: [...changes] };
    this.#keep(edit);
    this.#waiting.push(edit);
    this.#start();
    return edit.number;
  }

  /** Ends when all edits were acknowledged. */
  async emptied(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
  }

  #start(): void {
    this.#options.changed(this.state);
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length > 0) this.#start();
    });
  }

  async #sendAll(): Promise<void> {
    let pause: number = pauses.first;
    while (this.#waiting.length > 0) {
      const edits = this.#next();
      try {
        const { number, refused } = await this.#options.send(edits);
        this.#singly = Math.max(0, this.#singly - 1);
        if (number < edits[0]!.number - 1) this.#beginAnew(edits[0]!.client);
        this.#remove(edits.filter((edit) => edit.number <= number));
        for (const { why } of refused) this.#options.refused(why);
        this.#trouble = undefined;
        pause = pauses.first;
        this.#options.changed(this.state);
      } catch (error) {
        if (statusOf(error) === neverUnderstood) {
          this.#leaveOut(edits, messageOf(error));
          continue;
        }
        this.#trouble = messageOf(error);
        this.#options.changed(this.state);
        await this.#options.pause(pause);
        pause = Math.min(2 * pause, pauses.longest);
      }
    }
  }

  /** Drops an edit that the server will never take; of several, finds out which by sending each alone. */
  #leaveOut(edits: readonly Edit[], why: string): void {
    if (edits.length > 1) {
      this.#singly = edits.length;
      return;
    }
    this.#singly = Math.max(0, this.#singly - 1);
    this.#remove(edits);
    this.#options.refused(`an edit was left out: ${why}`);
    this.#options.changed(this.state);
  }

  #keep(edit: Edit): void {
    const { keeper } = this.#options;
    try {
      keeper?.setItem(this.#keyOf(edit), JSON.stringify(edit));
      if (keeper === undefined) this.#unkept.add(this.#keyOf(edit));
    } catch {
      this.#unkept.add(this.#keyOf(edit));
    }
  }

  /** Numbers what waits of a client anew, under another name: the server's journal was moved away, and knows it no more. */
  #beginAnew(client: string): void {
    const old = this.#waiting.filter((edit) => edit.client === client);
    const anew = old.map((edit, at): Edit => ({ ...edit, client: `${client}-`, number: at + 1 }));
    for (const edit of anew) this.#keep(edit);
    const place = this.#waiting.indexOf(old[0]!);
    this.#remove(old);
    this.#waiting.splice(place, 0, ...anew);
    if (client !== this.#client) return;
    this.#client = `${client}-`;
    this.#number = anew.length;
  }

  /** Returns the first edits that wait, of one client. */
  #next(): Edit[] {
    const { client } = this.#waiting[0]!;
    const edits: Edit[] = [];
    let bytes = 0;
    for (const edit of this.#waiting) {
      if (edit.client !== client || edits.length === (this.#singly > 0 ? 1 : most.edits)) break;
      bytes += JSON.stringify(edit).length;
      if (edits.length > 0 && bytes > most.bytes) break;
      edits.push(edit);
    }
    return edits;
  }

  #remove(edits: readonly Edit[]): void {
    const safe = new Set(edits);
    const left = this.#waiting.filter((edit) => !safe.has(edit));
    this.#waiting.splice(0, this.#waiting.length, ...left);
    for (const edit of edits) {
      this.#unkept.delete(this.#keyOf(edit));
      this.#options.keeper?.removeItem(this.#keyOf(edit));
    }
  }

  readonly #keyOf = ({ client, number }: Edit): string =>
    `${this.#prefix}${client}/${String(number).padStart(9, "0")}`;

  get #prefix(): string {
    return `pickbench-edit/${encodeURIComponent(this.#options.name)}/`;
  }

  /** Reads what earlier pages have left, client by client in the order of the numbers. */
  #left(): Edit[] {
    const { keeper } = this.#options;
    const keys = Array.from({ length: keeper?.length ?? 0 }, (_, at) => keeper!.key(at)!)
      .filter((key) => key.startsWith(this.#prefix))
      .sort();
    return keys.flatMap((key) => {
      try {
        return [JSON.parse(keeper!.getItem(key)!) as Edit];
      } catch {
        return [];
      }
    });
  }
}
