/** A step's log: what its command said, with a word when it began, and which places are its own. */
import { appendFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { printableLine } from "../present/printable.js";
import { shellWord } from "../system/files.js";
import { readEnd, readText } from "../system/paths/opening.js";
import { makeFolders } from "../system/paths/replacing.js";
import type { PlannedStep } from "./plan.js";

export const logOf = (logs: string, step: string): string => join(logs, `${step}.log`);

const writesLine = (path: string): string => `== writes ${printableLine(resolve(path))}`;

/** Notes that a step begins. */
export async function noteBegin(log: string, { argv, writes }: PlannedStep, why: string): Promise<void> {
  await makeFolders(dirname(log));
  const command = printableLine(["pickbench", ...argv].map(shellWord).join(" "));
  const lines = [
    `== ${new Date().toISOString()} ${command}`,
    `== because ${printableLine(why)}`,
    ...writes.map(({ path }) => writesLine(path)),
  ];
  await appendFile(log, lines.map((line) => `${line}\n`).join(""));
}

/** Notes how a call ended. */
export const noteEnd = (log: string, how: string): Promise<void> =>
  appendFile(log, `== ${new Date().toISOString()} ${printableLine(how)}\n`);

/** Whether an earlier attempt of the step wrote at a place, so that what lies there is the workflow's to replace. */
export async function isOwnPlace(log: string, path: string): Promise<boolean> {
  const text = await readText(log).catch(() => "");
  return text.split("\n").includes(writesLine(path));
}

/** The sentence that a command ended with, by the last lines of its log. */
export async function lastSentence(log: string): Promise<string | undefined> {
  const end = await readEnd(log, longestSentence).catch(() => "");
  const lines = end
    .toString()
    .split("\n")
    .map((line) => line.replace(colours, "").trim())
    .filter((line) => line !== "");
  const since = lines.slice(lines.findLastIndex((line) => line.startsWith("== ")) + 1);
  const told = since.findLast(
    (line) => line.startsWith("pickbench: ") && !line.startsWith("pickbench: warning"),
  );
  const last = told?.slice("pickbench: ".length) ?? since.at(-1);
  return last === undefined ? undefined : printableLine(last);
}

/** Bytes of a log's end in which its last sentence is looked for. */
const longestSentence = 16_384;

/** Sequences that set colours begin with an escape. */
const colours = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
