/** Help pages: of all commands in their groups, and of one with its arguments, flags and examples. */
import {
  type ArgumentDescription,
  type CommandDescription,
  commonFlags,
  flagForms,
  groups,
  type TableEntry,
} from "./describe.js";
import type { Style } from "./style.js";

/** Where a page is shown. */
interface Screen {
  readonly columns: number;
  readonly style: Style;
}

/** Flags that every command has. */
export const commonRows: readonly (readonly [flag: string, describe: string])[] = commonFlags
  .filter(({ isOfCommands }) => isOfCommands)
  .map(({ name, short, describe }) => [`--${name}${short === undefined ? "" : `, -${short}`}`, describe]);

/** All commands in their groups, with the arguments that each must be given. */
export function overviewPage(table: Readonly<Record<string, TableEntry>>, screen: Screen): string {
  const { bold, faint } = screen.style;
  const lines = [
    ...wrapped(
      "pickbench trains, compares and times particle detectors for cryo-electron tomograms.",
      screen.columns,
    ),
    "",
    `${bold("usage")}  pickbench COMMAND [ARGUMENTS]`,
  ];
  const rowOf = ([name, { synopsis, describe }]: [string, TableEntry]): Row => [
    `${name} ${synopsis}`.trim(),
    describe,
  ];
  const width = firstColumn(Object.entries(table).map(rowOf));
  for (const [group, title] of Object.entries(groups)) {
    const entries = Object.entries(table).filter(([, entry]) => entry.group === group);
    lines.push("", `${bold(group)}  ${faint(title)}`, ...twoColumns(entries.map(rowOf), screen, width));
  }
  lines.push(
    "",
    `${bold("pickbench help COMMAND")} shows a command's flags and examples.`,
    "--version prints the version; --debug, with any command, what caused an error.",
  );
  return lines.join("\n");
}

/** One command with its arguments, flags and examples. */
export function commandPage(command: CommandDescription, screen: Screen): string {
  const { bold, faint } = screen.style;
  const { name, synopsis, describe, positionals, flags, examples } = command;
  const section = (title: string, rows: Row[]) =>
    rows.length === 0 ? [] : ["", bold(title), ...twoColumns(rows, screen, firstColumn(rows))];
  return [
    `${bold("usage")}  pickbench ${name}${synopsis === "" ? "" : ` ${synopsis}`} [FLAGS]`,
    "",
    ...wrapped(`${describe[0]!.toUpperCase()}${describe.slice(1)}.`, screen.columns),
    ...section(
      "arguments",
      positionals.map((each) => [`${each.name.toUpperCase()}${each.isList ? "…" : ""}`, detailsOf(each)]),
    ),
    ...section("flags", [...flags.map((each): Row => [flagText(each), detailsOf(each)]), ...commonRows]),
    ...(examples.length === 0 ? [] : ["", bold("examples")]),
    ...examples.flatMap((example) => [`  ${faint(`# ${example.describe}`)}`, `  ${example.command}`]),
  ].join("\n");
}

/** `--out PATH`, `--no-check` where it is on by itself. */
export function flagText(flag: ArgumentDescription): string {
  const forms = flagForms(flag).map(({ form }) => form);
  if (flag.type === "yes or no") return flag.default === true ? forms.at(-1)! : forms.join(", ");
  return `${forms.join(", ")} ${valueName(flag)}${flag.isList ? "…" : ""}`;
}

/**
 * Returns what is said of an argument: its description, the values that it takes, and what it is if absent. Of a flag that
 * is on by itself, what turning it off does.
 */
export function detailsOf(argument: ArgumentDescription): string {
  const { choices, isRequired, default: fallback, type } = argument;
  const { does: describe } = flagForms(argument).at(-1)!;
  const taken = choices.length > 0 && !choices.every((choice) => describe.includes(choice)) ? choices : [];
  const notes = [
    ...(taken.length > 0 ? [`one of ${taken.join(", ")}`] : []),
    ...(isRequired ? ["required"] : []),
    ...(fallback === undefined || type === "yes or no" ? [] : [`default ${fallback}`]),
  ];
  return notes.length === 0 ? describe : `${describe} (${notes.join("; ")})`;
}

/** What flags of these names take, in a word. */
const valueNames: Readonly<Record<string, string>> = {
  data: "DIR",
  submissions: "DIR",
  runs: "A,B",
  tune: "A,B",
  size: "Z,Y,X",
  tile: "Z,Y,X",
  volume: "Z,Y,X",
  budget: "TIME",
  "trial-budget": "TIME",
  checkpoint: "FILE",
  history: "FILE",
  html: "FILE",
  truth: "PATH",
  picks: "PATH",
  out: "PATH",
  against: "CSV",
  seeds: "CSV",
  set: "KEY=VALUE",
};

/** Returns what stands for a flag's value: N for numbers, the choices where they are few. */
export function valueName({ name, type, choices }: ArgumentDescription): string {
  if (type === "number") return "N";
  if (choices.length > 0 && choices.length <= 3) return choices.join("|");
  return valueNames[name] ?? (choices.length > 0 ? "NAME" : "TEXT");
}

/** An entry and what is said of it. */
type Row = readonly [entry: string, text: string];

/** The widest first column; a longer entry has its description below it. */
const widestFirst = 32;

const firstColumn = (rows: readonly Row[]): number =>
  Math.max(0, ...rows.map(([entry]) => entry.length).filter((length) => length <= widestFirst));

function twoColumns(rows: readonly Row[], { columns, style }: Screen, width: number): string[] {
  const indent = 2 + width + 2;
  return rows.flatMap(([entry, text]) => {
    const lines = wrapped(text, Math.max(30, columns - indent));
    const below = lines.map((line) => `${" ".repeat(indent)}${line}`);
    if (entry.length > width) return [`  ${style.bold(entry)}`, ...below];
    return [
      `  ${style.bold(entry)}${" ".repeat(width - entry.length)}  ${lines[0] ?? ""}`,
      ...below.slice(1),
    ];
  });
}

/** Words in lines of at most so many columns; a longer word has a line of its own. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
