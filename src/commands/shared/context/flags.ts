/** Flags on what surrounds positions, which several commands have, and what they mean. */
import type { Argv } from "yargs";
import { parseExpression } from "../../../domain/expression/parse.js";
import { type BallRule, ballRules } from "../../../infer/context/ball.js";
import { anyType, type ContextTerms, columnNames, featuresOf } from "../../../infer/context/context.js";
import { parseDistance, parseSample } from "../../../infer/context/terms.js";
import { parseSlab, type SlabSource } from "../../../infer/slab/choose.js";
import { type SlabForm, slabForms } from "../../../infer/slab/slab.js";
import type { SlabSettings } from "../../../infer/slab/sources.js";
import { PickbenchError } from "../../../system/errors.js";

const list = { type: "string", array: true, nargs: 1 } as const;

/** `--slab` and its settings. */
export const withSlab = <Options>(argv: Argv<Options>) =>
  argv
    .option("slab", {
      type: "string",
      describe:
        "what the sample's two surfaces are fitted to: contrast (of --data), picks, a mask of the sample FEATURE:THRESHOLD, or of its surroundings !FEATURE:THRESHOLD",
    })
    .option("slab-form", {
      choices: slabForms,
      default: "plane" as SlabForm,
      describe: "planes, or surfaces that are bent once",
    })
    .option("slab-margin", {
      type: "number",
      default: 0,
      describe: "Å by which the surfaces are moved outwards",
    });

/** Flags on surroundings. */
export const withContext = <Options>(argv: Argv<Options>) =>
  withSlab(
    argv
      .option("sample", {
        ...list,
        describe:
          "FEATURE:RADIUS[:OFFSET]: mean of a map in a ball of so many Å, moved along the particle's axis; may be given again",
      })
      .option("distance", {
        ...list,
        describe:
          "FEATURE:THRESHOLD[:DUST[:OFFSET]]: Å to the feature above the threshold, below 0 inside; dust is the least Å³, or below 0 how many of the largest pieces stay; may be given again",
      })
      .option("along", {
        type: "number",
        default: 0,
        describe: "Å along the particle's axis for every --sample and --distance without an offset",
      })
      .option("ball", {
        choices: ballRules,
        default: "exact" as BallRule,
        describe:
          "exact: voxels at most the radius from the place; rounded: less than it from the place's voxel, as Pom",
      })
      .option("faces", { type: "boolean", default: false, describe: "Å to the nearest face of the volume" })
      .option("nearest", {
        ...list,
        describe: "TYPE: Å to the nearest other particle of the type, or of any; may be given again",
      })
      .option("where", {
        type: "string",
        describe: 'keep what fulfils it, as in "distance.membrane < 200 and score > 0.5" (docs/context.md)',
      })
      .option("maps", {
        ...list,
        describe: "maps of features as pick takes them; may be given again",
      })
      .option("data", {
        type: "string",
        describe: "data set with the tomograms, for --slab contrast and --faces",
      })
      .option("tomogram", {
        type: "string",
        describe: "which reconstruction of --data; the first one by default",
      }),
  );

interface SlabFlags {
  readonly slab: string | undefined;
  readonly slabForm: SlabForm;
  readonly slabMargin: number;
}

interface ContextFlags extends SlabFlags {
  readonly sample: readonly string[] | undefined;
  readonly distance: readonly string[] | undefined;
  readonly along: number;
  readonly ball: BallRule;
  readonly faces: boolean;
  readonly nearest: readonly string[] | undefined;
  readonly where: string | undefined;
}

/** A slab that is asked for. */
export interface AskedSlab {
  readonly source: SlabSource;
  readonly settings: SlabSettings;
}

/** What is asked of surroundings. */
export interface AskedContext {
  readonly terms: ContextTerms;
  readonly slab: AskedSlab | undefined;
  readonly where: string | undefined;
  /** Features whose maps are needed. */
  readonly features: readonly string[];
  /** Names of the columns. */
  readonly columns: readonly string[];
}

/** Reads `--slab` and its settings. @throws PickbenchError BadUsage */
export function slabAsked({ slab, slabForm, slabMargin }: SlabFlags): AskedSlab | undefined {
  if (!Number.isFinite(slabMargin)) throw notANumber("slab-margin");
  return slab === undefined
    ? undefined
    : { source: parseSlab(slab), settings: { form: slabForm, margin: slabMargin } };
}

const notANumber = (flag: string): PickbenchError =>
  new PickbenchError("BadUsage", `--${flag} is not a number; write it like --${flag} 50`);

/** Reads the flags on surroundings; undefined where none is given. @throws PickbenchError BadUsage */
export function contextAsked(flags: ContextFlags): AskedContext | undefined {
  const { sample = [], distance = [], along, ball, faces, nearest = [], where } = flags;
  if (!Number.isFinite(along)) throw notANumber("along");
  const slab = slabAsked(flags);
  const terms: ContextTerms = {
    samples: sample.map((text) => parseSample(text, along)),
    distances: distance.map((text) => parseDistance(text, along)),
    faces,
    nearest: nearest.map((type) => (type.toLowerCase() === anyType ? anyType : type)),
    rule: ball,
  };
  const columns = columnNames(terms, slab !== undefined);
  if (where !== undefined) parseExpression(where);
  if (columns.length === 0 && where === undefined) return undefined;
  const ofSlab = slab?.source.kind === "mask" ? [slab.source.feature] : [];
  return { terms, slab, where, columns, features: [...new Set([...featuresOf(terms), ...ofSlab])] };
}

/** Checks that what is asked can be measured. @throws PickbenchError BadUsage */
export function checkContext(
  { features, slab, terms }: AskedContext,
  maps: readonly string[],
  data: string | undefined,
): void {
  if (features.length > 0 && maps.length === 0)
    throw new PickbenchError(
      "BadUsage",
      `${features.join(", ")}: --maps does not say where maps are; give their folder`,
    );
  if (slab?.source.kind === "contrast" && data === undefined)
    throw new PickbenchError("BadUsage", "--slab contrast wants tomograms; name the data set by --data");
  if (terms.faces && maps.length === 0 && data === undefined)
    throw new PickbenchError("BadUsage", "--faces wants the volume's size; give --maps or --data");
}
