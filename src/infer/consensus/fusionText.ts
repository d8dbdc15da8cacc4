/** The report of a fusion as text, with notes on what makes it doubtful. */
import { alignedTable, decimals, plural } from "../../present/text.js";
import type { AgreementReport, Matrix } from "./agreement.js";
import type { FusionRules, TypeFusion } from "./fuseRuns.js";
import type { Removed } from "./removal.js";

/** Report of a fusion. */
export interface FusionReport {
  readonly out: string;
  readonly pickers: readonly {
    readonly path: string;
    readonly runs: readonly string[];
    readonly picks: number;
    /** Greatest score; null where no pick has a score, so that each counts as 1. */
    readonly greatestScore: number | null;
  }[];
  /** Runs in the output. */
  readonly runs: readonly string[];
  readonly rules: FusionRules;
  /** Outcome by type, with F-beta on the tune runs, null for a type that was not tuned. */
  readonly types: readonly (TypeFusion & { readonly tunedFbeta: number | null })[];
  /** Agreement of the pickers with one another; null of a lone one. */
  readonly agreement: AgreementReport | null;
  /** What was removed of what had been kept, by run and reason. */
  readonly removed: readonly Removed[];
  readonly tune: { readonly runs: readonly string[]; readonly leftOut: boolean } | null;
  /** Warnings for the reader. */
  readonly notes: readonly string[];
}

/** Lists warnings about picks and settings that make the result doubtful. */
export function fusionNotes(
  { pickers, runs, rules, types, tune, out }: Omit<FusionReport, "notes">,
  stray: readonly string[],
): string[] {
  const notes: string[] = [];
  const partly = runs.filter((run) => pickers.some((picker) => !picker.runs.includes(run)));
  if (partly.length > 0)
    notes.push(
      `not every picker has picks of ${partly.join(", ")}, or an empty list: there the others have no vote, neither for nor against; --same-runs takes them to have seen nothing`,
    );
  const blind = types.filter(({ picked }) => picked.includes(0)).map(({ type }) => type);
  if (rules.votes === "all" && blind.length > 0)
    notes.push(`not every picker has any pick of ${blind.join(", ")}, where --votes all wants all of them`);
  const greatest = pickers.map(({ greatestScore }) => greatestScore ?? 1);
  if (greatest.some((score) => score > 1) && greatest.some((score) => score <= 1))
    notes.push(
      `scores differ in scale, up to ${greatest.map((score) => Number(score.toPrecision(3))).join(", ")}: the larger ones decide; bring them to 0 to 1`,
    );
  if (stray.length > 0) notes.push(`left out, of no known type: ${stray.join(", ")}`);
  if (!tune) return notes;
  const untuned = types.filter(({ tunedFbeta }) => tunedFbeta === null).map(({ type }) => type);
  if (untuned.length > 0)
    notes.push(`equal weights and no threshold for ${untuned.join(", ")}: nothing there to tune on`);
  const runsText = tune.runs.join(", ");
  notes.push(
    tune.leftOut
      ? `weights and thresholds were fitted to ${runsText}, which ${out} leaves out`
      : `weights and thresholds were fitted to ${runsText}: scores of ${out} on these runs are no fair test; --leave-out-tuned leaves them out`,
  );
  return notes;
}

/** Formats a report: pickers, then a row a type with picks of each, fused picks, how many pickers have them, kept. */
export function fusionText(fusion: FusionReport): string {
  const { pickers, types, tune, rules, runs, out, notes } = fusion;
  const letters = pickers.map((_, i) => `picker ${i + 1}`);
  const header = ["type", ...letters, "fused", ...pickers.map((_, i) => `by ${i + 1}`), "kept"];
  const rows = types.map(({ type, picked, fused, seenBy, kept }) => [
    type,
    ...[...picked, fused, ...seenBy, kept].map(String),
  ]);
  const weightRows = types.map(({ type, weights, threshold, tunedFbeta }) => [
    type,
    ...weights.map((weight) => String(Number(weight.toFixed(3)))),
    decimals(threshold, 3),
    decimals(tunedFbeta, 4),
  ]);
  const settings = tune
    ? [alignedTable([["weights", ...letters, "threshold", "F4 on tune runs"], ...weightRows])]
    : [];
  const turned = types.flatMap(({ type, turn }) => (turn === null ? [] : [`${type} ${turn.toFixed(1)}`]));
  const turns =
    turned.length === 0
      ? []
      : [`orientations lie so many degrees from their mean (median of groups): ${turned.join(", ")}`];
  const [first] = types;
  return [
    pickers
      .map((picker, i) => pickerLine(letters[i]!, picker, tune ? undefined : first?.weights[i]))
      .join("\n"),
    alignedTable([header, ...rows]),
    ...settings,
    ...agreementText(fusion, letters),
    [
      ...votesText(rules),
      ...turns,
      ...fusion.removed.map(
        ({ run, reason, picks }) => `${run}: ${plural(picks, "pick")} removed, ${reason}`,
      ),
      ...notes,
      `${runs.length} run${runs.length === 1 ? "" : "s"}, ${keptCount(fusion)} picks: ${out}`,
    ].join("\n"),
  ].join("\n\n");
}

const keptCount = ({ types, removed }: FusionReport): number =>
  types.reduce((sum, { kept }) => sum + kept, 0) - removed.reduce((sum, { picks }) => sum + picks, 0);

function votesText({ votes, isExact, byWeight }: FusionRules): string[] {
  if (votes === null) return [];
  if (votes === "all") return ["kept: seen by all pickers that looked at the run"];
  return [
    `kept: seen by ${isExact ? "exactly" : "at least"} ${votes}${byWeight ? " by weight" : " pickers"}`,
  ];
}

/** Tables of the agreement: Jaccard indices by type and pair, and of all types what one picker shares with another. */
function agreementText({ agreement }: FusionReport, letters: readonly string[]): string[] {
  if (agreement === null) return [];
  const { overall, types } = agreement;
  const pairs = letters.flatMap((_, i) => letters.slice(i + 1).map((__, j) => [i, i + 1 + j] as const));
  const cell = (matrix: Matrix<number | null>, row: number, column: number) =>
    decimals(matrix[row]![column], 3);
  const jaccard = alignedTable([
    ["Jaccard", ...pairs.map(([i, j]) => `${i + 1} and ${j + 1}`)],
    ...[...types, { type: "all", ...overall }].map((each) => [
      each.type,
      ...pairs.map(([i, j]) => cell(each.jaccard, i, j)),
    ]),
  ]);
  const shared = alignedTable([
    ["of its picks shared", ...letters.map((letter) => `with ${letter}`)],
    ...letters.map((letter, i) => [letter, ...letters.map((_, j) => cell(overall.shared, i, j))]),
  ]);
  return [jaccard, shared];
}

function pickerLine(
  letter: string,
  { path, runs, picks, greatestScore }: FusionReport["pickers"][number],
  weight: number | undefined,
): string {
  const parts = [
    ...(weight === undefined ? [] : [`weight ${weight}`]),
    `${picks} picks of ${runs.length} run${runs.length === 1 ? "" : "s"}`,
    ...(greatestScore === null ? ["no scores, each counts as 1"] : []),
  ];
  return `${letter}: ${path} (${parts.join(", ")})`;
}
