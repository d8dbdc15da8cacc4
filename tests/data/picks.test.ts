import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { picksPath, readPicks, strayPicks, writePicks } from "../../src/data/picks.js";
import type { ParticlePick } from "../../src/domain/particles.js";
import { angstrom } from "../../src/domain/units.js";
import fc from "../support/properties.js";
import { temporaryFolder, writeTree } from "../support/storeFixtures.js";

const picksJson = (type: string, ...x: unknown[]) =>
  JSON.stringify({
    pickable_object_name: type,
    unit: "angstrom",
    points: x.map((value) => ({ location: { x: value, y: 2, z: 3 }, instance_id: 0 })),
  });
const open = (files: Record<string, string>) =>
  openDataset(
    writeTree(
      temporaryFolder(),
      Object.fromEntries(
        Object.entries(files).map(([name, text]) => [name.replace("/", "/ExperimentRuns/R/Picks/"), text]),
      ),
    ),
  );
const xs = (picks: readonly ParticlePick[]) => picks.map((pick) => pick.x);

describe("which file", () => {
  test("the challenge's plain name", async () => {
    const dataset = await open({ "overlay/ribosome.json": picksJson("ribosome", 1.5) });
    expect(await readPicks(dataset, "R", "ribosome")).toEqual([{ type: "ribosome", x: 1.5, y: 2, z: 3 }]);
    expect(await readPicks(dataset, "R", "thyroglobulin")).toEqual([]);
    expect(await readPicks(dataset, "elsewhere", "ribosome")).toEqual([]);
  });

  test("copick's name, from static", async () => {
    const dataset = await open({ "static/curation_0_ribosome.json": picksJson("ribosome", 7) });
    expect(xs(await readPicks(dataset, "R", "ribosome"))).toEqual([7]);
    expect(xs(await readPicks(dataset, "R", "ribosome", { userId: "curation", sessionId: "0" }))).toEqual([
      7,
    ]);
    expect(await readPicks(dataset, "R", "ribosome", { userId: "other" })).toEqual([]);
  });

  test("the overlay's of two with one name, the plain one of several, and never our own unasked", async () => {
    const dataset = await open({
      "static/ribosome.json": picksJson("ribosome", 1),
      "overlay/ribosome.json": picksJson("ribosome", 2),
      "overlay/ann_1_ribosome.json": picksJson("ribosome", 3),
      "overlay/pickbench_1_thyroglobulin.json": picksJson("thyroglobulin", 4),
    });
    expect(xs(await readPicks(dataset, "R", "ribosome"))).toEqual([2]);
    expect(xs(await readPicks(dataset, "R", "ribosome", { sessionId: "1" }))).toEqual([3]);
    expect(await readPicks(dataset, "R", "thyroglobulin")).toEqual([]);
    expect(xs(await readPicks(dataset, "R", "thyroglobulin", { userId: "pickbench" }))).toEqual([4]);
  });

  test("of several sessions none is guessed", async () => {
    const dataset = await open({
      "static/ann_0_ribosome.json": picksJson("ribosome", 1),
      "overlay/bob_0_ribosome.json": picksJson("ribosome", 2),
    });
    await expect(readPicks(dataset, "R", "ribosome")).rejects.toThrow(
      /several sessions \(bob_0, ann_0\)|several sessions \(ann_0, bob_0\)/,
    );
    expect(xs(await readPicks(dataset, "R", "ribosome", { userId: "bob" }))).toEqual([2]);
  });

  test("a type whose name ends like another's is another's", async () => {
    const dataset = await open({
      "overlay/a_0_big_ribosome.json": picksJson("big_ribosome", 1),
      "overlay/misspelt.json": picksJson("x", 1),
    });
    expect(await readPicks(dataset, "R", "ribosome")).toEqual([]);
    expect((await strayPicks(dataset, "R")).map((path) => path.split("/").at(-1))).toEqual([
      "a_0_big_ribosome.json",
      "misspelt.json",
    ]);
  });
});

describe("broken files are refused", () => {
  test.each<[string, string, RegExp]>([
    ["no JSON", "{", /ribosome\.json: picks are not JSON/],
    ["an empty file", "", /ribosome\.json: picks are not JSON/],
    [
      "NaN",
      picksJson("ribosome", 1, 9).replace('"x":9', '"x": NaN'),
      /point 2: location\.x is "NaN"; wanted a number/,
    ],
    [
      "infinity",
      picksJson("ribosome", 9).replace('"x":9', '"x":-Infinity'),
      /point 1: location\.x is "-Infinity"/,
    ],
    ["too large a number", picksJson("ribosome", 9).replace('"x":9', '"x":1e999'), /point 1: location\.x/],
    ["text", picksJson("ribosome", 1, 2, "12"), /point 3: location\.x is "12"; wanted a number in Å/],
    ["null", picksJson("ribosome", null), /point 1: location\.x is null/],
    ["a missing coordinate", '{"points":[{"location":{"x":1,"y":2}}]}', /point 1: location\.z is missing/],
    [
      "an unknown unit",
      picksJson("ribosome", 1).replace("angstrom", "pixel"),
      /unit is "pixel"; wanted angstrom/,
    ],
    [
      "another type inside",
      picksJson("thyroglobulin", 1),
      /pickable_object_name is thyroglobulin; wanted ribosome/,
    ],
    ["a list", "[]", /the document/],
    [
      "20,000 nested lists",
      `{"points":[],"a":${"[".repeat(20_000)}`,
      /picks are not JSON: .* nests deeper than 200 levels/,
    ],
    ["a million unclosed quotes", '["'.repeat(1e6), /picks are not JSON: line 1, column 5 has/],
  ])("%s", async (_name, text, message) => {
    const dataset = await open({ "overlay/ribosome.json": text });
    await expect(readPicks(dataset, "R", "ribosome")).rejects.toMatchObject({
      name: "BadDataset",
      message: expect.stringMatching(message),
    });
  });

  test("a text that says NaN is not mistaken for one", async () => {
    const text = picksJson("ribosome", 1).replace("{", '{"note": "a: NaN, b",');
    expect(xs(await readPicks(await open({ "overlay/ribosome.json": text }), "R", "ribosome"))).toEqual([1]);
  });

  test("no points and null points are empty", async () => {
    for (const text of ['{"points":null}', "{}", '{"points":[]}'])
      expect(await readPicks(await open({ "overlay/ribosome.json": text }), "R", "ribosome")).toEqual([]);
  });
});

describe("writePicks", () => {
  test("round trip, bit by bit, scores kept", async () => {
    const folder = writeTree(temporaryFolder(), { "overlay/ExperimentRuns/R/Picks/.keep": "" });
    const dataset = await openDataset(folder);
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    const pick = fc.record(
      { x: number, y: number, z: number, score: number },
      { requiredKeys: ["x", "y", "z"] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pick, { maxLength: 20 }), async (points) => {
        const picks = points.map(
          ({ x, y, z, score }): ParticlePick => ({
            type: "ribosome",
            x: angstrom(x),
            y: angstrom(y),
            z: angstrom(z),
            ...(score === undefined ? {} : { score }),
          }),
        );
        const author = { userId: "me", sessionId: "2" };
        await writePicks(dataset.overlayRoot, "R", "ribosome", picks, author);
        expect(await readPicks(dataset, "R", "ribosome", author)).toEqual(picks);
      }),
      { numRuns: 50 },
    );
  });

  test("as copick lays it out", async () => {
    const overlay = join(temporaryFolder(), "overlay");
    const picks = [{ type: "ribosome", x: angstrom(1), y: angstrom(2), z: angstrom(3), score: 0.5 }];
    const path = await writePicks(overlay, "R", "ribosome", picks, { userId: "me", sessionId: "2" });
    expect(path).toBe(join(overlay, "ExperimentRuns/R/Picks/me_2_ribosome.json"));
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
      pickable_object_name: "ribosome",
      user_id: "me",
      session_id: "2",
      run_name: "R",
      unit: "angstrom",
      points: [{ location: { x: 1, y: 2, z: 3 }, score: 0.5 }],
    });
  });

  test.each([
    ["R/../..", "ribosome", "me", "0"],
    ["R", "..", "me", "0"],
    ["R", "ribosome", "a_b", "0"],
    ["R", "ribosome", "me", ""],
  ])("%s %s %s %s cannot be a file's name", async (run, type, userId, sessionId) => {
    await expect(writePicks(temporaryFolder(), run, type, [], { userId, sessionId })).rejects.toThrow(
      /cannot be part/,
    );
  });
});

test.each(["../../x", "..", "/etc/x", "a\\b", ".x", "a\0b", "x".repeat(201), "nul", "x."])(
  "no part of a file of picks is %j",
  (name) => {
    const author = { userId: "me", sessionId: "0" };
    for (const [run, type, by] of [
      [name, "ribosome", author],
      ["R", name, author],
      ["R", "ribosome", { ...author, userId: name }],
      ["R", "ribosome", { ...author, sessionId: name }],
    ] as const)
      expect(() => picksPath("overlay", run, type, by)).toThrow(/cannot be part of a file's name/);
  },
);
