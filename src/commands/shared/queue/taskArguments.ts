/** The command lines of tasks: the one that was given, without what is of the queue, with what is of the task. */
import { queueFlags } from "./flags.js";

/** The command line that this process was given, from the command's name on. */
export function ownArguments(argv: readonly string[] = process.argv.slice(2)): string[] {
  const from = argv.findIndex((arg) => !arg.startsWith("-"));
  return argv.slice(from).filter((arg, at, all) => arg !== "--debug" || all.slice(0, at).includes("--"));
}

/** What a task's command line has over and less than the one given. */
interface Changes {
  /** Flags that are left out besides those of the queue; `true` of those without a value. */
  readonly without?: Readonly<Record<string, boolean>>;
  /** Flags with their values; `true` where there is none. They replace those given. */
  readonly add?: Readonly<Record<string, string | number | true | undefined>>;
}

/** Returns a task's command line. @param given from the command's name on */
export function taskArguments(given: readonly string[], { without = {}, add = {} }: Changes): string[] {
  const added = Object.entries(add).filter(([, value]) => value !== undefined);
  const replaced = Object.fromEntries(added.map(([flag, value]) => [flag, value === true]));
  const left = withoutFlags(given.slice(1), { ...queueFlags, ...without, ...replaced });
  const flags = added.map(([flag, value]) => (value === true ? `--${flag}` : `--${flag}=${value}`));
  return [given[0]!, ...flags, ...left];
}

/** Leaves flags out, with their values behind `=` or in the next word. */
function withoutFlags(words: readonly string[], flags: Readonly<Record<string, boolean>>): string[] {
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  const left: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const [, no, name, value] = /^--(no-)?([a-z-]+)(=.*)?$/s.exec(word) ?? [];
    const isBare = name !== undefined && Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (at >= end || isBare === undefined) left.push(word);
    else if (!isBare && value === undefined && no === undefined) at++;
    else if (isBare && value === undefined && /^(?:true|false)$/.test(words[at + 1] ?? "")) at++;
  }
  return left;
}
