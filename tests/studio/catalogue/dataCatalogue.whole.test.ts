import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import type { Dataset } from "../../../src/data/model.js";
import { Catalogues } from "../../../src/studio/catalogue/catalogues.js";
import { makeSubset } from "../../../src/studio/catalogue/newSubset.js";
import { silentReporter } from "../../../src/system/reporter.js";
import { workInOwnFolder } from "../../support/ownFolder.js";
import { tinyDataset } from "../../support/tinyRun.js";

const never = new AbortController().signal;

function writePicks({ overlayRoot }: Dataset, run: string, text: string, type = "ribosome"): void {
  const folder = join(overlayRoot, "ExperimentRuns", run, "Picks");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${type}.json`), text);
}

const ribosomes = (count: number): string => {
  const points = Array.from({ length: count }, (_, at) => ({ location: { x: 10 * at, y: 10, z: 10 } }));
  return JSON.stringify({ pickable_object_name: "ribosome", points });
};

describe("a data set as a catalogue", () => {
  let dataset: Dataset;
  let catalogues: Catalogues;
  workInOwnFolder(async () => {
    dataset = await openDataset(await tinyDataset("."));
    for (const [at, run] of ["TS_S1", "TS_S2", "TS_S3"].entries())
      writePicks(dataset, run, ribosomes(3 - at));
    writePicks(dataset, "TS_S3", "{torn", "thyroglobulin");
    writeFileSync(join(dataset.runs[3]!.tomograms[0]!.path, ".zattrs"), "{torn");
    catalogues = new Catalogues({ dataset, surveys: [], reporter: silentReporter });
  });
  const data = () => catalogues.named("dataset");

  test("knows shapes, spacings and counts; what is broken is missing", async () => {
    const { total, rows } = await catalogues.part(data(), {
      columns: ["spacing", "size.x", "ribosome.count", "thyroglobulin.count"],
      offset: 0,
      limit: 10,
    });
    expect(total).toBe(4);
    expect(rows).toEqual([
      { run: "TS_S1", values: [10, 64, 3, 1] },
      { run: "TS_S2", values: [10, 64, 2, 1] },
      { run: "TS_S3", values: [10, 64, 1, null] },
      { run: "TS_S4", values: [null, null, 2, 1] },
    ]);
  });

  test("is filtered and sorted by expressions as a survey is", async () => {
    expect(await data().order("ribosome.count >= 2", "ribosome.count")).toEqual(["TS_S2", "TS_S4", "TS_S1"]);
    expect(await data().order("spacing is missing")).toEqual(["TS_S4"]);
    expect(await data().order(undefined, "run desc")).toEqual(["TS_S4", "TS_S3", "TS_S2", "TS_S1"]);
    expect(await data().order(undefined, "spacing desc")).toEqual(["TS_S1", "TS_S2", "TS_S3", "TS_S4"]);
    await expect(data().order("ribosom.count > 1")).rejects.toThrow(/ribosome\.count/);
  });

  test("says of a run what is known, and why something is not", async () => {
    const { lines, tables } = await data().page("TS_S3");
    expect(lines[1]).toBe("z,y,x 40×64×64 voxels of 10 Å");
    expect(tables[0]!.rows).toContainEqual(["ribosome", "1"]);
    expect(tables[0]!.notes.join()).toMatch(/thyroglobulin\.json/);
    await expect(data().page("TS_S33")).rejects.toThrow(/TS_S3/);
  });

  test("makes thumbnails on demand, several at once of one reading", async () => {
    const asked = Array.from({ length: 6 }, () => data().picture("TS_S1", "tomogram.png", never));
    const [first, ...others] = await Promise.all(asked);
    expect(others.every((other) => other === first)).toBe(true);
    expect(first!.length).toBeGreaterThan(50);
    expect(await data().picture("TS_S1", "other.png", never)).toBeUndefined();
    expect(await data().picture("no", "tomogram.png", never)).toBeUndefined();
    await expect(data().picture("TS_S4", "tomogram.png", never)).rejects.toThrow(/zattrs/);
  });

  test("makes nothing that nobody waits for any more", async () => {
    const gone = AbortSignal.abort();
    const here = new AbortController().signal;
    const fresh = new Catalogues({
      dataset,
      surveys: [],
      reporter: silentReporter,
    }).named("dataset");
    const left = fresh.picture("TS_S2", "tomogram.png", gone);
    const stays = fresh.picture("TS_S2", "tomogram.png", here);
    await expect(left).rejects.toThrow(/nobody waits/);
    expect((await stays)!.length).toBeGreaterThan(50);
  });

  test("has no place for subsets", async () => {
    await expect(makeSubset(data(), { name: "a", runs: ["TS_S1"] })).rejects.toThrow(/survey build/);
  });
});
