import { alignedTable } from "../score/reportText.js";
import { type CompareRow, type Comparison, mean } from "./result.js";

const number = (value: number | null | undefined, digits = 0): string =>
  value === null || value === undefined ? "–" : value.toFixed(digits);

type Column = readonly [title: string, value: (row: CompareRow) => string];

const score = ({ score: value, standardError }: CompareRow): string =>
  `${number(value, 3)}${standardError === null ? "" : ` ± ${number(standardError, 3)}`}`;

const interval = ({ seeds }: CompareRow): string => {
  const [first] = seeds;
  return first?.interval ? `${number(first.interval.low, 3)} to ${number(first.interval.high, 3)}` : "–";
};

const columns: readonly Column[] = [
  ["architecture", ({ architecture }) => architecture],
  ["parameters", ({ parameters }) => parameters.toLocaleString("en")],
  ["F4", score],
  ["90 % interval", interval],
  ["loss", ({ seeds }) => number(mean(seeds.map(({ loss }) => loss)), 3)],
  ["steps", ({ seeds }) => number(mean(seeds.map(({ steps }) => steps)))],
  ["train s", ({ seeds }) => number(mean(seeds.map(({ trainSeconds }) => trainSeconds)))],
  ["ms/slice", ({ sliceMs }) => number(sliceMs)],
  ["ms/64³", ({ patchMs }) => number(patchMs)],
  ["s/tomogram", ({ seeds }) => number(mean(seeds.map(({ tomogramSeconds }) => tomogramSeconds)), 1)],
];
const aisColumns: readonly Column[] = [
  ["Ais: train s", ({ published }) => number(published?.trainSeconds)],
  ["Ais: ms/slice", ({ published }) => number(published?.sliceMs)],
];

const columnsOf = ({ rows }: Comparison): readonly Column[] =>
  rows.some(({ published }) => published) ? [...columns, ...aisColumns] : columns;

/** For a terminal. */
export function comparisonText(comparison: Comparison): string {
  const shown = columnsOf(comparison);
  return alignedTable([
    shown.map(([title]) => title),
    ...comparison.rows.map((row) => shown.map(([, value]) => value(row))),
  ]);
}

/** For comparison.md. */
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
    "![score against time](comparison.svg)",
    "",
  ].join("\n");
}
