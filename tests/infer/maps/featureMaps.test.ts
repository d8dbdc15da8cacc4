import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { findFeatureMaps, openFeatureMap } from "../../../src/infer/maps/featureMaps.js";
import { silentReporter as silent } from "../../../src/system/reporter.js";

const shape = [4, 3, 2] as const;
const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;
const count = 24;

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "pickbench-maps-"));
  const zarr = await createOmeZarr(join(path, "TS_1.zarr"), {
    ...{ shape, spacing, format: 2 as const },
    channels: ["background", "membrane", "carbon"],
  });
  for (let channel = 0; channel < 3; channel++)
    await zarr.writeSlab(
      0,
      Float32Array.from({ length: count }, (_, at) => (channel + at / count) / 3),
      channel,
    );
  await zarr.close();
  const mrc = await createMrc(join(path, "TS_2__membrane.mrc"), { shape, spacing, mode: 6 });
  await mrc.writeSlab(
    0,
    Float32Array.from({ length: count }, (_, at) => at * 11),
  );
  await mrc.close();
  return path;
}

describe("maps of features", () => {
  test("are found by run and feature, in all formats, without the background", async () => {
    const maps = await findFeatureMaps([await folder()], { reporter: silent });
    expect(maps.map(({ run, type }) => `${run} ${type}`)).toEqual([
      "TS_1 membrane",
      "TS_1 carbon",
      "TS_2 membrane",
    ]);
  });

  test("are read slab by slab as probabilities", async () => {
    const path = await folder();
    const [own] = await findFeatureMaps([path], { features: ["membrane"], runs: ["TS_1"], reporter: silent });
    const [ais] = await findFeatureMaps([path], { features: ["membrane"], runs: ["TS_2"], reporter: silent });
    const slab = await (await openFeatureMap(own!)).readSlab(1, 3);
    expect([...slab]).toEqual(Array.from({ length: 12 }, (_, at) => Math.fround((1 + (at + 6) / count) / 3)));
    const reader = await openFeatureMap(ais!);
    expect([...(await reader.readSlab(3, 4))]).toEqual(
      [18, 19, 20, 21, 22, 23].map((at) => Math.fround((at * 11) / 255)),
    );
    expect([...(await reader.readAll()).data.slice(18)]).toEqual([...(await reader.readSlab(3, 4))]);
  });

  test("of a run that is asked and not there are refused", async () => {
    await expect(findFeatureMaps([await folder()], { runs: ["TS_3"], reporter: silent })).rejects.toThrow(
      "no map of run TS_3",
    );
  });
});
