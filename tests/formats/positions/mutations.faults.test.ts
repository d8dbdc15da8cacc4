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
import { faults, longestRead } from "../../support/faults.js";
import { mutated } from "../../support/positionMutations.js";
import { samplePositions, volume } from "../../support/samplePositions.js";
import { formatsFolder, hasShared } from "../../support/shared.js";

const folder = mkdtempSync(join(tmpdir(), "pickbench-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files = faults(300, 5000);
/** The challenge's CSV is read from the disk, block by block. */
const filesOnDisk = files / 5;

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

test.each(positionFormats.map((format) => [format.name, format] as const))(
  `${files} broken files of %s: read soundly or refused in a sentence`,
  async (name, format) => {
    const seeds = [validFile(format), ...realFiles(format)];
    const path = join(folder, `broken${format.extensions[0]!}`);
    let [refused, slowest] = [0, 0];
    const count = name === "challenge" ? filesOnDisk : files;
    for (let i = 0; i < count; i++) {
      const bytes = mutated(seeds[i % seeds.length]!, randomFor(9, name, i));
      if (name === "challenge") writeFileSync(path, bytes);
      const start = performance.now();
      try {
        checkSound(await format.read({ path, bytes, beside: () => undefined }));
        recognise(path, bytes);
      } catch (error) {
        if (!isPickbenchError(error)) throw new Error(`file ${i} of ${name}`, { cause: error });
        expect(error.message).not.toContain("\n");
        refused++;
      }
      slowest = Math.max(slowest, performance.now() - start);
    }
    expect(slowest).toBeLessThan(longestRead);
    expect(refused).toBeGreaterThan(count / 10);
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
