/** Places of picks in a data set: its truth, and what every user and session has picked. */
import { join } from "node:path";
import type { Dataset } from "../../data/model.js";
import { chosenPicks, listPicks, type PicksFile, readPicksOf } from "../../data/picks.js";
import { foldersIn } from "../../data/volumeNames.js";
import type { PicksAuthor } from "../../formats/copickPicks.js";
import { PickbenchError } from "../../system/errors.js";
import { joinPicks, noPicks, type PickColumns, PickTable } from "./columns.js";
import type { PickFiles } from "./files.js";
import { nameOf, type PickPlace } from "./place.js";

/** Lists runs that pass a test, one after another, as each takes several listings of folders. */
async function filtered(runs: readonly string[], test: (run: string) => Promise<boolean>): Promise<string[]> {
  const passed: string[] = [];
  for (const run of runs) if (await test(run)) passed.push(run);
  return passed;
}

/** Says which runs a data set has now, so that no other name becomes a part of a path. */
async function runsNow({ roots, runs }: Dataset): Promise<ReadonlySet<string>> {
  const folders = await Promise.all(roots.map((root) => foldersIn(join(root, "ExperimentRuns"))));
  return new Set([...folders.flat(), ...runs.map(({ name }) => name)]);
}

/** Picks in copick's layout and annotations of the Data Portal, by user and session. */
export class TreePlace implements PickPlace {
  readonly id: string;
  readonly name: string;
  readonly isTruth = false;
  readonly #parts: TreeParts;

  constructor(id: string, name: string, parts: TreeParts) {
    this.id = id;
    this.name = name;
    this.#parts = parts;
  }

  async authors(run: string): Promise<string[]> {
    const authors = new Set((await this.#filesOf(run)).map(([, file]) => nameOf(file)));
    if (this.#parts.isTruthApart) authors.delete("");
    return [...authors].sort();
  }

  async read(run: string, author: string): Promise<PickColumns> {
    const own = (await this.#filesOf(run)).filter(([, file]) => nameOf(file) === author);
    return readAll(this.#parts, run, own);
  }

  async runs(author: string): Promise<string[]> {
    const runs = [...(await runsNow(this.#parts.dataset))].sort();
    return filtered(runs, async (run) => (await this.authors(run)).includes(author));
  }

  async #filesOf(run: string): Promise<[type: string, file: PicksFile][]> {
    const { dataset, asked } = this.#parts;
    if (!(await runsNow(dataset)).has(run)) return [];
    const ofTypes = await Promise.all(
      dataset.particles.map(async ({ name }) =>
        (await listPicks(dataset, run, name, asked)).map((file): [string, PicksFile] => [name, file]),
      ),
    );
    return ofTypes.flat();
  }
}

/** What a tree is read by. */
interface TreeParts {
  readonly dataset: Dataset;
  /** Whose picks are looked at; everybody's if empty. */
  readonly asked: PicksAuthor;
  /** Whether plain files, which name nobody, are left to the truth. */
  readonly isTruthApart?: boolean;
  readonly files: PickFiles;
}

/** The truth of a data set, as `pickbench score` reads it. */
export class TruthPlace implements PickPlace {
  readonly id: string;
  readonly name: string;
  readonly isTruth = true;
  readonly #parts: Pick<TreeParts, "dataset" | "files">;

  constructor(id: string, name: string, parts: Pick<TreeParts, "dataset" | "files">) {
    this.id = id;
    this.name = name;
    this.#parts = parts;
  }

  /**
   * The data set's own, where anybody picked the run: a run that others picked has a truth, though it be empty.
   *
   * @throws PickbenchError BadDataset where several sessions are left to choose from
   */
  async authors(run: string): Promise<string[]> {
    const { dataset } = this.#parts;
    if (!isRun(dataset, run)) return [];
    const files = await Promise.all(dataset.particles.map(({ name }) => listPicks(dataset, run, name)));
    if (files.flat().length === 0) return [];
    await this.#chosen(run);
    return [""];
  }

  async read(run: string): Promise<PickColumns> {
    const { dataset } = this.#parts;
    return isRun(dataset, run) ? readAll(this.#parts, run, await this.#chosen(run)) : noPicks;
  }

  async #chosen(run: string): Promise<[type: string, file: PicksFile][]> {
    const { dataset } = this.#parts;
    const chosen: [string, PicksFile][] = [];
    for (const { name } of dataset.particles) {
      const file = await chosenPicks(dataset, run, name);
      if (file) chosen.push([name, file]);
    }
    return chosen;
  }

  runs(): Promise<string[]> {
    const names = this.#parts.dataset.runs.map(({ name }) => name);
    return filtered(names, async (run) => (await this.authors(run)).length > 0);
  }
}

const isRun = ({ runs }: Dataset, run: string): boolean => runs.some(({ name }) => name === run);

async function readAll(
  { dataset, files: reader }: Pick<TreeParts, "dataset" | "files">,
  run: string,
  files: readonly (readonly [type: string, file: PicksFile])[],
): Promise<PickColumns> {
  const parts: PickColumns[] = [];
  for (const [type, file] of files) parts.push(await readOne(dataset, run, type, file, reader));
  return joinPicks(parts);
}

async function readOne(
  dataset: Dataset,
  run: string,
  type: string,
  file: PicksFile,
  reader: PickFiles,
): Promise<PickColumns> {
  if (file.annotation) {
    const table = new PickTable();
    for (const pick of await readPicksOf(dataset, run, type, file)) table.add(pick);
    return table.columns();
  }
  const all = await reader.read(file.path, { run, type });
  const picks = joinPicks([...all.values()].flatMap((ofRun) => [...ofRun.values()]));
  const other = picks.types.find((each) => each !== type);
  if (other === undefined) return picks;
  throw new PickbenchError(
    "BadDataset",
    `${file.path}: pickable_object_name is ${other}; wanted ${type}, as the file is called`,
    { path: file.path },
  );
}
