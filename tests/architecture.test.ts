import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, test } from "vitest";

/** Rooms from the lowest floor up; a room imports from the rooms before it alone. ARCHITECTURE.md has a sentence for each. */
const floors = [
  "system",
  "domain",
  "present",
  "formats",
  "nets",
  "score",
  "data",
  "leaderboard",
  "engines",
  "infer",
  "train",
  "viewers",
  "report",
  "api",
  "bench",
  "compare",
  "search",
  "commands",
];

/** What stands above the floors: the entries of the command line and of the library, and what runs in the browser. */
const outside = ["cli.ts", "index.ts", "web"];

/** Entries of processes of their own, whose stdout is what they answer by. */
const talkingEntries = [join("src", "engines", "probe.ts")];

/** Counting must be usable without the rest: what `score` may import. */
const underScore = ["system", "domain", "present", "formats"];

const src = normalize("src");
const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => join(src, path))
  .sort();
const roomOf = (file: string): string => relative(src, file).split(/[\\/]/)[0]!;

interface Import {
  readonly from: string;
  readonly to: string;
}

const imports: readonly Import[] = files.flatMap((from) =>
  [...readFileSync(from, "utf8").matchAll(/(?:from|import\()\s*"(\.[^"]+)\.js"/g)].map(([, path]) => ({
    from,
    to: `${join(dirname(from), path!)}.ts`,
  })),
);

const named = (found: readonly Import[]): string[] => found.map(({ from, to }) => `${from} -> ${to}`);

describe("the house", () => {
  test("every file lies in a room that a floor is known of", () => {
    const known = new Set([...floors, ...outside]);
    expect(files.filter((file) => !known.has(roomOf(file)))).toEqual([]);
    expect(imports.length).toBeGreaterThan(1000);
  });

  test("nothing imports upwards", () => {
    const floorOf = (file: string): number => {
      const floor = floors.indexOf(roomOf(file));
      return floor < 0 ? floors.length : floor;
    };
    expect(named(imports.filter(({ from, to }) => floorOf(to) > floorOf(from)))).toEqual([]);
  });

  test("score imports no room but the shared words and bytes", () => {
    const allowed = new Set([...underScore, "score"]);
    expect(
      named(imports.filter(({ from, to }) => roomOf(from) === "score" && !allowed.has(roomOf(to)))),
    ).toEqual([]);
  });

  test("nothing below the commands writes to the terminal or listens to signals", () => {
    const uses = [
      /\bprocess\.(?:stderr|stdout)\b/,
      /\bconsole\.\w+\(/,
      /import \{[^}]*\b(?:stderr|stdout)\b[^}]*\} from "(?:node:)?process"/,
      /\bprocess\.(?:on|once|off|addListener|prependListener|removeListener)\((?!"exit")/,
      /from "cli-progress"/,
    ];
    const below = files.filter((file) => !["commands", ...outside].includes(roomOf(file)));
    const talking = below.filter((file) => uses.some((use) => use.test(readFileSync(file, "utf8"))));
    expect(talking).toEqual([...talkingEntries]);
    const terminal = readFileSync(join(src, "commands", "shared", "terminal.ts"), "utf8");
    expect(uses.some((use) => use.test(terminal))).toBe(true);
  });

  test("no folder holds more than 21 files, no file more than 350 lines", () => {
    const counts = new Map<string, number>();
    for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > 21)).toEqual([]);
    expect(files.filter((file) => readFileSync(file, "utf8").split("\n").length > 350)).toEqual([]);
  });

  test("no file is called utils, helpers, common or misc", () => {
    expect(files.filter((file) => /(?:^|[\\/])(?:utils?|helpers?|common|misc)\.ts$/i.test(file))).toEqual([]);
  });
});
