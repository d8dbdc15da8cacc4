import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { treeOf } from "../../support/badServer.js";
import { pickbench } from "../../support/commandLine.js";
import { pythonHas, runPython } from "../../support/python.js";
import { temporaryFolder, unpackStore, writeTree } from "../../support/storeFixtures.js";

const hasPeer = pythonHas("rdflib");

describe.skipIf(!hasPeer)("a manifest, read as RDF (skipped without python3-rdflib)", () => {
  async function made(): Promise<string> {
    const folder = temporaryFolder();
    unpackStore("type <f4", join(folder, "static/ExperimentRuns/TS_1/VoxelSpacing10.000/denoised.zarr"));
    const points = { pickable_object_name: "ribosome", points: [{ location: { x: 1, y: 2, z: 3 } }] };
    writeTree(join(folder, "overlay"), {
      "ExperimentRuns/TS_1/Picks/a_0_ribosome.json": JSON.stringify(points),
    });
    const { code, stderr } = await pickbench(
      ...["manifest", "--data", folder, "--license", "https://spdx.org/licenses/CC0-1.0.html", "--quiet"],
      ...["--creator", "A. Name", "--url", "https://example.org/data/", "--split", "train=TS_1"],
    );
    expect([code, stderr]).toEqual([0, ""]);
    return folder;
  }

  test("has what Croissant 1.1 requires, and hashes that are those of the files", async () => {
    const folder = await made();
    const files = [...treeOf(folder).keys()].filter((path) => !path.startsWith("Croissant/"));
    expect(runPython("croissant_peer.py", join(folder, "Croissant", "metadata.json"))).toEqual({
      ...{ faults: [], files: files.length, tables: 9, records: 10, splits: 1 },
      ...{ fields: 50, conformsTo: ["http://mlcommons.org/croissant/1.1"] },
    });
  });

  test("the reader finds what is wrong", async () => {
    const path = join(await made(), "Croissant", "metadata.json");
    const document = JSON.parse(readFileSync(path, "utf8"));
    document.license = undefined;
    document.distribution[0].sha256 = "0".repeat(64);
    writeFileSync(path, JSON.stringify(document));
    const { faults } = runPython("croissant_peer.py", path) as { faults: string[] };
    expect(faults.join()).toMatch(/no https:\/\/schema\.org\/license.*another hash/);
  });
});
