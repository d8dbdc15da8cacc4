/** The command line: finds the command, reads its arguments, runs it, and prints what goes wrong. */
import type { RegisteredCommand } from "./commands/shared/command.js";
import type { TableEntry } from "./commands/shared/describe.js";
import { errorText, exitCodeOf } from "./commands/shared/errorText.js";
import { print } from "./commands/shared/print.js";
import { listenToProcess } from "./commands/shared/processEvents.js";
import { table } from "./commands/table.js";
import { PickbenchError } from "./system/errors.js";
import { userErrorOf } from "./system/systemErrors.js";

/** Runs the named command, whose file alone is loaded; the parser's only where the arguments are not plain. */
async function run(args: readonly string[]): Promise<void> {
  if (args[0] === "queue" && args[1] === "task") {
    const { doTask } = await import("./queue/doTask.js");
    return doTask(args[2] ?? "", args[3] ?? "", args[4] ?? "", main);
  }
  const called = args.find((arg) => !arg.startsWith("-")) ?? "";
  const entry = Object.hasOwn(table, called) ? table[called] : undefined;
  const command = entry && (await entry.load()).command;
  const given = args[0] === called ? command?.plain(args) : undefined;
  if (given) return command!.run(given, args);
  const flags = args.slice(0, args.includes("--") ? args.indexOf("--") : undefined);
  if (flags.includes("--version")) {
    const { ownVersion } = await import("./system/version.js");
    print("stdout", ownVersion());
    return;
  }
  if (called === "help" || args.length === 0 || flags.includes("--help") || flags.includes("-h"))
    return showHelp(called === "help" ? args.filter((arg) => arg !== "help")[0] : called);
  if (entry === undefined || command === undefined) throw await unknownCommand(called, args);
  await parse(args, called, entry, command);
}

async function parse(
  args: readonly string[],
  name: string,
  { describe }: TableEntry,
  command: RegisteredCommand,
): Promise<void> {
  const { parserOf } = await import("./commands/shared/parser.js");
  const { usageSentence } = await import("./commands/shared/usageErrors.js");
  const word = (message: string) =>
    usageSentence(message, { name, args, definitions: command.definitions() });
  const parser = parserOf(args, word);
  command.register(parser, { name, describe, args });
  await parser.parseAsync();
  await command.finished();
}

/** Prints the page of a command, or of all where none is named. */
async function showHelp(name: string | undefined): Promise<void> {
  const { commandPage, overviewPage } = await import("./commands/shared/help.js");
  const { styleFor } = await import("./commands/shared/style.js");
  const screen = { columns: Math.min(110, process.stdout.columns ?? 110), style: styleFor(process.stdout) };
  if (name === undefined || name === "" || name.startsWith("-")) {
    print("stdout", overviewPage(table, screen));
    return;
  }
  const entry = Object.hasOwn(table, name) ? table[name] : undefined;
  if (entry === undefined) throw await unknownCommand(name, []);
  const { describeCommand } = await import("./commands/shared/describe.js");
  const { command } = await entry.load();
  print("stdout", commandPage(describeCommand(name, entry, command), screen));
}

async function unknownCommand(name: string, args: readonly string[]): Promise<PickbenchError> {
  const { suggestion } = await import("./system/nearest.js");
  if (name === "")
    return new PickbenchError("BadUsage", `no command before ${args[0]}; pickbench help lists the commands`);
  const meant = suggestion(name, Object.keys(table));
  return new PickbenchError(
    "BadUsage",
    `there is no command ${name}${meant === "" ? ";" : meant} pickbench help lists the commands`,
  );
}

const asksDebug = (args: readonly string[]): boolean =>
  args.slice(0, args.includes("--") ? args.indexOf("--") : undefined).includes("--debug");

/** Runs the command line of a process of its own, which it listens to. */
export async function start(args: string[]): Promise<void> {
  listenToProcess(asksDebug(args));
  await main(args);
  if (process.exitCode !== 0 && process.exitCode !== undefined)
    setTimeout(() => process.exit(), patience).unref();
}

/** Longest time in ms that a process stays after its command failed, where threads that did not start would keep it. */
const patience = 2000;

/**
 * Runs one command line. Exit code 0 on success, 1 on the user's mistake, 2 on ours, 130 where the user stopped it.
 *
 * @returns what went wrong, which is said already; undefined where nothing did
 */
export async function main(args: string[]): Promise<unknown> {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const isDebug = asksDebug(args);
  try {
    await run(isDebug ? args.filter((arg, at) => arg !== "--debug" || at >= end) : args);
    return undefined;
  } catch (error) {
    const told = userErrorOf(error) ?? error;
    print("stderr", errorText(told, isDebug));
    process.exitCode = exitCodeOf(told);
    return told;
  }
}
