import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { randomFor } from "../../../../src/domain/random.js";
import { angstrom } from "../../../../src/domain/units.js";
import type { ConvertOptions } from "../../../../src/formats/positions/asked.js";
import { positionFormats } from "../../../../src/formats/positions/catalogue.js";
import { convertPositions } from "../../../../src/formats/positions/convert.js";
import type { PositionFormat } from "../../../../src/formats/positions/format.js";
import { placeFiles } from "../../../../src/formats/positions/placeFiles.js";
import { readPositionFiles, withRunNames } from "../../../../src/formats/positions/positionFolder.js";
import { areRunsApart, convertParts } from "../../../../src/formats/positions/streams/convertParts.js";
import { outlineFile } from "../../../../src/formats/positions/streams/outlineFile.js";

const folder = mkdtempSync(join(tmpdir(), "pickbench-parts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const runs = ["TS_1", "TS_2", "TS_10"];
const types = ["ribosome", "apo-ferritin", "7"];
const options: ConvertOptions = { spacing: angstrom(10), size: [184, 630, 630], box: 20 };

/** More rows than one part holds, of runs and types in turns, some without a score. */
function rowsOf(
  count: number,
  row: (i: number, run: string, type: string, place: string[]) => string,
): string {
  const random = randomFor(0, "test/parts");
  return Array.from({ length: count }, (_, i) => {
    const place = [6300, 6300, 1840].map((most) => random.between(0, most).toFixed(i % 7));
    return `${row(i, runs[(i >> 2) % 3]!, types[i % 3]!, place)}\n`;
  }).join("");
}

const tableRow = (delimiter: string) => (i: number, run: string, type: string, place: string[]) =>
  [run, type, ...place, i % 5 === 0 ? "" : i / 8, `note ${i % 3}`].join(delimiter);
const columns = ["run", "type", "x_angstrom", "y_angstrom", "z_angstrom", "score", "remark"];
const sources = {
  challenge: `id,experiment,particle_type,x,y,z\n${rowsOf(9000, (i, ...rest) => [i, ...rest.flat()].join(","))}`,
  csv: `${columns.join(",")}\n${rowsOf(9000, tableRow(","))}`,
  tsv: `${columns.join("\t")}\n${rowsOf(9000, tableRow("\t"))}`,
};
const paths = Object.fromEntries(
  Object.entries(sources).map(([name, text]) => {
    const path = join(folder, `from-${name}.${name === "tsv" ? "tsv" : "csv"}`);
    writeFileSync(path, text);
    return [name, path];
  }),
);

/** All files below a folder, by name. */
const filesIn = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [relative(path, file), readFileSync(file, "latin1")]),
  );

async function inParts(path: string, format: PositionFormat, isFolder: boolean, given: ConvertOptions) {
  const into = mkdtempSync(join(folder, "parts-"));
  const outlined = (await outlineFile(path, {}))!;
  const { path: from, format: read } = outlined;
  const named = withRunNames([{ path: from, format: read, sets: outlined.runs.map(({ set }) => set) }], []);
  expect(areRunsApart(named.files[0]!, given)).toBe(true);
  const out = isFolder ? into : join(into, `out${format.extensions[0]!}`);
  const target = { out, format, isFolder, overwrite: false, mostHeld: 20_000 };
  const { notes, frame, paths: written, sets } = await convertParts(outlined, named.files[0]!, target, given);
  const counts = sets.map(({ set, counts: ofSet }) => [set.run, ...ofSet]);
  return { notes, frame, paths: written.map((file) => relative(into, file)), counts, files: filesIn(into) };
}

async function whole(path: string, format: PositionFormat, isFolder: boolean, given: ConvertOptions) {
  const into = mkdtempSync(join(folder, "whole-"));
  const { files } = await readPositionFiles(path, {});
  const { sets, frame, notes } = convertPositions(files, format, given);
  const out = isFolder ? into : join(into, `out${format.extensions[0]!}`);
  const placed = await placeFiles(out, sets, format, { ...given, isFolder, overwrite: false });
  const counts = sets.map(({ run, positions }) => {
    const byType = new Map<string | undefined, number>();
    for (const { type } of positions) byType.set(type, (byType.get(type) ?? 0) + 1);
    return [run, ...byType];
  });
  return {
    notes: [...notes, ...placed.notes],
    frame,
    paths: placed.paths.map((file) => relative(into, file)),
    counts,
    files: filesIn(into),
  };
}

describe.each(Object.keys(sources))("parts of a file of %s", (from) => {
  test.each(positionFormats.map((format) => [format.name, format] as const))(
    "become the bytes and notes in %s that the whole becomes",
    async (_, format) => {
      const isOne = format.carries.has("several runs");
      const one = isOne
        ? {}
        : { run: "TS_2", ...(format.carries.has("several types") ? {} : { type: "ribosome" }) };
      for (const [isFolder, given] of [
        [false, { ...options, ...one }],
        [true, { ...options, rename: new Map([["7", "ribosome"]]) }],
      ] as const) {
        const parts = await inParts(paths[from]!, format, isFolder, given);
        expect(parts).toEqual(await whole(paths[from]!, format, isFolder, given));
        expect(Object.keys(parts.files).length).toBeGreaterThan(0);
      }
    },
  );
});

test("files that need a look at all positions are read whole", async () => {
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const header = "run,x_voxel,y_voxel,z_voxel\n";
  expect(await outlineFile(write("plain.csv", `${header}a,1,2,3\n`), {})).toBeDefined();
  expect(await outlineFile(write("fractions.csv", `${header}a,0.1,0.2,0.3\n`), {})).toBeUndefined();
  expect(await outlineFile(write("huge.csv", `${header}a,1e200,2,3\n`), {})).toBeUndefined();
  expect(await outlineFile(write("quoted.csv", `${header}"a",1,2,3\n`), {})).toBeUndefined();
  expect(await outlineFile(write("named.star", `${header}a,1,2,3\n`), {})).toBeUndefined();
  mkdirSync(join(folder, "within"));
  expect(await outlineFile(join(folder, "within"), {})).toBeUndefined();
  expect(await outlineFile(join(folder, "missing.csv"), {})).toBeUndefined();
});

test("a file that changes while it is read is refused, and nothing is left", async () => {
  const path = join(folder, "changing.csv");
  writeFileSync(path, sources.challenge);
  const outlined = (await outlineFile(path, {}))!;
  const { mtime } = statSync(path);
  utimesSync(path, mtime, new Date(mtime.getTime() + 5000));
  const format = positionFormats.find(({ name }) => name === "csv")!;
  const named = { path, format, sets: outlined.runs.map(({ set }) => set) };
  const into = mkdtempSync(join(folder, "changed-"));
  const target = { out: join(into, "a.csv"), format, isFolder: false, overwrite: false, mostHeld: 1 };
  await expect(convertParts(outlined, named, target, {})).rejects.toThrow("has changed while it was read");
  expect(readdirSync(into)).toEqual([]);
});

test("a folder that cannot be made is refused, however early its files fail", async () => {
  const path = join(folder, "failing.csv");
  writeFileSync(path, sources.challenge);
  const outlined = (await outlineFile(path, {}))!;
  const format = positionFormats.find(({ name }) => name === "copick")!;
  const named = { path, format, sets: outlined.runs.map(({ set }) => set) };
  const out = join(folder, "leads-nowhere");
  symlinkSync(join(folder, "missing", "deeper"), out);
  const target = { out, format, isFolder: true, overwrite: false };
  await expect(convertParts(outlined, named, target, {})).rejects.toThrow(
    "it does not exist; check the path",
  );
});
