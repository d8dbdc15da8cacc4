/**
 * Drafts experiments. The room `draft` looks at a data set and writes an experiment that fits it: reconstruction, types,
 * patches and roles of runs, in the starter's text with its comments.
 */
import { stringify } from "yaml";
import type { Shape3 } from "../../domain/volume.js";
import { buildNetwork } from "../../nets/architecture.js";
import { architectureNamed } from "../../nets/library/catalogue.js";
import { receptiveField } from "../../nets/receptiveField.js";
import { PickbenchError } from "../../system/errors.js";
import { nearest } from "../../system/nearest.js";
import { parseBudget } from "../experiment/budget.js";
import { type Roles, shareRoles } from "./roles.js";
import { setHead, setValue } from "./starterText.js";
import type { DataSurvey } from "./survey.js";

/** What was asked for; whatever is absent is chosen by the data, or left as the starter has it. */
export interface DraftWishes {
  readonly name?: string | undefined;
  /** Name of an architecture. */
  readonly network?: string | undefined;
  readonly types?: readonly string[] | undefined;
  /** Names of segmentations to learn. */
  readonly features?: readonly string[] | undefined;
  readonly budget?: string | undefined;
  /** Å per voxel of all tomograms, over what their files say. */
  readonly spacing?: number | undefined;
}

/** A drafted experiment. */
export interface Draft {
  /** The YAML. */
  readonly text: string;
  /** What was chosen and why, a sentence each. */
  readonly notes: readonly string[];
}

/** Type that the starter ignores, as the challenge does not score it. */
const usuallyIgnored = "beta-amylase";

/**
 * Drafts an experiment from the starter's text.
 *
 * @param survey of the data set that the experiment is to fit; none gives the starter with the wishes alone
 * @throws PickbenchError BadUsage for an unknown architecture or type, or a wrong budget; BadDataset where nothing can be learned from the data set
 */
export function draftExperiment(starter: string, wishes: DraftWishes, survey?: DataSurvey): Draft {
  const network = wishes.network ?? "baseline";
  const { multiple, isPlanar, hasCritic } = demandsOf(network);
  if (wishes.budget !== undefined) parseBudget(wishes.budget);
  const roles = survey && shareRoles(survey.runs, wantedOf(survey, wishes));
  if (survey && roles) checkRoles(survey, roles);
  const features = roles
    ? roles.learned.filter((name) => !survey!.types.includes(name))
    : (wishes.features ?? []);
  const types = roles ? roles.learned.filter((name) => survey!.types.includes(name)) : wishes.types;
  const patch = patchFor(survey, multiple, isPlanar);
  const values: readonly (readonly [string, string | readonly string[] | undefined])[] = [
    ["name", wishes.name && flow(wishes.name)],
    ["network", wishes.network],
    ["data.tomogram", survey && flow(survey.tomogram)],
    ["data.voxelSpacing", survey?.voxelSpacing?.toString()],
    ["data.spacing", wishes.spacing?.toString()],
    ["splits", roles && flow(roles.splits)],
    ["types", types && flow(types)],
    ["features", features.length > 0 ? flow(features) : undefined],
    ["ignore", types?.includes(usuallyIgnored) ? "[]" : undefined],
    ["patch.shape", flow(patch)],
    ["predict.tile", isPlanar ? flow([planarSlices, 96, 96]) : undefined],
    ["predict.overlap", isPlanar ? flow([0, 16, 16]) : undefined],
    ...(hasCritic ? criticValues : features.length > 0 ? featureValues : []),
    ["budget", wishes.budget && flow(wishes.budget)],
  ];
  let lines = starter.split("\n");
  for (const [path, value] of values) if (value !== undefined) lines = setValue(lines, path, value);
  const notes = survey && roles ? notesOf(survey, roles, patch, network) : [];
  if (survey) lines = setHead(lines, headOf(survey.data, notes));
  return { text: lines.join("\n"), notes };
}

/** What a network that is trained against a critic needs, as Ais's Pix2pix. */
const criticValues = [
  ["output", "sigmoid"],
  ["loss", ["{ kind: absoluteError, weight: 100, positiveWeight: 10 }"]],
] as const;

/** What features need: a voxel may belong to several or to none. */
const featureValues = [
  ["output", "sigmoid"],
  ["loss", ["{ kind: binaryCrossEntropy, positiveWeight: 5 }", "{ kind: tversky }"]],
] as const;

const flow = (value: unknown): string =>
  stringify(value, {
    collectionStyle: "flow",
    lineWidth: 0,
    flowCollectionPadding: !Array.isArray(value),
  }).trimEnd();

/** Slices in a patch or tile of a network that sees them one by one. */
const planarSlices = 8;

/** Voxels of a patch along an axis where the volumes are large enough. */
const usualSize = 64;

function demandsOf(name: string) {
  const network = buildNetwork(architectureNamed(name), { outputs: 1 });
  return {
    multiple: network.multiple,
    isPlanar: receptiveField(network)[0] === 1,
    hasCritic: network.critic !== null,
  };
}

/**
 * Returns the types and features to learn: those asked for; else all types that have picks, and features where there is no
 * pick at all.
 *
 * @throws PickbenchError BadUsage for a type or feature that the data set does not name
 */
function wantedOf({ types, features, runs, data }: DataSurvey, asked: DraftWishes): string[] {
  checkKnown("types", asked.types ?? [], types, data);
  checkKnown("features", asked.features ?? [], features, data);
  const hasPicks = runs.some(({ picks }) => picks.size > 0);
  const usual = hasPicks ? types.filter((type) => type !== usuallyIgnored) : [];
  return [...(asked.types ?? usual), ...(asked.features ?? (hasPicks ? [] : features))];
}

function checkKnown(flag: string, asked: readonly string[], known: readonly string[], data: string): void {
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  throw new PickbenchError(
    "BadUsage",
    `--${flag}: ${data} has no ${JSON.stringify(unknown)}; ${meant === undefined ? `it has ${known.join(", ") || "none"}` : `did you mean ${meant}?`}`,
    { path: data },
  );
}

function checkRoles({ data, runs, tomogram, types }: DataSurvey, { annotated, learned }: Roles): void {
  if (annotated > 0) return;
  throw new PickbenchError(
    "BadDataset",
    `${data}: none of its ${runs.length} runs with a tomogram ${tomogram} has a pick or mask of ${(learned.length > 0 ? learned : types).join(", ")}; give a data set with picks or masks to learn from`,
    { path: data },
  );
}

/**
 * Returns the shape of patches: the usual one, no larger than the smallest volume, in the network's multiples.
 *
 * @throws PickbenchError BadDataset where a volume is smaller than the network takes
 */
function patchFor(survey: DataSurvey | undefined, multiple: Shape3, isPlanar: boolean): Shape3 {
  const along = (axis: 0 | 1 | 2): number => {
    const wanted = axis === 0 && isPlanar ? planarSlices : usualSize;
    const most = Math.min(wanted, survey?.shape[axis] ?? wanted);
    const fitted = Math.floor(most / multiple[axis]) * multiple[axis];
    if (fitted >= 4) return fitted;
    if (survey === undefined || survey.shape[axis] >= multiple[axis]) return Math.max(4, multiple[axis]);
    throw new PickbenchError(
      "BadDataset",
      `${survey.data}: its smallest volume has ${survey.shape.join("×")} voxels (z×y×x), and the network takes multiples of ${multiple.join("×")}; name another with --network`,
      { path: survey.data },
    );
  };
  return [along(0), along(1), along(2)];
}

/** Says what was found and chosen. */
function notesOf(survey: DataSurvey, roles: Roles, patch: Shape3, network: string): string[] {
  const { runs, tomogram, shape, spacing } = survey;
  const counts = roles.learned.map((name) =>
    survey.types.includes(name)
      ? `${name} ${runs.reduce((sum, { picks }) => sum + (picks.get(name) ?? 0), 0)} picks`
      : `${name} masks of ${count(runs.filter(({ features = [] }) => features.includes(name)).length, "run")}`,
  );
  const others = survey.features.filter(
    (name) => !roles.learned.includes(name) && !survey.types.includes(name),
  );
  const { annotated, splits } = roles;
  return [
    `${count(runs.length, "run")} with a tomogram ${tomogram} of ${spacing.toFixed(2)} Å a voxel, the smallest of ${shape.join("×")} voxels; ${annotated} annotated.`,
    `Learned: ${counts.join(", ")}.`,
    ...(roles.without.length > 0
      ? [`Left out, for no run to train on has any of them: ${roles.without.join(", ")}.`]
      : []),
    ...(others.length > 0 ? [`There are masks too: --features ${others.join(",")} segments them.`] : []),
    `Patches of ${patch.join("×")} voxels fit the volumes and ${network}.`,
    ...(annotated === 1 ? ["One run is trained on; with a second, thresholds could be tuned."] : []),
    ...(annotated === 2
      ? ["One run is trained on, one tunes the thresholds; with a third, one could be held out for a score."]
      : []),
    ...(roles.canFold
      ? [
          `Every run scored by a network that has not seen it: pickbench run FILE --data DIR --folds ${annotated > 12 ? 5 : "each"}`,
        ]
      : []),
    ...(Array.isArray(splits.train) && annotated < runs.length
      ? [`Runs without annotations have no role: pickbench submit finds particles in them.`]
      : []),
  ];
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

const headOf = (data: string, notes: readonly string[]): string[] => [
  "An experiment: what is trained, on which runs, and how particles are picked.",
  `Written by \`pickbench experiment new --data ${data.replace(/\s+/g, " ")}\` for what it found there:`,
  ...notes.map((note) => `- ${note}`),
  "Every key is here; those behind a # are optional. `pickbench experiment show FILE` marks what is not the default.",
];
