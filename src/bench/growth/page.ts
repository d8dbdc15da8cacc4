/** The page of growth: what was measured, as tables, plots and sentences in Markdown. */
import { moment, percent, thousands } from "../../present/text.js";
import type { HistoryEntry } from "../history.js";
import { type AxisName, axisNames } from "./axes.js";
import { boundText } from "./bounds.js";
import { growthPlot } from "./plot.js";
import { type GrowthLine, type GrowthPoint, linesOf } from "./points.js";

/** The page and its plots. */
export interface GrowthPage {
  readonly markdown: string;
  /** SVG by axis. */
  readonly plots: ReadonlyMap<AxisName, string>;
}

const headings: Readonly<Record<AxisName, string>> = {
  voxels: "Voxels of a tomogram",
  tomograms: "Tomograms",
  features: "Features of a set",
  picks: "Picks",
  threads: "Threads",
};

/** Makes the page of a result of `bench growth`. @param folder where the plots lie, as the page names it */
export async function growthPage(entry: HistoryEntry, folder: string): Promise<GrowthPage> {
  const lines = linesOf(entry.rows.filter((row) => row.part === "growth"));
  const drawn = axisNames.filter((axis) =>
    lines.some((line) => line.axis === axis && line.points.length > 0),
  );
  const plots = new Map<AxisName, string>();
  for (const axis of drawn) plots.set(axis, await growthPlot(axis, lines));
  const sections = axisNames.flatMap((axis) => {
    const own = lines.filter((line) => line.axis === axis);
    return own.length === 0 ? [] : [section(axis, own, entry, plots.has(axis) ? folder : null)];
  });
  return { markdown: [head(entry, lines), ...sections].join("\n\n"), plots };
}

function head({ date, code, machine, versions, peak }: HistoryEntry, lines: readonly GrowthLine[]): string {
  const others = Math.max(0, ...lines.flatMap(({ points }) => points.map((point) => point.others)));
  const busy =
    others > 0.1
      ? `\n\n**The machine was busy**: other programs took up to ${percent(others)} of its processors meanwhile, so that seconds by the clock say little.`
      : "";
  return `Measured on ${moment(date)} on ${machine.cores} cores (${machine.cpu}), Node ${versions.node ?? "?"}, commit ${code.commit?.slice(0, 8) ?? "?"}. At most, with ${peak.threads} threads: ${peak.gflopPerS.toFixed(0)} GFLOP/s (a matrix product), ${(peak.copyMbPerS / 1000).toFixed(1)} GB/s (a memory copy).${busy}`;
}

function section(
  axis: AxisName,
  lines: readonly GrowthLine[],
  { peak }: HistoryEntry,
  folder: string | null,
): string {
  const plot = folder === null ? [] : [`![Time and memory against ${axis}](${folder}/growth-${axis}.svg)`];
  const sentences = lines.map((line) => `- \`${line.command}\`: ${boundText(line, peak.threads)}`);
  const left = lines.flatMap(leftText);
  return [`## ${headings[axis]}`, sentences.join("\n"), ...plot, table(axis, lines), ...left].join("\n\n");
}

function table(axis: AxisName, lines: readonly GrowthLine[]): string {
  const rows = lines.flatMap(({ command, points }) =>
    points.map((point) => [`\`${command}\``, ...cells(point)]),
  );
  const header = ["command", axis, "seconds", "of the processor", "peak memory, MB", "other programs"];
  return [header, ["---", "--:", "--:", "--:", "--:", "--:"], ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

const cells = ({ amount, seconds, processorSeconds, peakMb, others }: GrowthPoint): string[] => [
  thousands(amount),
  secondsText(seconds),
  secondsText(processorSeconds),
  thousands(peakMb),
  percent(others),
];

const secondsText = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);

function leftText({ command, leftOut }: GrowthLine): string[] {
  if (leftOut.length === 0) return [];
  const amounts = leftOut.map(({ amount }) => thousands(amount)).join(", ");
  return [`Left out of \`${command}\`: ${amounts}; ${leftOut[0]!.reason}.`];
}
