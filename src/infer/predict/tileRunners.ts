/** Threads that run networks on tiles, each by sessions of its own (tileWorker.ts). */
import { totalmem } from "node:os";
import type { Shape3, Volume } from "../../domain/volume.js";
import { builtModule, startThread, type Thread, uninterrupted } from "../../system/threads/threads.js";
import type { AnyNetwork, PredictSettings } from "./predictor.js";
import type {
  EstimateCall,
  Fit,
  FitCall,
  MeasureCall,
  OpenedNetwork,
  OpenNetworks,
  TileCall,
} from "./tileWorker.js";

/** Share of a tile's time that a second thread does not shorten: ONNX Runtime's copies, and waits between its nodes. */
const serialShare = 0.15;

/** Time of a tile on one thread that opening sessions beside the first takes, about. */
const opening = 1;

/** How many times what lives at once in a session its memory grows to. */
const sessionSpare = 2.5;

/** Share of the machine's memory that sessions may take together. */
const memoryShare = 0.25;

/**
 * Chooses how many tiles are run at a time, on as many threads in all: several tiles on few threads each take less time than
 * one after another on all, unless they are few or the last of them run alone.
 *
 * @param jobs count of tiles to be run
 * @param most tiles at a time that memory allows
 */
export function tilesAtOnce(threads: number, jobs: number, most: number): number {
  const timeOf = (count: number): number =>
    Math.ceil(jobs / count) * (serialShare + (1 - serialShare) / Math.floor(threads / count)) +
    (count > 1 ? opening : 0);
  const counts = Array.from({ length: Math.min(threads, jobs, most) }, (_, at) => at + 1);
  return counts.reduce((best, count) => (timeOf(count) < timeOf(best) ? count : best), 1);
}

/** Returns how many sessions that take at least so many MiB the machine's memory allows at a time. */
function sessionsInMemory(mebibytes: number): number {
  const limit = process.constrainedMemory();
  const bytes = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return Math.floor((memoryShare * bytes) / (sessionSpare * mebibytes * 2 ** 20));
}

/** Threads that have the same networks open and run tiles by turns. */
export class TileRunners {
  readonly #all: Thread[] = [startRunner()];
  /** Count of the threads that have the networks open: the first ones. */
  #opened = 0;
  /** Count of the threads that run tiles by now. */
  #running = 1;
  #given: OpenNetworks | undefined;
  #fits: readonly Fit[] = [];
  #tiles = 0;

  /** Opens networks in the first thread. */
  async open(given: OpenNetworks): Promise<OpenedNetwork[]> {
    this.#given = given;
    this.#fits = [];
    this.#opened = 1;
    return await uninterrupted(() => this.#all[0]!.call<OpenedNetwork[]>("open", given));
  }

  /** Closes the networks; tiles that still run are finished first. */
  async release(): Promise<void> {
    const opened = this.#all.slice(0, this.#opened);
    this.#opened = 0;
    await Promise.all(opened.map((thread) => thread.call("release", null)));
  }

  /** Has every network measure its view of a tomogram, and fits all threads' networks to that. */
  async fit(views: readonly Volume[]): Promise<void> {
    const fits: Fit[] = [];
    for (const [network, volume] of views.entries()) {
      const call: MeasureCall = { network, volume };
      fits.push(await uninterrupted(() => this.#all[0]!.call<Fit>("measure", call)));
    }
    this.#fits = fits;
    await Promise.all(this.#all.slice(0, this.#opened).map((thread) => this.#fitThread(thread)));
  }

  async #fitThread(thread: Thread): Promise<void> {
    for (const [network, fit] of this.#fits.entries()) {
      const call: FitCall = { network, fit };
      await uninterrupted(() => thread.call("fit", call));
    }
  }

  /** Returns the MiB that each network takes at least on a tile. */
  estimates(shape: Shape3): Promise<number[]> {
    const { networks } = this.#given!;
    return Promise.all(
      networks.map((_, network) => {
        const call: EstimateCall = { network, shape };
        return uninterrupted(() => this.#all[0]!.call<number>("estimate", call));
      }),
    );
  }

  /**
   * Prepares to run tiles, several at a time where the engine computes on the CPU and memory allows.
   *
   * @returns how many at a time
   */
  async prepare(jobs: number, shape: Shape3): Promise<number> {
    const { settings, networks } = this.#given!;
    const most = canRunTogether(networks, settings) ? await this.#mostAtOnce(shape) : 1;
    this.#running = tilesAtOnce(settings.threads, jobs, most);
    while (this.#all.length < this.#running) this.#all.push(startRunner());
    const added = this.#all.slice(this.#opened, this.#running);
    this.#opened = Math.max(this.#opened, this.#running);
    await Promise.all(added.map((thread) => this.#openAlso(thread)));
    return this.#running;
  }

  async #mostAtOnce(shape: Shape3): Promise<number> {
    const each = await this.estimates(shape);
    return sessionsInMemory(each.reduce((sum, mebibytes) => sum + mebibytes, 0));
  }

  async #openAlso(thread: Thread): Promise<void> {
    await uninterrupted(() => thread.call("open", this.#given));
    await this.#fitThread(thread);
  }

  /** Runs a network on a tile, whose memory it takes, in the thread whose turn it is. */
  run(call: Omit<TileCall, "threads">): Promise<Float32Array> {
    const thread = this.#all[this.#tiles++ % this.#running]!;
    const threads = Math.floor(this.#given!.settings.threads / this.#running);
    const { buffer } = call.tile;
    return uninterrupted(() => thread.call("run", { ...call, threads }, [buffer as ArrayBuffer]));
  }
}

const startRunner = (): Thread => startThread(builtModule(import.meta.url, "./tileWorker.js"));

const canRunTogether = (networks: readonly AnyNetwork[], { engine, threads }: PredictSettings): boolean =>
  engine === "onnx-cpu" && threads > 1 && networks.every((network) => !("external" in network));
