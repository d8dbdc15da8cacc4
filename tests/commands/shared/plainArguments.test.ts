import { expect, test, vi } from "vitest";
import type { RegisteredCommand } from "../../../src/commands/shared/command.js";
import { parserOf } from "../../../src/commands/shared/parser.js";
import { makingVariable } from "../../../src/system/paths/sidecar.js";
import fc from "../../support/properties.js";

const { taken } = vi.hoisted(() => ({ taken: [] as object[] }));

/** The real definitions; what would run notes what it was given instead. */
vi.mock(import("../../../src/commands/shared/command.js"), async (original) => {
  const actual = await original();
  return {
    ...actual,
    defineCommand: (command) =>
      actual.defineCommand({ ...command, run: async (given) => void taken.push({ ...given }) }),
  };
});

const commands: Record<string, { command: RegisteredCommand }> = {
  score: await import("../../../src/commands/judge/score.js"),
  inspect: await import("../../../src/commands/data/inspect.js"),
  leaderboard: await import("../../../src/commands/judge/leaderboard.js"),
  engines: await import("../../../src/commands/machine/engines.js"),
  export: await import("../../../src/commands/detect/export.js"),
  run: await import("../../../src/commands/train/run.js"),
  submit: await import("../../../src/commands/detect/submit.js"),
  survey: await import("../../../src/commands/survey/survey.js"),
  portal: await import("../../../src/commands/data/portal.js"),
  experiment: await import("../../../src/commands/train/experiment.js"),
  models: await import("../../../src/commands/detect/models.js"),
};

/** A command whose flags have dashes. */
const watch = (await import("../../../src/commands/automate/watch.js")).watchOf(() => ({}));

/** Commands note nothing of what they are given, and so run at once. */
vi.stubEnv(makingVariable, "no");

/** What yargs gives the command, or nothing where it throws or answers by itself. */
async function byYargs(
  args: readonly string[],
  command = commands[args[0]!]!.command,
): Promise<object | undefined> {
  taken.length = 0;
  const parser = parserOf(args, String);
  command.register(parser, { name: args[0]!, describe: "", args });
  await parser.parseAsync().catch(() => undefined);
  return taken[0];
}

test("a plain score is read as yargs reads it", async () => {
  const args = ["score", "a.csv", "--truth=b c/d.csv", "--json", "--seed", "7"];
  const plainly = commands.score!.command.plain(args);
  expect(plainly).toEqual({
    _: ["score"],
    $0: "pickbench",
    submission: "a.csv",
    truth: "b c/d.csv",
    json: true,
    quiet: false,
    seed: 7,
  });
  expect(await byYargs(args)).toEqual(plainly);
});

test("an action, what it is done to and choices are read as yargs reads them", async () => {
  const args = ["survey", "find", "ribosome.count > 5", "--part", "test", "--limit", "7"];
  const plainly = commands.survey!.command.plain(args);
  expect(plainly).toMatchObject({ action: "find", target: "ribosome.count > 5", part: "test", limit: 7 });
  expect(await byYargs(args)).toEqual(plainly);
  const short = commands.survey!.command.plain(["survey", "show"]);
  expect(short).toMatchObject({ action: "show", survey: "survey" });
  expect(await byYargs(["survey", "show"])).toEqual(short);
});

test.each([[["seek", "a"]], [["find", "a", "b"]], [[]], [["find", "a", "--part", "tes"]], [["Find", "a"]]])(
  "survey %s is left to yargs",
  (rest) => {
    expect(commands.survey!.command.plain(["survey", ...rest])).toBeUndefined();
  },
);

test("flags with a dash are given by both names, as yargs gives them", async () => {
  const args = ["watch", "in", "--out", "out", "--do", "a.yaml", "--dry-run", "--again-changed"];
  const plainly = watch.plain(args);
  expect(plainly).toMatchObject({ "dry-run": true, dryRun: true, againChanged: true });
  expect(await byYargs(args, watch)).toEqual(plainly);
});

test.each([
  [["a.csv"]],
  [["--truth", "b"]],
  [["a.csv", "b.csv", "--truth", "b"]],
  [["a.csv", "--truth", "b", "--help"]],
  [["a.csv", "--truth", "b", "--fast"]],
  [["a.csv", "--truth", "b", "--no-json"]],
  [["a.csv", "--truth", "b", "--truth", "c"]],
  [["a.csv", "--truth", "b", "--json", "true"]],
  [["--json", "true", "--truth", "b"]],
  [["a.csv", "--truth", "b", "--seed", "many"]],
  [["a.csv", "--truth", "b", "--seed", "0x10"]],
  [["a.csv", "--truth", "'b'"]],
  [["a.csv", "--truth="]],
  [["--truth", "b", "--", "a.csv"]],
  [["a.csv", "--truth", "b", "--against", "c.csv"]],
  [["a.csv", "--truth", "b", "--seeds", "c.csv", "d.csv"]],
])("%s is left to yargs", (rest) => {
  expect(commands.score!.command.plain(["score", ...rest])).toBeUndefined();
});

const flag = fc.constantFrom(
  ...[
    "truth",
    "json",
    "seed",
    "interval",
    "against",
    "seeds",
    "data",
    "submissions",
    "out",
    "truth.a",
    "no-json",
    "help",
  ],
  ...["Truth", "engine", "checkpoint", "__proto__", "version", "s", "threads", "set", "resume", "tr"],
  ...["action", "target", "part", "limit", "survey", "nan", "sort", "full", "for"],
);
const value = fc.oneof(
  fc.constantFrom("a.csv", "b/c.csv", "7", "0", "07", "0x1f", "1e3", ".5", "-1", "-", "true", "false", "NaN"),
  fc.constantFrom(
    "'a'",
    '"a b"',
    "a b",
    "a=b",
    "",
    " ",
    "--",
    "a,b",
    "99999999999999999999",
    "Infinity",
    "=",
    "é",
  ),
  fc.string({ maxLength: 4 }),
);
const words = fc.oneof(
  value.map((word) => [word]),
  flag.map((name) => [`--${name}`]),
  fc.tuple(flag, value).map(([name, word]) => [`--${name}`, word]),
  fc.tuple(flag, value).map(([name, word]) => [`--${name}=${word}`]),
  fc.constantFrom(
    ["--truth", "t.csv"],
    ["--json"],
    ["--seed", "3"],
    ["-j"],
    ["--json=true"],
    ["--part", "train"],
  ),
);
/** Commands, with what they need; several times where there is much to get wrong. */
const starts: [name: string, enough: string[]][] = [
  ...[1, 2, 3].map((): [string, string[]] => ["score", ["a.csv", "--truth", "t.csv"]]),
  ["survey", ["find", "noise > 1"]],
  ["survey", ["show"]],
  ["portal", ["get", "10440"]],
  ["experiment", ["explain", "loss"]],
  ...Object.keys(commands).map((name): [string, string[]] => [name, []]),
];
const line = fc
  .tuple(fc.constantFrom(...starts), fc.array(words, { maxLength: 4 }))
  .chain(([[name, enough], some]) =>
    fc.constantFrom([name, ...some.flat(), ...enough], [name, ...enough, ...some.flat()]),
  );

test("whatever is read without yargs is what yargs reads", async () => {
  let plain = 0;
  await fc.assert(
    fc.asyncProperty(line, async (args) => {
      const given = commands[args[0]!]!.command.plain(args);
      if (given === undefined) return;
      plain++;
      expect(await byYargs(args)).toEqual(given);
    }),
    { numRuns: 1500, seed: 1 },
  );
  expect(plain).toBeGreaterThan(100);
});
