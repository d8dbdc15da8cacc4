// The library: what `import … from "pickbench"` offers. Sections and examples are docs/api.md's, too.

/**
 * # pickbench as a library
 *
 * `import { … } from "pickbench"` in Node, types included. Functions neither print nor listen to signals: opening data,
 * simulating and making reports take a `reporter`, predicting and detecting an `onTile`. Positions are x y z in Å from
 * the volume's corner; arrays, shapes and spacings go z, y, x. What a user can mend is thrown as a `PickbenchError`,
 * whose message is one sentence; anything else that is thrown is a defect of pickbench.
 */

/**
 * ## Errors
 *
 * ```ts
 * import { isPickbenchError, openDataset } from "pickbench";
 *
 * try {
 *   await openDataset("no/such/folder");
 * } catch (error) {
 *   if (!isPickbenchError(error, "BadDataset")) throw error;
 *   console.error(error.message, error.path);
 * }
 * ```
 */

export { type ErrorTag, isPickbenchError, PickbenchError } from "./system/errors.js";

/**
 * ## Progress and stopping
 *
 * Opening data, simulating and making reports take a `Reporter`, which hears how far they have come; its signal ends the
 * fetching of remote data, that of tomograms read later too. A detector's `predict` and `detect` take an `onTile`
 * instead, and its `close` ends them.
 *
 * ```ts
 * import { openDataset, type Reporter, silentReporter } from "pickbench";
 *
 * const stop = new AbortController();
 * const reporter: Reporter = { ...silentReporter, note: (line) => console.error(line), signal: stop.signal };
 * await openDataset("https://example.org/tomograms", { reporter });
 * ```
 */

export { type FigureRow, type Progress, type Reporter, silentReporter } from "./system/reporter.js";

/**
 * ## Units, volumes and particles
 *
 * Å and voxels are numbers that the compiler keeps apart: `angstrom(150)` makes an `Angstrom`.
 *
 * ```ts
 * import { angstrom, indexToAngstrom, type ParticlePick } from "pickbench";
 *
 * const spacing = angstrom(10);
 * const pick: ParticlePick = { type: "ribosome", x: indexToAngstrom(0, spacing), y: angstrom(50), z: angstrom(70) };
 * console.log(pick.x); // 5: the centre of the first voxel
 * ```
 */

export { challengeParticles, type Particle, type ParticlePick, type Weighted } from "./domain/particles.js";
export {
  type Angstrom,
  angstrom,
  angstromToIndex,
  indexToAngstrom,
  type Position,
  type VoxelIndex,
} from "./domain/units.js";
export {
  type Box,
  indexToPosition,
  positionToIndex,
  type Shape3,
  type Spacing3,
  type Volume,
} from "./domain/volume.js";

/**
 * ## Data sets, tomograms and picks
 *
 * ```ts
 * import { findRun, findTomogram, openDataset, openTomogram, readPicks } from "pickbench";
 *
 * const dataset = await openDataset("phantoms/train");
 * const tomogram = await openTomogram(findTomogram(findRun(dataset, "TS_S1"), "denoised"));
 * const corner = await tomogram.readRegion({ start: [0, 0, 0], end: [16, 16, 16] }); // 4096 voxels, z slowest
 * const ribosomes = await readPicks(dataset, "TS_S1", "ribosome");
 * console.log(tomogram.shape, tomogram.spacing, corner.length, ribosomes.length);
 * ```
 */

export { findRun, findTomogram, type OpenOptions, openDataset } from "./data/dataset.js";
export type {
  DataAccess,
  Dataset,
  LabelledObject,
  Level,
  PortalAnnotation,
  ResolvedTomogram,
  Run,
  SegmentationRef,
  TomogramReader,
  TomogramRef,
} from "./data/model.js";
export { type PicksDetail, readPicks, type WrittenPick, writePicks } from "./data/picks.js";
export { openTomogram } from "./data/tomograms/omeZarr.js";
export type { PicksAuthor } from "./formats/copickPicks.js";
export type { ArrayAxes } from "./formats/zarr/ome.js";

/**
 * ## Positions in the formats of other programs
 *
 * What `pickbench convert` does: RELION, Dynamo, STOPGAP, EMAN2, crYOLO, IMOD, the Data Portal, copick, the challenge's
 * CSV and plain tables.
 *
 * ```ts
 * import { picksFromPositions, readPositions, writePositions } from "pickbench";
 *
 * const { sets, notes } = await readPositions("particles.star", { spacing: 10.012, run: "TS_5_4", type: "ribosome" });
 * await writePositions("particles.tbl", sets, { format: "dynamo", spacing: 10.012 });
 * console.log(picksFromPositions(sets).get("TS_5_4")?.length, notes);
 * ```
 */

export {
  type PositionOptions,
  picksFromPositions,
  positionFormats,
  positionsFromPicks,
  type ReadPositions,
  type ReadPositionsOptions,
  readPositions,
  type WritePositionsOptions,
  type WrittenPositions,
  writePositions,
} from "./api/positions.js";
export {
  type ExtraColumns,
  type FrameName,
  frameNames,
  type PositionSet,
  type TomogramPosition,
  type Vector3,
  type VolumeExtent,
} from "./formats/positions/frames.js";
export type { Rotation } from "./formats/positions/orientation.js";
export type { StarBlock, StarLoop } from "./formats/star.js";

/**
 * ## Simulating
 *
 * ```ts
 * import { simulateDataset } from "pickbench";
 *
 * const { runs } = await simulateDataset("phantoms", { runs: 2, shape: [48, 96, 96], seed: 1 });
 * for (const { name, counts } of runs) console.log(name, counts.ribosome);
 * await simulateDataset("cells", { runs: 1, shape: [48, 96, 96], scene: "cell", features: ["membrane", "gold"] });
 * ```
 */

export { type SimulatedDataset, type SimulateOptions, simulateDataset } from "./api/simulate.js";
export type { CellFeature } from "./data/simulate/cell/features.js";
export type { SimulatedRun } from "./data/simulate/simulateDataset.js";
export type { PickCounts } from "./data/simulate/simulateWorker.js";

/**
 * ## Predicting and picking
 *
 * ```ts
 * import { openDataset, openDetector, pickParticles } from "pickbench";
 *
 * const dataset = await openDataset("phantoms/test");
 * const detector = await openDetector("runs/a/best.safetensors");
 * try {
 *   for (const { name } of dataset.runs) {
 *     const volumes = await detector.predict(dataset, name);
 *     for (const [type, volume] of volumes) {
 *       const { picks } = pickParticles(volume, detector.settings.get(type)!);
 *       console.log(name, type, picks.length);
 *     }
 *   }
 * } finally {
 *   await detector.close();
 * }
 * ```
 */

export { type Detector, type DetectorOptions, type OnTile, openDetector } from "./api/detector.js";
export type { EngineName, Precision } from "./engines/engine.js";
export type { PickDensity } from "./infer/pick/density.js";
export type { Orienting } from "./infer/pick/orientation.js";
export {
  defaultPicking,
  type PickingResult,
  type PickingSettings,
  type PickingSteps,
  pickParticles,
  type ScoredPick,
} from "./infer/pick/picking.js";
export type { Statistics } from "./infer/predict/statistics.js";

/**
 * ## Scoring
 *
 * ```ts
 * import { openDataset, readSubmission, readTruth, scorePicks, writeSubmission } from "pickbench";
 *
 * const truth = await readTruth(await openDataset("phantoms/train"));
 * await writeSubmission("truth.csv", truth);
 * const report = scorePicks(truth, await readSubmission("truth.csv"));
 * console.log(report.score, report.perType.ribosome?.recall);
 * ```
 */

export { readTruth, scoreSubmission } from "./api/score.js";
export type { CsvRules } from "./formats/csv/submissionRows.js";
export {
  type MaskMeasure,
  type MaskMeasures,
  type MaskPair,
  type MaskScore,
  type SkeletonCounts,
  scoreMask,
} from "./score/masks/maskScore.js";
export { type Counts, fbeta } from "./score/match/fbeta.js";
export type { PicksByExperiment } from "./score/match/positions.js";
export { type ExperimentCounts, type ScoreReport, scorePicks, type TypeScore } from "./score/score.js";
export { type IntervalOptions, type ScoreInterval, scoreInterval } from "./score/statistics/interval.js";
export type { Interval } from "./score/statistics/summaryStatistics.js";
export { readSubmission, type SubmissionOptions, writeSubmission } from "./score/submissionCsv.js";

/**
 * ## Surveys
 *
 * What `pickbench survey` finds among thousands of tomograms. A survey is made by `pickbench survey build`.
 *
 * ```ts
 * import { openSurvey } from "pickbench";
 *
 * const survey = await openSurvey("survey");
 * const { total, rows } = await survey.find("membrane.percent > 2 and ribosome.count > 50", {
 *   sort: "ribosome.density desc",
 *   columns: ["ribosome.density"],
 *   limit: 10,
 * });
 * for (const [run, density] of rows) console.log(run, density);
 * console.log(total, (await survey.show("TS_S1")).particles.length, (await survey.columns()).length);
 * survey.close();
 * ```
 */

export type { SurveyEntry } from "./survey/entry.js";
export type { SurveyExportFormat } from "./survey/export/tables.js";
export type { SurveyAnswer } from "./survey/find/ask.js";
export type { SurveyColumn } from "./survey/find/columns.js";
export type { SurveyFindOptions, SurveyFound } from "./survey/find/find.js";
export type { SurveyValue } from "./survey/find/rows.js";
export { openSurvey, type Survey } from "./survey/survey.js";

/**
 * ## Experiments, records and reports
 *
 * Training stays with the command line; these read what it takes and what it leaves.
 *
 * ```ts
 * import { makeReport, readRecord, readReport } from "pickbench";
 *
 * const { experiment, result } = await readRecord("runs/a/record.json");
 * const { holdout } = await readReport("runs/a/report.json");
 * console.log(experiment.hash, result?.durations, holdout?.score);
 * console.log((await makeReport(["runs/a"], { data: "phantoms/train" })).length);
 * ```
 */

export { makeReport } from "./api/report.js";
export { type RunRecord, readRecord } from "./domain/record.js";
export { readReport } from "./leaderboard/submissionFolder.js";
export type { RunReport } from "./score/report.js";
export { type ExperimentOverrides, readExperiment } from "./train/experiment/experiment.js";
export type { Experiment } from "./train/experiment/schema.js";
