/** The public surface of the command line: every command's arguments, flags and examples, and the pages that show them. */
import { expect, test } from "vitest";
import { completionScript } from "../../src/commands/shared/completionScript.js";
import { flagForms } from "../../src/commands/shared/describe.js";
import { commandPage, overviewPage } from "../../src/commands/shared/help.js";
import { styleFor, withCodes } from "../../src/commands/shared/style.js";
import { describeCommands, table } from "../../src/commands/table.js";
import { pickbench } from "../support/commandLine.js";

const commands = await describeCommands();
const plain = styleFor({});

test("every command's arguments, flags, types, choices and defaults are as they were", () => {
  expect(commands).toMatchSnapshot();
});

test.each(commands)("$name's synopsis names what it needs, and nothing else", ({ synopsis, ...command }) => {
  const { positionals, flags } = command;
  const words = positionals.flatMap(({ name, choices, isRequired, isList }) => {
    const word = choices.length > 0 && isRequired ? choices.join("|") : name.toUpperCase();
    const shown = `${word}${isList ? "…" : ""}`;
    return [isRequired ? shown : `[${shown}]`];
  });
  const needed = flags.filter(({ isRequired }) => isRequired).map(({ name }) => `--${name}`);
  expect(synopsis.split(" ").filter((word) => word.startsWith("--"))).toEqual(needed);
  expect(synopsis.split(" ").slice(0, words.length).join(" ")).toBe(words.join(" "));
});

test.each([80, 110])("pages fit %i columns, and examples stay whole", (columns) => {
  const screen = { columns, style: plain };
  const pages = [overviewPage(table, screen), ...commands.map((command) => commandPage(command, screen))];
  const examples = new Set(commands.flatMap((command) => command.examples.map((each) => each.command)));
  expect(examples.size).toBeGreaterThan(40);
  const shown = pages.flatMap((page) => page.split("\n"));
  for (const example of examples) expect(shown).toContain(`  ${example}`);
  const prose = shown.filter(
    (line) => !examples.has(line.trim()) && !line.startsWith("  # ") && !line.includes("https://"),
  );
  expect(prose.filter((line) => line.length > columns)).toEqual([]);
});

test("colour is for terminals alone, and off with NO_COLOR", () => {
  expect(withCodes(styleFor({ isTTY: true }, {}).bold("a"), (text) => text)).toBe("\u001b[1ma\u001b[22m");
  expect(styleFor({ isTTY: true }, { NO_COLOR: "1" }).bold("a")).toBe("a");
  expect(styleFor({ isTTY: true }, { TERM: "dumb" }).red("a")).toBe("a");
  expect(styleFor({ isTTY: false }, {}).red("a")).toBe("a");
});

test.each([[[]], [["-h"]], [["--help"]], [["help"]]])("%j lists the commands", async (args) => {
  const { code, stdout, stderr } = await pickbench(...args);
  expect([code, stderr]).toEqual([0, ""]);
  for (const { name } of commands) expect(stdout).toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
});

test("-h, --help and help COMMAND show a command's page", async () => {
  const pages = await Promise.all(
    [
      ["run", "-h"],
      ["run", "--help"],
      ["help", "run"],
      ["run", "a.yaml", "--help"],
    ].map((args) => pickbench(...args)),
  );
  expect(new Set(pages.map(({ stdout }) => stdout)).size).toBe(1);
  expect(pages[0]).toMatchObject({ code: 0, stdout: expect.stringContaining("--data DIR") });
});

test.each([
  [["scor", "a.csv"], "there is no command scor; did you mean score? pickbench help lists the commands"],
  [["run", "a.yaml", "--dta", "b"], "run has no flag --dta; did you mean --data? pickbench help run shows"],
  [["run", "a.yaml"], "run needs --data; pickbench help run shows"],
  [["run"], "run needs EXPERIMENT; pickbench help run shows"],
  [["fuse", "a", "--out"], "--out"],
  [["score", "a", "b", "--truth", "c"], 'score takes no argument "b"'],
  [["portal", "fnd"], 'ACTION is "fnd", wanted one of find, get; did you mean find?'],
  [["leaderboard", "--data", "a"], "--data needs --check"],
  [["score", "a", "--truth", "b", "--interval", "--against", "c"], "exclude each other"],
])("%j is refused in one sentence", async (args, message) => {
  const { code, stdout, stderr } = await pickbench(...args);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^pickbench: [^\n]+\n$/);
  expect(stderr).toContain(message);
});

test("--debug prints the causes of an error", async () => {
  const args = ["score", "/nowhere/a.csv", "--truth", "/nowhere/b.csv"];
  const [short, long] = [await pickbench(...args), await pickbench("--debug", ...args)];
  expect(short.stderr.split("\n")).toHaveLength(2);
  expect(long.stderr).toMatch(/^pickbench: [^\n]+\nBadDataset: .*\n +at /);
  expect(long.code).toBe(1);
});

/** The lines of a script that complete a command's arguments. */
function partOf(shell: "zsh" | "fish", name: string): string {
  const lines = completionScript(shell, commands).split("\n");
  if (shell === "fish") return lines.filter((line) => line.includes(`from ${name}'`)).join("\n");
  const begin = lines.findIndex((line) => line.startsWith(`    ${name}) `));
  const end = lines.findIndex((line, at) => at >= begin && line.endsWith(";;"));
  return lines.slice(begin, end + 1).join("\n");
}

const formsIn = { zsh: /^ *(?:\w+\) _arguments )?'(--[\w-]+)\[/gm, fish: / -l ([\w-]+) /g };

test.each(["zsh", "fish"] as const)(
  "%s completes each command's flags in their order, and no other",
  (shell) => {
    for (const { name, flags } of commands) {
      const forms = flags.flatMap(flagForms).map(({ form }) => (shell === "fish" ? form.slice(2) : form));
      const found = [...partOf(shell, name).matchAll(formsIn[shell])].map(([, form]) => form);
      expect([name, ...found]).toEqual([name, ...forms]);
    }
  },
);

test("what turns a flag off says so on the help page and in the shells", () => {
  const [page] = commands
    .filter(({ name }) => name === "export")
    .map((each) => commandPage(each, { columns: 200, style: plain }));
  expect(page).toMatch(/--no-check +do not run each model/);
  expect(partOf("zsh", "export")).toMatch(/'--check\[run each .*\n.*'--no-check\[do not run each /);
  expect(partOf("fish", "export")).toMatch(/-l check -d 'run each .*\n.*-l no-check -d 'do not run each /);
});

test("--threads is of as many threads as the machine has cores if absent, and of two where speeds are compared", () => {
  const threads = commands.flatMap(({ name, flags }) =>
    flags.filter((flag) => flag.name === "threads").map((flag) => [name, flag.default]),
  );
  expect(threads.length).toBeGreaterThan(5);
  expect(threads.filter(([, fallback]) => fallback !== undefined)).toEqual([["bench", 2]]);
});
