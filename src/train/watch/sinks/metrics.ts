/** The names by which a training's figures go to other programs, and a log's lines in order of their steps. */
import type { EvaluationLine, LogLine, LookLine, MiningLine } from "../../fit/stepLog.js";
import type { Evaluation, Look, Mining, TrainingLog, TrainingStep } from "../readLog.js";

/** A figure by its name, such as `train/loss`. */
export type Metric = readonly [name: string, value: number];

/** What is read of a line: of a log as it is written, or of one that is read again. */
export type AnyLine = LogLine | TrainingStep | Look | Evaluation | Mining;

const isLook = (line: AnyLine): line is LookLine | Look => "watch" in line;
const isEvaluation = (line: AnyLine): line is EvaluationLine | Evaluation => "tuneScore" in line;
const isMining = (line: AnyLine): line is MiningLine | Mining => "mined" in line;

/** Returns the figures of a line; those of several networks have the network's name before them. */
export function metricsOf(line: AnyLine): Metric[] {
  const prefix = line.network === "all" ? "" : `${line.network}/`;
  return figuresOf(line).map(([name, value]) => [`${prefix}${name}`, value]);
}

/** Returns the figures of a line, whatever its network. */
export const figuresOf = (line: AnyLine): Metric[] =>
  valuesOf(line).filter((figure): figure is Metric => Number.isFinite(figure[1]));

function valuesOf(line: AnyLine): (readonly [string, number | undefined])[] {
  const each = (name: string, values: Readonly<Record<string, number>> | undefined) =>
    Object.entries(values ?? {}).map(([key, value]) => [`${name}/${key}`, value] as const);
  if (isEvaluation(line)) return [["tune/score", line.tuneScore]];
  if (isMining(line)) return [...each("train/false_picks", line.mined), ["train/mined_ms", line.minedMs]];
  if (isLook(line))
    return [
      ["tune/crops/loss", line.watch.loss],
      ...each("tune/crops/parts", line.watch.parts),
      ...each("tune/crops/f4", line.watch.f4),
      ...each("tune/crops/dice", line.watch.dice),
    ];
  return [
    ["train/loss", line.loss],
    ...each("train/parts", line.parts),
    ["train/norm", line.norm],
    ["train/rate", line.rate],
    ["train/ms", line.ms],
    ["train/waited_ms", line.waitedMs],
    ["train/samples_per_second", line.samplesPerSecond],
  ];
}

/** A line with the time in ms from the first step to its end. */
export interface TimedLine {
  readonly line: AnyLine;
  readonly atMs: number;
}

/**
 * Returns a log's lines, network by network and in order of their steps, with the time that steps, looks and searches took.
 */
export function timedLines({ steps, looks, evaluations, minings }: TrainingLog): TimedLine[] {
  const networks = [...new Set(steps.map(({ network }) => network))];
  const rank = (line: AnyLine): number =>
    isMining(line) ? 3 : isEvaluation(line) ? 2 : isLook(line) ? 1 : 0;
  const took = (line: AnyLine): number => {
    if (isMining(line)) return line.minedMs;
    if (isLook(line)) return line.watchMs;
    return isEvaluation(line) ? 0 : line.ms;
  };
  let atMs = 0;
  return networks.flatMap((network) =>
    [...steps, ...looks, ...evaluations, ...minings]
      .filter((line) => line.network === network)
      .sort((a, b) => a.step - b.step || rank(a) - rank(b))
      .map((line) => {
        atMs += took(line);
        return { line, atMs };
      }),
  );
}
