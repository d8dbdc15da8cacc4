/**
 * The ledger of a watched folder: a line of JSON for each change of a tomogram's state, only ever added to. The room `watch`
 * waits for tomograms to become complete in a folder, and has work done on each of them once.
 */
import { open } from "node:fs/promises";
import { z } from "zod";
import { jsonIn } from "../formats/json.js";
import { readIfThere } from "../system/paths/opening.js";
import { placeIn } from "./places.js";

const common = { at: z.iso.datetime(), run: z.string() };
const attempt = z.int().positive();

const eventSchema = z.discriminatedUnion("state", [
  /** It is there, and lacks something. */
  z.strictObject({ ...common, state: z.literal("arriving"), missing: z.string() }),
  /** It is complete, or comes back: `isNew` where what failed before counts no more. */
  z.strictObject({
    ...{ ...common, state: z.literal("waiting"), path: z.string(), stamp: z.string() },
    ...{ isNew: z.boolean(), reason: z.string().optional() },
  }),
  z.strictObject({ ...common, state: z.literal("running"), attempt }),
  z.strictObject({ ...common, state: z.literal("done"), attempt, stamp: z.string(), seconds: z.number() }),
  z.strictObject({
    ...{ ...common, state: z.literal("failed"), attempt, reason: z.string() },
    /** Time until it is tried again. */
    retrySeconds: z.number(),
  }),
  z.strictObject({ ...common, state: z.literal("aside"), attempt: attempt.optional(), reason: z.string() }),
  /** It was done, and is another now. */
  z.strictObject({ ...common, state: z.literal("changed"), stamp: z.string() }),
]);

const settingsSchema = z.strictObject({
  at: z.iso.datetime(),
  /** Version of the ledger. */
  watch: z.literal(1),
  /** Folder that is watched. */
  data: z.string(),
  /** The workflow's file, and its SHA-256. */
  workflow: z.string(),
  sha256: z.string(),
  /** The watcher's process. */
  pid: z.int(),
  started: z.number(),
  machine: z.string(),
});

/** A change of a tomogram's state. */
export type WatchEvent = z.infer<typeof eventSchema>;
/** What was watched, and with which workflow, from here on. */
export type WatchBegun = z.infer<typeof settingsSchema>;

type Without<Event> = Event extends unknown ? Omit<Event, "at"> : never;
/** A change that has not been written. */
export type NewEvent = Without<WatchEvent>;

/** What a ledger holds. */
export interface LedgerContent {
  readonly events: readonly WatchEvent[];
  readonly begun: readonly WatchBegun[];
  /** Lines that cannot be read: cut off by a kill or a full disk. */
  readonly damaged: number;
  /** Whether its last line was cut off. */
  readonly isTorn: boolean;
}

/** Returns the path of the ledger in the folder of outputs. */
export const ledgerFile = (out: string): string => placeIn(out, "ledger");

/** Reads a ledger; empty where there is none. A line that was cut off says nothing. */
export async function readLedger(out: string): Promise<LedgerContent> {
  const text = (await readIfThere(ledgerFile(out)))?.toString("utf8") ?? "";
  const events: WatchEvent[] = [];
  const begun: WatchBegun[] = [];
  let damaged = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const value = jsonIn(line);
    const event = eventSchema.safeParse(value);
    const settings = event.success ? undefined : settingsSchema.safeParse(value);
    if (event.success) events.push(event.data);
    else if (settings?.success) begun.push(settings.data);
    else damaged++;
  }
  return { events, begun, damaged, isTorn: text !== "" && !text.endsWith("\n") };
}

/** Adds lines to a ledger, each time whole on the disk before it returns. */
export class LedgerWriter {
  readonly #file: string;
  #isTorn: boolean;

  constructor(out: string, { isTorn }: LedgerContent) {
    this.#file = ledgerFile(out);
    this.#isTorn = isTorn;
  }

  /** @throws Error of the system; then a part of a line may stand there, which the next one leaves behind */
  async append(lines: readonly (WatchEvent | WatchBegun)[]): Promise<void> {
    if (lines.length === 0) return;
    const text = `${this.#isTorn ? "\n" : ""}${lines.map((line) => `${JSON.stringify(line)}\n`).join("")}`;
    this.#isTorn = true;
    const file = await open(this.#file, "a");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    this.#isTorn = false;
  }
}
