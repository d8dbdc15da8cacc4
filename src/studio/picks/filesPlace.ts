/** Places of picks that are a file of any format, or a folder of such files. */
import { readdir, stat } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import type { Source } from "../../formats/pickPlaces.js";
import { positionFormats } from "../../formats/positions/catalogue.js";
import { runOfPath } from "../../formats/runNames.js";
import { PickbenchError } from "../../system/errors.js";
import { isHidden, isSidecar } from "../../system/paths/sidecar.js";
import { joinPicks, type PickColumns } from "./columns.js";
import type { PickFiles } from "./files.js";
import { nameOf, type PickPlace } from "./place.js";

const extensions = new Set(positionFormats.flatMap((format) => format.extensions));
/** Folders are looked into so deep: a watcher's hold OUT/RUN/STEP/ExperimentRuns/RUN/Picks. */
const deepest = 8;
const mostFiles = 20_000;

/** A file of any format, or a folder of such files. */
export class FilesPlace implements PickPlace {
  readonly id: string;
  readonly name: string;
  readonly isTruth = false;
  readonly #source: Source;
  readonly #files: PickFiles;
  readonly #onlyRun: string | undefined;

  /** @param onlyRun the run of files that name none */
  constructor(
    id: string,
    name: string,
    parts: { readonly source: Source; readonly files: PickFiles; readonly onlyRun: string | undefined },
  ) {
    this.id = id;
    this.name = name;
    this.#source = parts.source;
    this.#files = parts.files;
    this.#onlyRun = parts.onlyRun;
  }

  async authors(run: string): Promise<string[]> {
    const authors = new Set<string>();
    for (const [, ofRun] of await this.#read(run))
      for (const author of ofRun.keys()) if (this.#isAsked(author)) authors.add(author);
    return [...authors].sort();
  }

  async read(run: string, author: string): Promise<PickColumns> {
    const ofRun = (await this.#read(run)).filter(([name]) => name === run);
    return joinPicks(ofRun.flatMap(([, authors]) => authors.get(author) ?? []));
  }

  async runs(author: string): Promise<string[]> {
    const found = (await this.#read(undefined)).filter(([, authors]) => authors.has(author));
    return [...new Set(found.map(([run]) => run))].sort();
  }

  #isAsked(author: string): boolean {
    const { userId } = this.#source.author;
    return userId === undefined || author === nameOf(this.#source.author);
  }

  /** Reads all files that may hold picks of a run; of any run where undefined. */
  async #read(run: string | undefined): Promise<[run: string, authors: ReadonlyMap<string, PickColumns>][]> {
    const found: [string, ReadonlyMap<string, PickColumns>][] = [];
    const { path } = this.#source;
    const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
    for (const file of isFolder ? await countedIn(path) : [path]) {
      const told = runOfPath(isFolder ? relative(path, file) : file)?.run;
      if (run !== undefined && told !== undefined && told !== run) continue;
      const all = await this.#files.read(file, { run: told ?? this.#onlyRun, isOneOfMany: isFolder });
      for (const [name, authors] of all) if (run === undefined || name === run) found.push([name, authors]);
    }
    return found;
  }
}

/** Lists the files of a folder that count: where any lies in copick's layout, as what `watch` and `run` write, those alone. */
async function countedIn(folder: string): Promise<string[]> {
  const all = await pickFilesIn(folder);
  const laidOut = all.filter((path) =>
    /(?:^|[/\\])ExperimentRuns[/\\][^/\\]+[/\\]Picks[/\\]/.test(relative(folder, path)),
  );
  return laidOut.length > 0 ? laidOut : all;
}

/** Lists files below a folder that may hold positions, without those of volumes and of links. */
async function pickFilesIn(folder: string, depth = 0, found: string[] = []): Promise<string[]> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (isHidden(entry.name) || isSidecar(entry.name)) continue;
    const isVolume = /\.(?:zarr|n5)$/i.test(entry.name);
    if (entry.isDirectory() && !isVolume && depth < deepest) await pickFilesIn(path, depth + 1, found);
    else if (entry.isFile() && extensions.has(extname(entry.name).toLowerCase())) found.push(path);
    if (found.length > mostFiles)
      throw new PickbenchError(
        "BadDataset",
        `${folder} holds more than ${mostFiles} files; name a smaller folder`,
        { path: folder },
      );
  }
  return depth === 0 ? found.sort() : found;
}
