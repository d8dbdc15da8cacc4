/** How a training came about: its record as rows for people, and the chain from its outputs to the raw files. */
import { type RunRecord, readRecord } from "../../domain/record.js";
import { drawGraph } from "../../present/graphs/drawGraph.js";
import { bytesText, duration, listed, moment, thousands } from "../../present/text.js";
import { shellWord } from "../../system/files.js";
import { traceOf } from "../../trace/chain.js";
import { chainGraph } from "../../trace/drawing.js";
import { chainText } from "../../trace/text.js";
import { runFolder } from "../../train/run/runFolder.js";

/** A fact of a record: what it is, and what the record says. */
export type RecordRow = readonly [what: string, says: string];

/** Names of runs that one row lists. */
const mostNamed = 20;

/** Reads a training's record as rows. @throws PickbenchError BadExperiment where it is missing or damaged */
export async function recordRows(path: string): Promise<RecordRow[]> {
  const record = await readRecord(runFolder(path).record);
  return [...setting(record), ...data(record), ...making(record), ...result(record)];
}

const hashText = (hash: string): string => hash.slice(0, 12);

function setting({ name, experiment, network, seed, engine, threads, result }: RunRecord): RecordRow[] {
  return [
    ["experiment", `${name}, ${hashText(experiment.hash)}`],
    ["architecture", result ? `${network}, ${thousands(result.parameters)} parameters` : network],
    ["seed", String(seed)],
    ["engine", threads === undefined ? engine : `${engine}, threads ${threads}`],
  ];
}

function data({ dataset, data: of, runs, leftOut = [] }: RunRecord): RecordRow[] {
  const bytes = of.files.reduce((sum, { size }) => sum + size, 0);
  const { train, tune, holdout } = runs;
  const named = Object.entries({ "trained on": train, "tuned on": tune, "held out": holdout });
  return [
    [
      "data",
      `${dataset ? `${dataset}, ` : ""}${of.files.length} files, ${bytesText(bytes)}, ${hashText(of.hash)}`,
    ],
    ...named
      .filter(([, names]) => names.length > 0)
      .map(([role, names]): RecordRow => [role, listed(names, mostNamed)]),
    ...leftOut.slice(0, mostNamed).map(({ run, why }): RecordRow => ["left out", `${run}: ${why}`]),
  ];
}

function making({ command, code, versions, machine, startedAt, earlier = [] }: RunRecord): RecordRow[] {
  const commit =
    code.commit === null ? "no checkout" : `${code.commit.slice(0, 9)}${code.dirty ? ", changed" : ""}`;
  return [
    ["command", `pickbench ${command.map(shellWord).join(" ")}`],
    ["version", `${versions.pickbench}, ${commit}, Node ${versions.node}`],
    ["machine", `${machine.cpu}, ${machine.cores} cores, ${bytesText(machine.memoryBytes)}, ${machine.os}`],
    ["begun", moment(startedAt)],
    ...earlier.map((part): RecordRow => ["resumed after", moment(part.startedAt)]),
  ];
}

function result({ result: end, tunings = [] }: RunRecord): RecordRow[] {
  if (end === null) return [["finished", "not yet"]];
  return [
    ["finished", moment(end.finishedAt)],
    ...Object.entries(end.durations).map(([stage, time]): RecordRow => [`time, ${stage}`, duration(time)]),
    ...Object.entries(end.metrics).map(
      ([name, value]): RecordRow => [name, String(Number(value.toPrecision(6)))],
    ),
    ...tunings.map(({ finishedAt }): RecordRow => ["picking tuned again", moment(finishedAt)]),
  ];
}

/** Returns the chain that led to a folder as an indented text. @throws PickbenchError BadUsage where nothing is noted */
export const traceText = async (path: string): Promise<string> => chainText(await traceOf(path));

/** Returns the chain that led to a folder as a drawing, whose colours follow the reader's. @throws as `traceText` */
export const traceDrawing = async (path: string): Promise<string> =>
  drawGraph(chainGraph(await traceOf(path)));
