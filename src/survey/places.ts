/** The folder of a survey: which of its files lies where. */
import { join } from "node:path";
import { PickbenchError } from "../system/errors.js";
import { inside } from "../system/paths/names.js";

/** The name of a survey's folder where none is given. */
export const usualSurvey = "survey";

/** Name of the source that stands for the data set's own picks. */
export const truthSource = "truth";

/** Paths in a survey's folder. */
export const placesIn = (folder: string) => ({
  settings: join(folder, "survey.json"),
  entries: join(folder, "entries"),
  picks: join(folder, "picks"),
  images: join(folder, "images"),
  subsets: join(folder, "subsets"),
  /** Runs of files of picks whose names tell none. */
  sources: join(folder, "sources.json"),
  /** How stored integers of each kind of map become probabilities. */
  scales: join(folder, "scales.json"),
  database: join(folder, ".database.duckdb"),
  /** What the database was made from; without it, it is compared with all entries. */
  databaseState: join(folder, ".database.json"),
  lock: join(folder, ".build.lock"),
  databaseLock: join(folder, ".database.lock"),
});

/** Returns the names of the files with an ending, without it, sorted; hidden ones are left out. */
export const namesAmong = (files: readonly string[], ending: string): string[] =>
  files
    .filter((file) => file.endsWith(ending) && !file.startsWith("."))
    .map((file) => file.slice(0, -ending.length))
    .sort();

/** Returns the path of a run's entry. @throws PickbenchError BadDataset for a name that no file can have */
export const entryPath = (folder: string, run: string): string =>
  inside(placesIn(folder).entries, `${run}.json`, { what: "run" });

/** Returns the path of a run's picks. */
export const picksPath = (folder: string, run: string): string =>
  inside(placesIn(folder).picks, `${run}.parquet`, { what: "run" });

/** Returns the folder of a run's images. */
export const imagesPath = (folder: string, run: string): string =>
  inside(placesIn(folder).images, run, { what: "run" });

/** File of the middle slice among a run's images. */
export const sliceImage = "tomogram.png";

/** Returns the file of a feature's projection among a run's images. @throws PickbenchError BadDataset */
export const projectionImage = (feature: string): string => {
  const name = `projection_${feature}.png`;
  inside(".", name, { what: "feature" });
  return name;
};

export const noSurvey = (folder: string): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    `${folder}: no survey here; make one with pickbench survey build --data DIR --out ${folder}, or name another with --survey`,
    { path: folder },
  );
