import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { challengeParticles, type ParticlePick } from "../../src/domain/particles.js";
import { angstrom } from "../../src/domain/units.js";
import { readRows } from "../../src/formats/csv/submissionRows.js";
import { positionsOf } from "../../src/score/match/positions.js";
import { readSubmission, scoreSubmission, writeSubmission } from "../../src/score/submissionCsv.js";
import fc from "../support/properties.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-csv-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (content: string | Uint8Array): string => {
  const path = join(folder, "picks.csv");
  writeFileSync(path, content);
  return path;
};
const header = "id,experiment,particle_type,x,y,z";
const good = "0,TS_1,ribosome,1,2,3";
const pick = (type: string, x: number, y: number, z: number): ParticlePick => ({
  type,
  x: angstrom(x),
  y: angstrom(y),
  z: angstrom(z),
});
const one = new Map([["TS_1", [pick("ribosome", 1, 2, 3)]]]);

describe("what is read", () => {
  test.each([
    ["plain", `${header}\n${good}\n`],
    ["no newline at the end", `${header}\n${good}`],
    ["byte order mark", `\uFEFF${header}\n${good}\n`],
    ["CRLF", `${header}\r\n${good}\r\n`],
    ["byte order mark, CRLF and quotes", `\uFEFF"id",experiment,particle_type,x,y,z\r\n${good}\r\n`],
    ["blank rows", `${header}\n\n${good}\n\n\n`],
    ["spaces around fields", `${header}\n 0 , TS_1 , ribosome , 1 , 2 , 3 \n`],
    ["quoted fields", `${header}\n"0","TS_1","ribosome","1","2","3"\n`],
    ["columns in another order", "z,y,x,particle_type,experiment,id\n3,2,1,ribosome,TS_1,0\n"],
    ["exponents and signs", `${header}\n0,TS_1,ribosome,+1.0,20E-1,.3e1\n`],
  ])("%s", async (_, text) => expect(await readSubmission(file(text))).toEqual(one));

  test("a header alone is no picks", async () =>
    expect(await readSubmission(file(`${header}\n`))).toEqual(new Map()));

  test("names in UTF-8 and with a quoted comma", async () => {
    const read = await readSubmission(
      file(`${header}\n0,Probe_ä,ribosome,1,2,3\n1,"a,""b""ä",ribosome,1,2,3\n`),
    );
    expect([...read.keys()]).toEqual(["Probe_ä", 'a,"b"ä']);
  });

  test("a truth may go without ids", async () =>
    expect(
      await readSubmission(file(header.slice(3) + good.slice(1).replace(",", "\n")), { kind: "truth" }),
    ).toEqual(one));

  test("rows of other experiments are left out before their type is looked at", async () => {
    const path = file(`${header}\n0,TS_9,unicorn,1,2,3\n1,TS_1,ribosome,1,2,3\n`);
    expect(await readSubmission(path, { experiments: new Set(["TS_1"]) })).toEqual(one);
  });
});

describe("columns beside the challenge's are taken, not read, and told", () => {
  const both = new Map([
    [
      "TS_1",
      [
        { type: "ribosome", x: 1, y: 2, z: 3 },
        { type: "ribosome", x: 4, y: 5, z: 6 },
      ],
    ],
  ]);
  const plain = ["0,TS_1,ribosome,1,2,3", "1,TS_1,ribosome,4,5,6"];
  const withoutId = plain.map((row) => row.slice(2));
  const name = header.slice(3);
  test.each([
    ["a score behind", `${header},score`, plain.map((row) => `${row},0.5`), ["score"]],
    [
      "a score between",
      `id,experiment,particle_type,score,x,y,z`,
      plain.map((row) => row.replace("some,", "some,9,")),
      ["score"],
    ],
    ["pandas' index, and the id", `,${header}`, plain.map((row, i) => `${i},${row}`), ["an index"]],
    [
      "pandas' index instead of the id",
      `,${name}`,
      withoutId.map((row, i) => `${i},${row}`),
      ["an index", "no id"],
    ],
    [
      "an index that was read as a column",
      `Unnamed: 0,${header}`,
      plain.map((row, i) => `${i},${row}`),
      ["Unnamed: 0"],
    ],
    ["no id", name, withoutId, ["no id column"]],
    ["text with commas in quotes", `${header},note`, plain.map((row) => `${row},"a, b"`), ["note"]],
    [
      "many columns",
      `${header},${Array.from({ length: 70 }, (_, i) => `c${i}`)}`,
      plain.map((row) => row + ",1".repeat(70)),
      ["and 64 more"],
    ],
    ["nothing", header, plain, []],
  ])("%s", async (_, head, rows, told) => {
    const notes: string[] = [];
    const picks = await readSubmission(file([head, ...rows, ""].join("\n")), {
      note: (line) => notes.push(line),
    });
    expect(picks).toEqual(both);
    expect(notes.length).toBe(told.length);
    for (const [at, words] of told.entries()) expect(notes[at]).toContain(words);
  });
});

describe("what is refused, with one sentence", () => {
  test.each([
    [
      "short row",
      `${header}\n${good}\n1,TS_1,ribosome,1,2\n`,
      /^row 3 of .*picks\.csv has 5 fields, wanted 6;/,
    ],
    ["long row", `${header}\n0,TS_1,ribosome,1,2,3,4\n`, /^row 2 .* has 7 fields, wanted 6;/],
    ["short row behind a quoted one", `${header}\n"0",TS_1,ribosome,1,2,3\n1,2\n`, /^row 3 .* has 2 fields/],
    ["missing column", "id,experiment,particle_type,x,y\n", /header .* lacks "z"/],
    ["misspelt column", "id,experiment,type,x,y,z\n", /lacks "particle_type" and has "type"/],
    ["column twice", `${header},x\n`, /has "x" twice/],
    ["no header", `${good}\n`, /the header of .* lacks "experiment"/],
    [
      "unknown type",
      `${header}\n${good}\n1,TS_1,unicorn,1,2,3\n`,
      /^row 3 .*particle_type = "unicorn", wanted one of apo-/,
    ],
    ["empty type", `${header}\n0,TS_1,,1,2,3\n`, /^row 2 .* has an empty particle_type/],
    ["empty experiment", `${header}\n0,,ribosome,1,2,3\n`, /^row 2 .* has an empty experiment/],
    ["empty id", `${header}\n,TS_1,ribosome,1,2,3\n`, /^row 2 .* has an empty id/],
    ["empty file", "", /is empty, wanted at least the header/],
    ["nothing but blank rows", "\n\n", /is empty/],
    ["nothing but a byte order mark", "\uFEFF", /is empty/],
    ["id twice", `${header}\n${good}\n${good}\n`, /^row 3 .* has the id 0 a second time/],
    [
      "textual id twice",
      `${header}\na,TS_1,ribosome,1,2,3\na,TS_1,ribosome,1,2,3\n`,
      /^row 3 .* the id a a second/,
    ],
    ["open quote", `${header}\n"0,TS_1,ribosome,1,2,3\n`, /row 2 has a quote/],
    ["stray quote", `${header}\n0,T"S_1,ribosome,1,2,3\n`, /row 2 has a quote/],
    ["gzip", gzipSync(`${header}\n${good}\n`), /compressed by gzip/],
    ["binary", Uint8Array.from({ length: 64 }, (_, i) => i), /binary data/],
    ["UTF-16", Buffer.from(`\uFEFF${header}\n`, "utf16le"), /binary data/],
    ["semicolons", `${header.replaceAll(",", ";")}\n`, /lacks "experiment"/],
  ])("%s", async (_, content, message) => {
    const path = file(content);
    await expect(readSubmission(path)).rejects.toMatchObject({ tag: "BadSubmission", path });
    await expect(readSubmission(path)).rejects.toThrow(message);
  });

  test.each([
    "",
    "abc",
    "NaN",
    "nan",
    "Infinity",
    "-inf",
    "1e999",
    "0x10",
    "1_000",
    "1,5",
    "1.2.3",
    "1e",
    "--1",
    ".",
    "٣",
  ])("%j for a number", async (text) => {
    const path = file(`${header}\n0,TS_1,ribosome,1,"${text}",3\n`);
    await expect(readSubmission(path)).rejects.toThrow(
      `row 2 of ${path} has y = "${text}", wanted a finite number`,
    );
    if (text.includes(",")) return;
    await expect(readSubmission(file(`${header}\n0,TS_1,ribosome,1,${text},3\n`))).rejects.toThrow(
      `row 2 of ${path} has y = "${text}", wanted a finite number`,
    );
  });

  test("a broken truth is a BadDataset", async () =>
    await expect(readSubmission(file(""), { kind: "truth" })).rejects.toMatchObject({ tag: "BadDataset" }));

  test("a missing file and a folder", async () => {
    await expect(readSubmission(join(folder, "none.csv"))).rejects.toThrow(/^cannot read .*none\.csv/);
    await expect(readSubmission(folder)).rejects.toMatchObject({ tag: "BadSubmission" });
  });

  test("scoring names the row of an unknown type", async () => {
    const path = file(`${header}\n0,TS_2,unicorn,1,2,3\n1,TS_1,unicorn,1,2,3\n`);
    await expect(scoreSubmission(path, positionsOf(one))).rejects.toThrow(/^row 3 of .*"unicorn"/);
  });
});

describe("round trip", () => {
  const coordinate = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    fc.double({ min: 0, max: 6500, noNaN: true }),
  );
  const picks = fc.array(
    fc
      .tuple(
        fc.constantFrom(...challengeParticles.map(({ name }) => name)),
        coordinate,
        coordinate,
        coordinate,
      )
      .map(([type, x, y, z]) => pick(type, x, y, z)),
    { minLength: 1, maxLength: 20 },
  );
  const experiment = fc
    .string({ minLength: 1, maxLength: 8, unit: "grapheme" })
    .filter((name) => name.trim() === name);
  const sorted = (list: readonly ParticlePick[]) =>
    list.map(({ type, x, y, z }) => JSON.stringify([type, x, y, z])).sort();

  test("no digit is lost, whatever the numbers and names", async () => {
    const path = join(folder, "round.csv");
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(experiment, picks, { maxKeys: 4, noNullPrototype: true }),
        async (byName) => {
          const written = new Map(Object.entries(byName));
          await writeSubmission(path, written);
          const read = await readSubmission(path);
          expect([...read.keys()].sort()).toEqual([...written.keys()].sort());
          for (const [name, list] of written) expect(sorted(read.get(name)!)).toEqual(sorted(list));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("equal picks give equal bytes, in any order, ids from 0", async () => {
    const [a, b, c] = [
      pick("ribosome", 1.5, 2, 3),
      pick("apo-ferritin", 0.1, 2, 3),
      pick("ribosome", 1, 2, 3),
    ];
    const bytes = async (map: Map<string, ParticlePick[]>) => {
      await writeSubmission(join(folder, "order.csv"), map);
      return readFileSync(join(folder, "order.csv"), "utf8");
    };
    const text = await bytes(
      new Map([
        ["TS_2", [a, b]],
        ["TS_1", [c, a]],
      ]),
    );
    expect(text).toBe(
      await bytes(
        new Map([
          ["TS_1", [a, c]],
          ["TS_2", [b, a]],
        ]),
      ),
    );
    expect(text).toBe(
      [
        header,
        "0,TS_1,ribosome,1,2,3",
        "1,TS_1,ribosome,1.5,2,3",
        "2,TS_2,apo-ferritin,0.1,2,3",
        "3,TS_2,ribosome,1.5,2,3",
        "",
      ].join("\n"),
    );
  });

  test("no picks are written as a header alone", async () => {
    await writeSubmission(join(folder, "none.csv"), new Map([["TS_1", []]]));
    expect(readFileSync(join(folder, "none.csv"), "utf8")).toBe(`${header}\n`);
    rmSync(join(folder, "none.csv"));
  });

  test("a coordinate that is not finite stops it and leaves nothing behind", async () => {
    const before = readdirSync(folder);
    const picksWithNaN = new Map([["TS_1", [pick("ribosome", Number.NaN, 0, 0)]]]);
    await expect(writeSubmission(join(folder, "broken.csv"), picksWithNaN)).rejects.toMatchObject({
      tag: "NotFinite",
    });
    expect(readdirSync(folder)).toEqual(before);
  });
});

test("rows that lie across the blocks that are read, quoted from somewhere on or not", async () => {
  const rows = Array.from({ length: 60_000 }, (_, i) => `${i},TS_${i % 500},ribosome,${i}.25,${i / 3},7`);
  for (const quotedFrom of [Infinity, 59_000, 30_000]) {
    const lines = rows.map((row, i) => (i >= quotedFrom ? row.replace(/TS_\d+/, '"$&"') : row));
    let next = 0;
    await readRows(file([header, ...lines].join("\n")), (experiment, _type, [x, y], row) => {
      if (experiment !== `TS_${next % 500}` || x !== next + 0.25 || y !== next / 3 || row !== next + 2)
        throw new Error(`row ${row} was misread`);
      next++;
    });
    expect(next).toBe(60_000);
  }
});
