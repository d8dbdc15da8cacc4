import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { positionFormats, recognise } from "../../../src/formats/positions/catalogue.js";
import { convertPositions } from "../../../src/formats/positions/convert.js";
import type { PositionFormat } from "../../../src/formats/positions/format.js";
import type { PositionSet } from "../../../src/formats/positions/frames.js";
import { isRotation } from "../../../src/formats/positions/orientation.js";
import { parseStar } from "../../../src/formats/star.js";
import { isPickbenchError } from "../../../src/system/errors.js";
import { faults, longestRead, runCampaign } from "../../support/faults.js";
import { IndependentReader } from "../../support/independentReader.js";
import { mutated, nudged } from "../../support/positionMutations.js";
import { pythonHas } from "../../support/python.js";
import { samplePositions, volume } from "../../support/samplePositions.js";
import { formatsFolder, hasShared } from "../../support/shared.js";

const folder = mkdtempSync(join(tmpdir(), "pickbench-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files = faults(100, 5000);
const reader = pythonHas("numpy", "yaml") ? new IndependentReader() : undefined;
afterAll(() => reader?.close());

function validFile(format: PositionFormat): Buffer {
  const given = { path: "sample", format, sets: [samplePositions(12, 8)] };
  const { sets } = convertPositions([given], format, { spacing: volume.spacing, size: volume.size });
  return format.write(sets, { box: 20 }).bytes;
}

/** Small files of the program itself. */
function realFiles({ name }: PositionFormat): Buffer[] {
  if (!hasShared) return [];
  const portal = join(formatsFolder, "portal_backend/20002/annotations");
  const wanted: Readonly<Record<string, RegExp>> = {
    mod: /\.mod$/,
    relion3: /relion_3|tomoman/,
    relion4: /relion_4/,
    stopgap: /stopgap/,
    copick: /^copick/,
    csv: /\.csv$/,
  };
  const pattern = wanted[name];
  return pattern
    ? readdirSync(portal)
        .filter((file) => pattern.test(file))
        .map((file) => readFileSync(join(portal, file)))
    : [];
}

function checkSound(sets: readonly PositionSet[]): void {
  for (const { positions, pixel, extra } of sets) {
    if (pixel !== undefined && !(pixel > 0 && Number.isFinite(pixel)))
      throw new Error(`a voxel size of ${pixel}`);
    for (const { at, score, instance, rotation, extra: values } of positions) {
      const numbers = [...at, score ?? 0, instance ?? 0];
      if (at.length !== 3 || !numbers.every(Number.isFinite))
        throw new Error(`a position at ${numbers.join(" ")}`);
      if (rotation && !isRotation(rotation)) throw new Error(`a rotation of ${rotation.join(" ")}`);
      if (values && values.length !== extra!.names.length) throw new Error(`${values.length} extra values`);
    }
  }
}

/** Reads a file soundly; undefined where it is refused in a sentence. */
async function readHere(
  format: PositionFormat,
  path: string,
  bytes: Buffer,
): Promise<number[][] | undefined> {
  const start = performance.now();
  try {
    recognise(path, bytes);
  } catch (error) {
    if (!isPickbenchError(error)) throw error;
  }
  try {
    const sets = await format.read({ path, bytes, beside: () => undefined });
    checkSound(sets);
    return sets.flatMap(({ positions }) => positions.map(({ at }) => [...at]));
  } catch (error) {
    if (!isPickbenchError(error)) throw error;
    expect(error.message).not.toContain("\n");
    return undefined;
  } finally {
    expect(performance.now() - start).toBeLessThan(longestRead);
  }
}

const ordered = (positions: readonly number[][]) =>
  [...positions].sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]!);

/** Tells whether two readers found the same positions, in any order, to a part in 10⁹. */
const isAlike = (ours: readonly number[][], theirs: readonly number[][]): boolean =>
  ours.length === theirs.length &&
  ordered(ours).every((at, i) =>
    at.every((value, axis) => {
      const other = theirs[i]![axis]!;
      return value === other || Math.abs(value - other) <= 1e-9 * Math.max(Math.abs(value), Math.abs(other));
    }),
  );

/** IMOD's binary models have no second reader here. */
const kinds = positionFormats.map((format) => [format.name, format] as const);

test.each(kinds)(
  "broken files of %s: read soundly, as an independent reader does, or refused in a sentence",
  async (name, format) => {
    const seeds = [validFile(format), ...realFiles(format)];
    const path = join(folder, `broken${format.extensions[0]!}`);
    const trial = async (seed: number) => {
      const change = seed % 2 === 0 ? mutated : nudged;
      const bytes = change(seeds[(seed >> 1) % seeds.length]!, randomFor(9, name, seed));
      writeFileSync(path, bytes);
      const ours = await readHere(format, path, bytes);
      if (!reader || name === "mod") return ours ? "read" : "refused";
      const answer = await reader.read(name, path);
      if ("refused" in answer) return ours ? "read here alone" : "refused by both";
      if (!ours) return "refused here alone";
      const theirs = ordered(answer.ok as number[][]);
      if (isAlike(ours, theirs)) return "read alike";
      throw new Error(
        `read differently: ${JSON.stringify(ordered(ours)).slice(0, 300)} here, ${JSON.stringify(theirs).slice(0, 300)} by the independent reader, of ${JSON.stringify(bytes.toString("latin1").slice(0, 1500))}`,
      );
    };
    const outcomes = await runCampaign({ few: 100, all: 5000, trial });
    const refused = [...outcomes].filter(([outcome]) => outcome.startsWith("refused"));
    if (process.env.PICKBENCH_FAULTS_SEED === undefined)
      expect(refused.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(files / 10);
  },
);

test(`${files} broken STAR files with quotes and texts`, () => {
  const seed = Buffer.from(
    "# c\ndata_a\n_one 1\n_two 'a b'\n_three\n;text\nmore\n;\nloop_\n_x #1\n_y #2\n1 \"a b\"\n2 ''\n\ndata_\nloop_\n_z\n1\n",
  );
  for (let i = 0; i < files; i++) {
    try {
      for (const { loops } of parseStar("a.star", mutated(seed, randomFor(10, "star", i))))
        for (const { columns, rows } of loops)
          if (rows.some((row) => row.length !== columns.length)) throw new Error(`file ${i}: a ragged row`);
    } catch (error) {
      if (!isPickbenchError(error)) throw new Error(`file ${i}`, { cause: error });
    }
  }
});
