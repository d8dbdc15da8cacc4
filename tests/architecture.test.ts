import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, test } from "vitest";

/** Lines of the block of ARCHITECTURE.md that draws the floors, the highest first. */
const drawn = /## Floors.*?```\n(.*?)```/s
  .exec(readFileSync("ARCHITECTURE.md", "utf8"))![1]!
  .trimEnd()
  .split("\n");

/** Width of the column in which the block names rooms. */
const names = 37;

/** Rooms from the lowest floor up; a room imports from the rooms before it alone. */
const floors = drawn.flatMap((line) => line.slice(0, names).trim().split(/ +/)).reverse();

/** Entries of processes of their own, whose stdout is what they answer by. */
const talkingEntries = [join("src", "engines", "probe.ts")];

/** Counting must be usable without the rest: what `score` may import. */
const underScore = ["system", "domain", "present", "formats"];

const src = normalize("src");
const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => join(src, path))
  .sort();

/** Folder of src/ in which a file lies, or the name of a file that lies in none. */
const roomOf = (file: string): string => relative(src, file).split(/[\\/]|\.ts$/)[0]!;

/** File of a module that is imported without its ending. */
const fileOf = (module: string): string => files.find((file) => file === `${module}.tsx`) ?? `${module}.ts`;

interface Import {
  readonly from: string;
  readonly to: string;
}

const imports: readonly Import[] = files.flatMap((from) =>
  [...readFileSync(from, "utf8").matchAll(/(?:from|import\(|^import)\s*"(\.[^"]+)\.js"/gm)].map(
    ([, path]) => ({
      from,
      to: fileOf(join(dirname(from), path!)),
    }),
  ),
);

const named = (found: readonly Import[]): string[] => found.map(({ from, to }) => `${from} -> ${to}`);

describe("the house", () => {
  test("has the floors that ARCHITECTURE.md draws, each once", () => {
    expect(floors.toSorted()).toEqual([...new Set(files.map(roomOf))].toSorted());
    expect(imports.length).toBeGreaterThan(1000);
  });

  test("nothing imports upwards", () => {
    const floorOf = (file: string): number => floors.indexOf(roomOf(file));
    expect(named(imports.filter(({ from, to }) => floorOf(to) > floorOf(from)))).toEqual([]);
  });

  test("nothing imports what runs in the browser", () => {
    expect(named(imports.filter(({ from, to }) => roomOf(to) === "web" && roomOf(from) !== "web"))).toEqual(
      [],
    );
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
    const free = ["web", ...floors.slice(floors.indexOf("commands"))];
    const below = files.filter((file) => !free.includes(roomOf(file)));
    const talking = below.filter((file) => uses.some((use) => use.test(readFileSync(file, "utf8"))));
    expect(talking).toEqual([...talkingEntries]);
    const terminal = readFileSync(join(src, "commands", "shared", "terminal.ts"), "utf8");
    expect(uses.some((use) => use.test(terminal))).toBe(true);
  });

  test("one file writes to the terminal, where whatever comes from elsewhere is made printable", () => {
    const writing = files.filter((file) =>
      /\b(?:stdout|stderr)\b[^\n]*\.write\(|\bprocess\[\w+\]\.write\(|\bconsole\.\w+\(/.test(
        readFileSync(file, "utf8").replace(/^ \* .*$/gm, ""),
      ),
    );
    const free = files.filter((file) => roomOf(file) === "web" || talkingEntries.includes(file));
    expect(writing.filter((file) => !free.includes(file))).toEqual([
      join(src, "commands", "shared", "print.ts"),
    ]);
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
