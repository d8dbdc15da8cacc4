/** The lineage of a run: its own training, and those that made what it begins with or takes as it is. */
import type { Splits } from "../../data/splits.js";
import type { ExternalNetwork } from "../../infer/predict/predictor.js";
import { joined, type Lineage, type SeenRun } from "../checkpoint/lineage.js";
import { networkName } from "../experiment/networkChoice.js";
import type { Experiment } from "../experiment/schema.js";
import type { ExperimentNetwork } from "../fit/networks.js";
import { type Before, generationOf } from "./ancestry.js";
import { modelLineage } from "./source.js";
import type { PreparedStart } from "./start.js";

/** What a run is made of. */
interface Made {
  readonly experiment: Experiment;
  readonly splits: Splits;
  readonly networks: readonly ExperimentNetwork[];
  readonly external: ExternalNetwork | null;
  readonly start: PreparedStart | null;
  /** The networks whose picks are trained on, where that is known. */
  readonly teachers: readonly Before[];
}

/** The trainings of a run, and what went before them. */
interface RunLineage {
  readonly lineage: Lineage;
  readonly before: Before | null;
  /** Warnings of what is known of the networks and not done for them. */
  readonly notes: readonly string[];
}

/**
 * Returns the trainings that make the networks, and those before.
 *
 * @param further runs of further data sets, which are trained on
 */
export async function lineageOf(
  made: Made,
  fingerprints: ReadonlyMap<string, SeenRun>,
  further: readonly SeenRun[],
): Promise<RunLineage> {
  const { experiment, splits, networks, external, start, teachers } = made;
  if (external) {
    const types = external.channels.filter((channel) => channel !== null);
    const own = generationOf(experiment, { ...splits, train: [] }, fingerprints, types);
    const { decodeMetadata } = await import("../../engines/onnx/graph/model.js");
    const path = networkName(experiment.network);
    const metadata = decodeMetadata(external.model);
    const lineage = modelLineage(external.external.file, metadata);
    const before = metadata.lineage === undefined ? null : { path, lineage };
    const notes = metadata.spectrum === undefined ? [] : [unmatched(path)];
    return { lineage: joined([own], lineage), before, notes };
  }
  const types = [...new Set(networks.flatMap((network) => network.types.map(({ name }) => name)))];
  const own = generationOf(experiment, splits, fingerprints, types, further);
  const before = start?.source ?? null;
  const lineage = joined([own], before?.lineage ?? [], ...teachers.map((each) => each.lineage));
  return { lineage, before, notes: [] };
}

const unmatched = (path: string): string =>
  `warning: ${path}: learned tomograms that were given one spectrum (data.spectrum: match), and is given them as they are here: it will find less; take the checkpoint that it was exported from`;
