/** Prepares what an experiment begins with: the file of its key `from`, and the weights that each network takes. */
import { realpath } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { listed } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { modelPath } from "../checkpoint/models.js";
import type { ResolvedNetwork } from "../experiment/networkChoice.js";
import type { Experiment } from "../experiment/schema.js";
import type { ExperimentNetwork } from "../fit/networks.js";
import { readSource, type SourceNetwork, type StartSource } from "./source.js";
import { type NetworkTransfer, type TakenWeights, transferNetwork, untouched } from "./transfer.js";

/** What a training begins with, and what each network takes of it. */
export interface PreparedStart {
  readonly source: StartSource;
  /** Weights by the network's name; a network that has nothing to take from has none. */
  readonly weights: ReadonlyMap<string, TakenWeights>;
  readonly transfers: readonly NetworkTransfer[];
}

/**
 * Opens the file of an experiment's key `from`, and sets its hash in the experiment; null where there is no such key.
 *
 * @throws PickbenchError BadExperiment where it is not the file whose hash the experiment names; as `readSource` for a
 * file that cannot be begun with
 */
export async function openStart(
  experiment: Experiment,
): Promise<{ readonly experiment: Experiment; readonly source: StartSource | null }> {
  const { from } = experiment;
  if (!from) return { experiment, source: null };
  const path = await modelPath(from.checkpoint);
  const source = await readSource(path);
  const { sha256 } = source;
  const wanted = "sha256" in from ? from.sha256 : undefined;
  if (wanted !== undefined && wanted !== sha256)
    throw new PickbenchError(
      "BadExperiment",
      `${path}: its SHA-256 begins with ${sha256.slice(0, 12)}, from.sha256 with ${wanted.slice(0, 12)}; put back the file that the experiment begins with, or leave from.sha256 out`,
      { path },
    );
  return { experiment: { ...experiment, from: { ...from, sha256 } }, source };
}

/**
 * Checks that what an experiment begins with is not among files and folders that are about to be removed or replaced.
 *
 * @throws PickbenchError BadUsage where it is
 */
export async function checkStartKept({ from }: Experiment, removed: readonly string[]): Promise<void> {
  if (!from) return;
  const path = await modelPath(from.checkpoint);
  const real = (each: string) => realpath(each).catch(() => resolve(each));
  const file = await real(path);
  for (const each of removed) {
    const place = await real(each);
    if (file === place || file.startsWith(`${place}${sep}`))
      throw new PickbenchError(
        "BadUsage",
        `${path}: the training would begin with a file that it replaces; give another --out, or copy the file elsewhere first`,
        { path },
      );
  }
}

/**
 * Takes the weights that every network begins with.
 *
 * @throws PickbenchError BadCheckpoint where nothing but heads fits any network, or one of several would be begun with
 */
export async function prepareStart(
  source: StartSource,
  networks: readonly ExperimentNetwork[],
): Promise<PreparedStart> {
  const weights = new Map<string, TakenWeights>();
  const transfers: NetworkTransfer[] = [];
  for (const network of networks) {
    const own = networkFor(source, network.name);
    if (!own) {
      transfers.push(await untouched(network));
      continue;
    }
    const taken = await transferNetwork(own, network);
    weights.set(network.name, taken.weights);
    transfers.push(taken.report);
  }
  if (!transfers.some(({ hasBody }) => hasBody)) throw unfit(source, networks[0]!.network);
  return { source, weights, transfers };
}

/** The trained network that one takes from: that of its name, else the one for all types. */
function networkFor({ path, networks }: StartSource, name: string): SourceNetwork | undefined {
  const found = networks.find((each) => each.name === name) ?? networks.find((each) => each.name === "all");
  if (found || name !== "all") return found;
  if (networks.length === 1) return networks[0];
  throw new PickbenchError(
    "BadCheckpoint",
    `${path}: holds ${networks.length} networks, one a type (${networks.map((each) => each.name).join(", ")}), and the experiment trains one for all types; begin with a checkpoint of one network, or write networks: perType`,
    { path },
  );
}

function unfit({ path, networks }: StartSource, wanted: ResolvedNetwork): PickbenchError {
  const { architecture, tensors } = networks[0]!;
  const named = wanted.slices && wanted.slices > 1 ? ` (${wanted.slices} slices)` : "";
  const same = architecture === wanted.architecture ? ", which is of another make" : "";
  return new PickbenchError(
    "BadCheckpoint",
    `${path}: holds ${architecture}${same}, of whose ${tensors.size} arrays none besides the head's fits ${wanted.architecture}${named} by name and shape; begin with a checkpoint of ${wanted.architecture}, with --from none, or train network: ${architecture}`,
    { path },
  );
}

/** Names at most, before the others are counted. */
const mostNamed = 4;

/** Says in one line what was taken, made anew and left over. */
export function startText({ source, transfers }: PreparedStart): string {
  const sum = (of: "taken" | "of") => transfers.reduce((total, each) => total + each[of], 0);
  const origin = source.experiment === null ? "" : ` (${source.experiment})`;
  const several = transfers.length > 1;
  const named = (pick: (transfer: NetworkTransfer) => readonly string[]): string[] =>
    transfers.flatMap((each) => pick(each).map((name) => (several ? `${each.name}/${name}` : name)));
  const anew = named((each) => (each.from === null ? ["all"] : each.anew));
  const outputs = [...new Set(transfers.flatMap(({ channels }) => channels.anew))];
  const leftOver = named((each) => each.leftOver);
  const share = ((100 * sum("taken")) / Math.max(1, sum("of"))).toFixed(1);
  return [
    `${source.path}${origin}: ${sum("taken").toLocaleString("en")} of ${sum("of").toLocaleString("en")} weights taken (${share} %)`,
    ...(outputs.length > 0 ? [`outputs made anew: ${listed(outputs, mostNamed)}`] : []),
    ...(anew.length > 0 ? [`made anew: ${listed(anew, mostNamed)}`] : []),
    ...(leftOver.length > 0 ? [`left over: ${listed(leftOver, mostNamed)}`] : []),
  ].join("; ");
}

/** What a record holds of a start. */
export function startRecordOf({ source, transfers }: PreparedStart, { from }: Experiment) {
  const { sha256, experiment, experimentHash } = source;
  const networks = transfers.map(({ hasBody: _, ...transfer }) => transfer);
  return { checkpoint: from!.checkpoint, sha256, experiment, experimentHash, networks };
}

/**
 * Checks that a network of an architecture can begin with a file, whatever it predicts.
 *
 * @throws PickbenchError BadCheckpoint where nothing but its head fits
 */
export async function checkFits(source: StartSource, network: ResolvedNetwork): Promise<void> {
  const plain = { types: [], features: [], background: false, channels: [null], radii: null } as const;
  const asked = { name: "all", network: { ...network, outputs: 1 }, activation: "none", ...plain } as const;
  for (const own of source.networks) if ((await transferNetwork(own, asked)).report.hasBody) return;
  throw unfit(source, network);
}
