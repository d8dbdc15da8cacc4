/** Chunks that a server does not have, which then equal the fill value, told from a store that nobody may read. */
import type { ChunkArrays } from "./content.js";
import type { Ledger } from "./ledger.js";
import type { RemoteFile } from "./listing.js";
import { AbsentError, refused, UnreachableError } from "./request.js";

interface Counts {
  readonly url: string;
  there: number;
  absent: number;
  forbidden: number;
  /** Absent ones that were asked for now, and not for this data set before. */
  asked: number;
}

const lastKnown = (error: unknown, before: number | undefined): number | undefined =>
  error instanceof UnreachableError ? before : undefined;

/** Counts by array which optional chunks the server has, and which it has not. */
export class AbsentFiles {
  readonly #ledger: Ledger;
  readonly #arrays: ChunkArrays;
  readonly #counts = new Map<string, Counts>();

  constructor(ledger: Ledger, arrays: ChunkArrays) {
    this.#ledger = ledger;
    this.#arrays = arrays;
  }

  /** Number of absent chunks. */
  get count(): number {
    return [...this.#counts.values()].reduce((sum, { absent }) => sum + absent, 0);
  }

  async #of({ path, url }: RemoteFile): Promise<Counts> {
    const found = await this.#arrays.find(path);
    const array = found === undefined ? path : found.folder;
    const inside = found === undefined ? "" : found.inside;
    const known = this.#counts.get(array) ?? {
      url: url.slice(0, url.length - inside.length).replace(/\/$/, ""),
      there: 0,
      absent: 0,
      forbidden: 0,
      asked: 0,
    };
    this.#counts.set(array, known);
    return known;
  }

  /** Number of absent chunks that were asked for now. */
  get asked(): number {
    return [...this.#counts.values()].reduce((sum, { asked }) => sum + asked, 0);
  }

  /** Counts a chunk that is here. */
  async addThere(file: RemoteFile): Promise<void> {
    if (file.optional) (await this.#of(file)).there++;
  }

  /** Counts a chunk that was found absent before, with that status. */
  async addAbsent(file: RemoteFile, status: number): Promise<Counts> {
    const counts = await this.#of(file);
    counts.absent++;
    if (status === 403) counts.forbidden++;
    return counts;
  }

  /**
   * Takes an error as the sign of an absent chunk: the server has it not, or cannot be reached and had it not before. A
   * chunk that it had before is missed.
   */
  async takes(file: RemoteFile, error: unknown): Promise<boolean> {
    const before = this.#ledger.known(file.path);
    if (!file.optional || before === "there") return false;
    const status = error instanceof AbsentError ? error.status : lastKnown(error, before);
    if (status === undefined) return false;
    (await this.addAbsent(file, status)).asked++;
    await this.#ledger.addAbsent(file.path, status);
    return true;
  }

  /** @throws PickbenchError BadDataset where no chunk of an array may be read */
  check(): void {
    for (const { url, there, absent, forbidden } of this.#counts.values())
      if (there === 0 && forbidden > 0)
        throw refused(
          url,
          `the server refuses access (403) to all ${absent} chunks; only public data are read, without credentials`,
        );
  }

  /** Says how many chunks are absent, of arrays where some were asked for now. */
  lines(): string[] {
    return [...this.#counts.values()]
      .filter(({ asked }) => asked > 0)
      .map(
        ({ url, there, absent }) =>
          `${url}: ${absent} of ${there + absent} chunks are not on the server; they read as the array's fill value`,
      );
  }
}
