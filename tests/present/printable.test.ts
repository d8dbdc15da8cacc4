/** Nothing that a terminal or a page would obey is left, and all that people write with is. */
import { expect, test } from "vitest";
import { leaderboardMarkdown } from "../../src/leaderboard/markdown.js";
import { html } from "../../src/present/html.js";
import { printable, printableLine } from "../../src/present/printable.js";

/** Every code point with its category by Unicode: format characters by UAX #9 and UAX #44. */
const obeyed = [
  ...Array.from({ length: 32 }, (_, code) => code).filter((code) => code !== 9 && code !== 10),
  ...Array.from({ length: 33 }, (_, at) => 0x7f + at),
  ...[0xad, 0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x2060, 0xfeff, 0xe0041],
  ...[0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069],
].map((code) => String.fromCodePoint(code));

test.each(obeyed)("%j is shown, and means the same in JSON", (character) => {
  const text = `a${character}b`;
  expect(printable(text)).toMatch(/^a(\\u[0-9a-f]{4}){1,2}b$/);
  const json = printable(JSON.stringify({ text }));
  expect(json).toMatch(/^[ -~]+$/);
  expect(JSON.parse(json)).toEqual({ text });
});

test("the text of people stays: letters, marks, joiners, pictures, tabs and lines", () => {
  const text = "TS_1\tÅ–−█…\n日本語 می\u200cخواهم 👩\u200d🔬 é e\u0301";
  expect(printable(text)).toBe(text);
  expect(printableLine("a\tb\nc")).toBe("a\\u0009b\\u000ac");
});

test("half of a surrogate pair is shown, a pair is left", () => {
  expect(printable("a\ud800b😀")).toBe("a\\ud800b😀");
});

test("pages and LEADERBOARD.md turn no direction", () => {
  expect(html`<p title="${"a\u202eb"}">${"\u001b[31m<"}</p>`.text).toBe(
    '<p title="a\\u202eb">\\u001b[31m&lt;</p>',
  );
  const page = leaderboardMarkdown({
    groups: [],
    unranked: [{ name: "a\u202eb\\<i>", why: "x\u001b[2J\ny|z" }],
  } as unknown as Parameters<typeof leaderboardMarkdown>[0]);
  expect(page).toContain("- a\\\\u202eb\\\\\\<i\\>: x\\\\u001b\\[2J y\\|z\n");
});
