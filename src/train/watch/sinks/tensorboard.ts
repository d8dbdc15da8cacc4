/** TensorBoard's event files of a training: as it goes on, or from its log. */
import { appendFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { eventFileName, isEventFile, scalarRecord, versionRecord } from "../../../formats/tfevents/events.js";
import { messageOf } from "../../../system/errors.js";
import { writeWhole } from "../../../system/files.js";
import { makeFolders } from "../../../system/paths/replacing.js";
import { type AnyLine, metricsOf, type TimedLine } from "./metrics.js";
import { type Sink, within } from "./sink.js";

/** The record of a line; null where it has no figures. */
function recordOf(line: AnyLine, wallMs: number): Uint8Array | null {
  const scalars = metricsOf(line);
  return scalars.length === 0
    ? null
    : scalarRecord({ wallTime: wallMs / 1000, step: line.step + 1, scalars });
}

/**
 * Writes a log as the only event file of a folder: earlier ones of pickbench are removed, so that no step is there twice.
 * The step of an event is the number of steps done.
 *
 * @param begunMs time of the first step in ms since 1970; the file's name tells it
 * @returns the file
 */
export async function writeEvents(
  folder: string,
  lines: readonly TimedLine[],
  begunMs: number,
): Promise<string> {
  await makeFolders(folder);
  const path = join(folder, eventFileName(begunMs / 1000));
  const records = lines.flatMap(({ line, atMs }) => recordOf(line, begunMs + atMs) ?? []);
  await writeWhole(path, Buffer.concat([versionRecord(begunMs / 1000), ...records]));
  for (const name of await readdir(folder))
    if (isEventFile(name) && join(folder, name) !== path) await rm(join(folder, name), { force: true });
  return path;
}

interface TensorBoardOptions {
  readonly folder: string;
  /** Steps that were done before, of a resumed training, and when they began in ms since 1970. */
  readonly before: readonly TimedLine[];
  readonly begunMs: number;
  /** Says a line that stays. */
  readonly say: (line: string) => void;
  /** Returns ms since 1970. */
  readonly clock: () => number;
  /** Appends to the file. */
  readonly append?: (path: string, bytes: Uint8Array) => Promise<void>;
  readonly patienceMs?: number;
}

/** Time in ms between two writes, and bytes that are written at once all the same. */
const everyMs = 2000;
const manyBytes = 2 ** 16;
/** Most bytes that wait for a slow disk. */
const mostBytes = 2 ** 24;

/** Writes events while a training goes on; where the disk refuses, that is said once and the training goes on. */
export class TensorBoardSink implements Sink {
  private readonly options: TensorBoardOptions;
  private readonly append: (path: string, bytes: Uint8Array) => Promise<void>;
  private pending: Uint8Array[] = [];
  private bytes = 0;
  private writing: Promise<void>;
  private isWriting = true;
  private written = performance.now();
  private path = "";
  private isBroken = false;

  constructor(options: TensorBoardOptions) {
    this.options = options;
    this.append = options.append ?? appendFile;
    this.writing = this.guarded(async () => {
      this.path = await writeEvents(options.folder, options.before, options.begunMs);
    });
  }

  write(line: AnyLine): void {
    if (this.isBroken) return;
    const record = recordOf(line, this.options.clock());
    if (!record) return;
    this.pending.push(record);
    this.bytes += record.length;
    if (this.bytes > mostBytes) this.fail("the disk takes too long");
    else if (this.bytes >= manyBytes || performance.now() - this.written >= everyMs) this.flush();
  }

  async close(): Promise<void> {
    const rest = this.writing.then(() => {
      this.flush();
      return this.writing;
    });
    await within(this.options.patienceMs ?? 3000, rest);
  }

  private flush(): void {
    if (this.isWriting || this.isBroken || this.pending.length === 0) return;
    const bytes = Buffer.concat(this.pending);
    this.pending = [];
    this.bytes = 0;
    this.written = performance.now();
    this.isWriting = true;
    this.writing = this.guarded(() => this.append(this.path, bytes));
  }

  private async guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.fail(messageOf(error));
    } finally {
      this.isWriting = false;
    }
  }

  private fail(why: string): void {
    if (this.isBroken) return;
    this.isBroken = true;
    this.pending = [];
    this.options.say(
      `TensorBoard's files in ${this.options.folder} are not written on (${why}); training goes on, and pickbench log makes them from its log`,
    );
  }
}
