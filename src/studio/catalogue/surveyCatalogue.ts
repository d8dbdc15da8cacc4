/** A survey as a catalogue. It is opened when it is first asked for, and anew where its entries have changed. */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isCaughtUp } from "../../survey/database/fresh.js";
import { imagesPath, sliceImage } from "../../survey/places.js";
import { shownEntry } from "../../survey/shown.js";
import { subsetNames } from "../../survey/subsets.js";
import { openSurvey, type Survey } from "../../survey/survey.js";
import { readIfThere } from "../../system/paths/opening.js";
import type { Reporter } from "../../system/reporter.js";
import { Recent } from "../recent.js";
import type { Catalogue, CatalogueFacts } from "./catalogue.js";

/** Orders that are kept: each names all runs of the survey. */
const mostOrders = 16;

/** Returns a catalogue of the survey in a folder. @param id its name in addresses */
export function surveyCatalogue(id: string, folder: string, reporter: Reporter): Catalogue {
  return new SurveyCatalogue(id, folder, reporter);
}

class SurveyCatalogue implements Catalogue {
  readonly kind = "survey";
  readonly id: string;
  readonly folder: string;
  readonly #reporter: Reporter;
  readonly #orders = new Recent<readonly string[]>(mostOrders);
  #opened: OpenedSurvey | undefined;

  constructor(id: string, folder: string, reporter: Reporter) {
    this.id = id;
    this.folder = folder;
    this.#reporter = reporter;
  }

  async facts(): Promise<CatalogueFacts> {
    if (this.#opened !== undefined && !(await isCaughtUp(this.folder))) this.close();
    const [columns, { total }] = await this.#ask(async (survey) => [
      (await survey.columns()).map(({ name, type, says }) => ({ name, type, says })),
      await survey.find(undefined, { limit: 1, columns: [] }),
    ]);
    return {
      columns,
      features: before(columns, ".percent"),
      types: before(columns, ".count").filter((name) => !columns.some((each) => isOfSource(each.name, name))),
      tomograms: total,
      subsets: await subsetNames(this.folder),
    };
  }

  order(where?: string, sort?: string): Promise<readonly string[]> {
    return this.#orders.get(JSON.stringify([where, sort]), async () => {
      const { rows } = await this.#ask((survey) => survey.find(where, { sort, columns: [] }));
      return rows.map(([run]) => String(run));
    });
  }

  rows(runs: readonly string[], columns: readonly string[]) {
    return this.#ask((survey) => survey.rows(runs, columns));
  }

  async column(name: string) {
    const { rows } = await this.#ask((survey) => survey.find(undefined, { columns: [name] }));
    return rows.map((row) => row.at(-1)!);
  }

  async page(run: string) {
    const entry = await this.#ask((survey) => survey.show(run));
    const percents = Object.fromEntries(entry.features.map(({ name, percent }) => [name, percent]));
    return { run, ...shownEntry(entry), percents, pictures: await this.#pictures(run) };
  }

  async picture(run: string, name: string): Promise<Uint8Array | undefined> {
    const [there] = await this.rows([run], []);
    if (there === undefined) return undefined;
    const names = await this.#pictures(run);
    return names.includes(name) ? readIfThere(join(imagesPath(this.folder, run), name)) : undefined;
  }

  close(): void {
    this.#opened?.end();
    this.#opened = undefined;
    this.#orders.clear();
  }

  /** PNG files among a run's images, no links; the slice first. */
  async #pictures(run: string): Promise<string[]> {
    const folder = imagesPath(this.folder, run);
    const files = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const isThere = (await lstat(folder).catch(() => undefined))?.isDirectory() === true;
    const names = files.filter((file) => isThere && file.isFile() && file.name.endsWith(".png"));
    const rank = (name: string): string => (name === sliceImage ? "" : name);
    return names.map(({ name }) => name).sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  }

  async #ask<T>(question: (survey: Survey) => Promise<T>): Promise<T> {
    this.#opened ??= new OpenedSurvey(openSurvey(this.folder, { reporter: this.#reporter }));
    const opened = this.#opened;
    try {
      return await opened.ask(question);
    } catch (error) {
      if (this.#opened === opened && opened.isFailed) this.#opened = undefined;
      throw error;
    }
  }
}

/** A survey that is closed once nobody waits for its answer any more. */
class OpenedSurvey {
  readonly #survey: Promise<Survey>;
  #asked = 0;
  #isOver = false;
  isFailed = false;

  constructor(survey: Promise<Survey>) {
    this.#survey = survey;
    survey.catch(() => {
      this.isFailed = true;
    });
  }

  async ask<T>(question: (survey: Survey) => Promise<T>): Promise<T> {
    this.#asked++;
    try {
      return await question(await this.#survey);
    } finally {
      this.#asked--;
      await this.#closeUnused();
    }
  }

  end(): void {
    this.#isOver = true;
    this.#closeUnused().catch(() => undefined);
  }

  async #closeUnused(): Promise<void> {
    if (this.#isOver && this.#asked === 0 && !this.isFailed) (await this.#survey).close();
  }
}

/** Names before an ending. */
const before = (columns: readonly { readonly name: string }[], ending: string): string[] =>
  columns.flatMap(({ name }) => (name.endsWith(ending) ? name.slice(0, -ending.length) : []));

/** Whether a column is SOURCE.TYPE.count of what is named SOURCE.TYPE, since TYPE.count is there, too. */
const isOfSource = (column: string, name: string): boolean =>
  column.endsWith(".count") && column !== `${name}.count` && name.endsWith(`.${column.slice(0, -6)}`);
