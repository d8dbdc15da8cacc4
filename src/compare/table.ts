/** A comparison as tables, for the terminal and as Markdown. */
import { alignedTable, decimals, none, thousands } from "../present/text.js";
import { fewestExperiments } from "../score/statistics/comparisonText.js";
import { type Comparison, mean, type RankedRow } from "./result.js";

type Column = readonly [title: string, value: (row: RankedRow) => string];

const score = ({ score: value, standardError }: RankedRow): string =>
  `${decimals(value, 3)}${standardError === null ? "" : ` ± ${decimals(standardError, 3)}`}`;

const interval = ({ seeds }: RankedRow): string => {
  const [first] = seeds;
  return first?.interval ? `${decimals(first.interval.low, 3)} to ${decimals(first.interval.high, 3)}` : none;
};

const belowFirst = ({ againstFirst: first }: RankedRow): string =>
  first
    ? `${decimals(first.difference, 3)} (${decimals(first.interval.low, 3)} to ${decimals(first.interval.high, 3)})`
    : none;

/** Tells whether the first row's lead is more than chance. */
const toldApart = ({ againstFirst: first }: RankedRow): string =>
  first === null ? none : first.verdict === "a" || first.verdict === "b" ? "yes" : "no";

/** States what may not be concluded from the order of the rows. */
function claim({ holdout, rows }: Comparison): string {
  if (rows.length < 2 || holdout.length === 0) return "";
  if (holdout.length === 1)
    return "One held-out run cannot tell which is better: the intervals are over its particles, and other runs may order the rows otherwise.";
  if (holdout.length < fewestExperiments)
    return `${holdout.length} held-out runs cannot tell which is better, for p < 0.05 takes ${fewestExperiments} or more: other runs may order the rows otherwise.`;
  return "Told apart from the first row: the interval of the difference excludes 0 and p < 0.05, by the first seed's submissions; rows below are not compared with each other.";
}

const columns: readonly Column[] = [
  ["architecture", ({ architecture }) => architecture],
  ["parameters", ({ parameters }) => thousands(parameters)],
  ["F4", score],
  ["90 % interval", interval],
  ["below first", belowFirst],
  ["told apart", toldApart],
  ["loss", ({ seeds }) => decimals(mean(seeds.map(({ loss }) => loss)), 3)],
  ["steps", ({ seeds }) => decimals(mean(seeds.map(({ steps }) => steps)), 0)],
  ["train s", ({ seeds }) => decimals(mean(seeds.map(({ trainSeconds }) => trainSeconds)), 0)],
  ["ms/slice", ({ sliceMs }) => decimals(sliceMs, 0)],
  ["ms/64³", ({ patchMs }) => decimals(patchMs, 0)],
  ["s/tomogram", ({ seeds }) => decimals(mean(seeds.map(({ tomogramSeconds }) => tomogramSeconds)), 1)],
];
const aisColumns: readonly Column[] = [
  ["Ais: train s", ({ published }) => decimals(published?.trainSeconds, 0)],
  ["Ais: ms/slice", ({ published }) => decimals(published?.sliceMs, 0)],
];

function columnsOf({ rows }: Comparison): readonly Column[] {
  const isOfFeatures = rows.every(
    (row) => row.score !== null && row.seeds.every(({ perType }) => Object.keys(perType).length === 0),
  );
  const own = isOfFeatures
    ? columns.map((column): Column => (column[1] === score ? ["Dice", score] : column))
    : columns;
  return rows.some(({ published }) => published) ? [...own, ...aisColumns] : own;
}

/** Formats a comparison for a terminal. */
export function comparisonText(comparison: Comparison): string {
  const shown = columnsOf(comparison);
  const table = alignedTable([
    shown.map(([title]) => title),
    ...comparison.rows.map((row) => shown.map(([, value]) => value(row))),
  ]);
  return [table, claim(comparison)].filter((part) => part !== "").join("\n\n");
}

/** Formats a comparison as comparison.md. */
export function comparisonMarkdown(comparison: Comparison): string {
  const shown = columnsOf(comparison);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const { recipe, budget, engine, machine, commit, holdout } = comparison;
  return [
    `# ${recipe}: ${budget} each`,
    "",
    `Held out: ${holdout.join(", ") || "none"}. Engine ${engine}, ${machine.cpu}, ${machine.cores} cores${commit ? `, commit ${commit.slice(0, 7)}` : ""}. Times per slice are of 511×720 voxels, one output; Ais's are its own, on a Quadro P2200 with its own data.`,
    "",
    line(shown.map(([title]) => title)),
    line(shown.map((_, at) => (at === 0 ? "---" : "--:"))),
    ...comparison.rows.map((row) => line(shown.map(([, value]) => value(row)))),
    "",
    ...[claim(comparison)].filter((line) => line !== "").flatMap((line) => [line, ""]),
    "![score against time](comparison.svg)",
    "",
  ].join("\n");
}
