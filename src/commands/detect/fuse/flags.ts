/** Flags of `fuse`, their checks, and what they mean. */
import { resolve } from "node:path";
import type { Argv } from "yargs";
import { matchFraction } from "../../../domain/particles.js";
import { type Symmetry, symmetryOf } from "../../../domain/symmetry.js";
import type { FusionRules } from "../../../infer/consensus/fuseRuns.js";
import { parseWeights } from "../../../infer/consensus/pickers.js";
import { type ScoreRule, scoreRules } from "../../../infer/consensus/scores.js";
import { placesOf } from "../../../makings/making.js";
import { PickbenchError } from "../../../system/errors.js";

/** Which picks are one, which are kept, and what is made of scores and orientations. */
export const withRules = <Options>(argv: Argv<Options>) =>
  argv
    .option("weights", {
      type: "string",
      describe: "one a picker, in their order, separated by commas; equal by default",
    })
    .option("radius", {
      type: "number",
      describe: `picks within this share of the particle's radius are one particle; ${matchFraction} by default`,
    })
    .option("distance", { type: "number", describe: "the same in Å, for all types" })
    .option("votes", {
      type: "string",
      describe:
        "keep what at least N pickers saw, =N: exactly so many, all: all that looked at the run, any (the default); by weight where --weights are given",
    })
    .option("same-runs", {
      type: "boolean",
      default: false,
      describe: "every picker looked at all runs: where it has no picks it saw nothing",
    })
    .option("duplicates", {
      type: "boolean",
      default: false,
      describe:
        "first join each picker's picks that are within the distance of one another; one list will do",
    })
    .option("scores", {
      choices: scoreRules,
      default: "share" as ScoreRule,
      describe:
        "of the pickers that saw a particle: mean, max, min, sum; share: the sum by weight over the weights of all that looked",
    })
    .option("symmetry", {
      type: "string",
      describe:
        "of particles, for the mean of their orientations: C1 (the default), Cn, Dn, T, O or I; of types as in apo-ferritin=O,beta-amylase=D2",
    });

/** What is removed of what was kept. */
export const withRemoval = <Options>(argv: Argv<Options>) =>
  argv
    .option("not", {
      type: "string",
      array: true,
      nargs: 1,
      describe: "picks of another picker: what it saw is removed; may be given again",
    })
    .option("inside", {
      type: "string",
      describe: "data set with the tomograms: picks outside of their volumes are removed",
    })
    .option("maps", {
      type: "string",
      array: true,
      nargs: 1,
      describe: "maps of features as pick takes them, for --mask; may be given again",
    })
    .option("mask", {
      type: "string",
      array: true,
      nargs: 1,
      describe:
        "[!]FEATURE:THRESHOLD[:GROW[:DUST]] as in `pickbench mask`: picks outside of this area are removed, with ! those in it; may be given again",
    });

/** Flags that say how picks are fused. */
interface GivenRules {
  readonly radius: number | undefined;
  readonly distance: number | undefined;
  readonly votes: string | undefined;
  readonly weights: string | undefined;
  readonly scores: ScoreRule;
  readonly symmetry: string | undefined;
}

/** Flags that are checked together. */
interface GivenFlags extends GivenRules {
  readonly truth: string | undefined;
  readonly tune: string | undefined;
  readonly duplicates: boolean;
  readonly not: readonly string[] | undefined;
  readonly inside: string | undefined;
  readonly maps: readonly string[] | undefined;
  readonly mask: readonly string[] | undefined;
  readonly byPicker: boolean;
  readonly star: string | undefined;
  readonly spacing: number | undefined;
}

const wrong = (message: string): PickbenchError => new PickbenchError("BadUsage", message);

/** @throws BadUsage where flags do not go with one another or with the pickers */
export function checkFlags(paths: readonly string[], out: string, flags: GivenFlags): void {
  const { truth, tune, weights, not: vetoes = [], inside, maps, mask } = flags;
  const hasRemoval = vetoes.length > 0 || inside !== undefined || mask !== undefined;
  if (paths.length < 2 && !flags.duplicates && !hasRemoval)
    throw wrong(
      `one picker is named, ${paths[0]}, wanted two or more to fuse; name the others beside it, or clean one list by --duplicates, --not, --inside or --mask`,
    );
  for (const path of [out, ...(flags.star === undefined ? [] : [flags.star])])
    if ([...paths, ...vetoes].flatMap(placesOf).some((picker) => resolve(picker) === resolve(path)))
      throw wrong(`--out ${path} is one of the pickers, which it would replace; name another`);
  if ((truth === undefined) !== (tune === undefined))
    throw wrong("--truth and --tune belong together, and one is missing; give both, or neither");
  if (tune !== undefined && weights !== undefined)
    throw wrong("--weights are given and --tune would look for others; leave one");
  if ((maps === undefined) !== (mask === undefined))
    throw wrong("--maps and --mask belong together, and one is missing; give both, or neither");
  if (flags.byPicker && out.endsWith(".csv") && flags.star === undefined)
    throw wrong("--by-picker has no room in a submission; give --out a folder, or --star a file");
  if (flags.star !== undefined && flags.spacing === undefined && inside === undefined)
    throw wrong("--star counts in voxels, whose size is not known; give --spacing Å, or --inside DATA");
}

/** Reads the rules of fusion, and the weights of the pickers. @throws BadUsage for one that is none */
export function rulesOf(
  given: GivenRules,
  pickers: number,
): { readonly rules: FusionRules; readonly weights: readonly number[] } {
  const { radius, distance, scores } = given;
  if (radius !== undefined && distance !== undefined)
    throw wrong("--radius and --distance both say how near picks of one particle are; leave one");
  if (radius !== undefined && !(radius > 0 && Number.isFinite(radius)))
    throw wrong(`--radius is ${radius}, wanted a share of the particle's radius above 0; give one like 0.5`);
  if (distance !== undefined && !(distance > 0 && Number.isFinite(distance)))
    throw wrong(`--distance is ${distance}, wanted Å above 0; give one like 50`);
  const byWeight = given.weights !== undefined;
  const voted = votesOf(given.votes, pickers, byWeight);
  const most = typeof voted.votes === "number" ? voted.votes : undefined;
  return {
    weights: byWeight ? parseWeights(given.weights, pickers, most) : new Array<number>(pickers).fill(1),
    rules: {
      radius: radius ?? matchFraction,
      ...(distance === undefined ? {} : { distance }),
      ...voted,
      byWeight,
      ...(scores === "share" ? {} : { scores }),
    },
  };
}

function votesOf(
  text: string | undefined,
  pickers: number,
  byWeight: boolean,
): Pick<FusionRules, "votes" | "isExact"> {
  if (text === undefined || text === "any") return { votes: null };
  if (text === "all") return { votes: "all" };
  const isExact = text.startsWith("=");
  const number = text.slice(isExact ? 1 : 0).trim();
  const votes = number === "" ? Number.NaN : Number(number);
  if (!Number.isFinite(votes))
    throw wrong(
      `--votes is ${text}, wanted all, any, N for at least or =N for exactly so many pickers; give one`,
    );
  if (!(votes > 0 && (byWeight || (Number.isInteger(votes) && votes <= pickers))))
    throw wrong(
      `--votes is ${text}, wanted a whole number from 1 to ${pickers}, as many as there are pickers; give one`,
    );
  return { votes, ...(isExact ? { isExact } : {}) };
}

/**
 * Reads `--symmetry`: one for all types, others for single ones.
 *
 * @returns the symmetry of a type; undefined for one of which nothing is said
 * @throws BadUsage for an unknown symmetry or type
 */
export function symmetriesOf(
  text: string | undefined,
  types: readonly string[],
): (type: string) => Symmetry | undefined {
  const ofTypes = new Map<string, Symmetry>();
  let usual: Symmetry | undefined;
  for (const part of text === undefined ? [] : text.split(",")) {
    const [first = "", name] = part.split("=").map((word) => word.trim());
    if (name === undefined) usual = symmetryOf(first);
    else if (types.includes(first)) ofTypes.set(first, symmetryOf(name));
    else
      throw wrong(`--symmetry names the type ${first}, wanted one of ${types.join(", ")}; write TYPE=GROUP`);
  }
  return (type) => ofTypes.get(type) ?? usual;
}
