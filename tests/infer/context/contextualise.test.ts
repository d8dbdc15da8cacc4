import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import { anglesOf, rotationOf, turned } from "../../../src/formats/positions/orientation.js";
import { copick } from "../../../src/formats/positions/programs/copick.js";
import { readPositionsFile } from "../../../src/formats/positions/readPositions.js";
import { type ContextRequest, contextualise } from "../../../src/infer/context/contextualise.js";
import { parseDistance, parseSample } from "../../../src/infer/context/terms.js";
import { type FeatureMap, findFeatureMaps } from "../../../src/infer/maps/featureMaps.js";
import { silentReporter } from "../../../src/system/reporter.js";
import { cubic, writeLabels } from "../../support/masks.js";

let folder: string;
let maps: FeatureMap[];

const noTerms: ContextRequest["terms"] = {
  samples: [],
  distances: [],
  faces: false,
  nearest: [],
  rule: "exact",
};

/** A membrane of three voxels' thickness at z = 8, 9, 10 of 20, in TS_1 alone. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "contextualise-"));
  await writeLabels(join(folder, "maps", "TS_1__membrane.mrc"), [20, 16, 16], cubic(10), (z) =>
    z >= 8 && z <= 10 ? 1 : 0,
  );
  maps = await findFeatureMaps([join(folder, "maps")], { features: ["membrane"], reporter: silentReporter });
});
afterAll(() => rm(folder, { recursive: true }));

async function measure(
  content: string,
  asked: Partial<ContextRequest>,
  name = "picks.csv",
  family: "table" | "star" = "table",
) {
  const path = join(folder, name);
  await writeFile(path, content);
  const file = await readPositionsFile(path);
  const request = { terms: noTerms, maps, reporter: silentReporter, ...asked };
  return contextualise([file], request, family);
}

const header = "run,type,x_angstrom,y_angstrom,z_angstrom,score,kind\n";
const rows =
  "TS_1,ribosome,80,80,55,0.9,a\nTS_1,ribosome,80,80,95,0.5,b\nTS_1,vault,80,80,500,,a\nTS_2,vault,5,5,5,0.1,b\n";
const terms = {
  ...noTerms,
  samples: [parseSample("membrane:25", 0)],
  distances: [parseDistance("membrane:0.5", 0)],
};
const cellsOf = ({ files }: Awaited<ReturnType<typeof measure>>) =>
  files.flatMap(({ sets }) => sets.flatMap(({ positions }) => positions.map(({ extra }) => extra)));

describe("contextualise", () => {
  it.each(["score", "x", "run"])("refuses a column that would be called %s as positions' own", (name) => {
    expect(() => parseDistance(`${name}=membrane:0.5`, 0)).toThrow(`${name} is a column that positions have`);
    expect(() => parseSample(`${name}=membrane:30`, 0)).toThrow(`${name} is a column that positions have`);
  });

  it("refuses positions in voxels where those of the map have unequal edges", async () => {
    const shape = [20, 16, 16] as const;
    const spacing = [angstrom(14), angstrom(8), angstrom(10)] as const;
    await writeLabels(join(folder, "uneven", "TS_1__membrane.mrc"), shape, spacing, () => 0);
    const features = { features: ["membrane"], reporter: silentReporter };
    const uneven = await findFeatureMaps([join(folder, "uneven")], features);
    const voxels = rows.replaceAll("TS_2", "TS_1");
    const asked = { maps: uneven, terms, spacing: angstrom(10) };
    const inVoxels = measure(header.replaceAll("angstrom", "voxel") + voxels, asked, "voxels.csv");
    await expect(inVoxels).rejects.toThrow("those of the volume have edges of 14, 8, 10 Å");
    expect((await measure(header + voxels, asked, "lengths.csv")).positions).toBe(4);
  });

  it("adds columns, leaves them empty where there is no value, and counts why", async () => {
    const found = await measure(header + rows, { terms });
    expect(found.files[0]!.sets[0]!.extra).toEqual({
      family: "table",
      names: ["kind", "sample.membrane25", "distance.membrane"],
    });
    const cells = cellsOf(found);
    expect(cells.map((row) => row?.[0])).toEqual(["a", "b", "a", "b"]);
    expect(cells.map((row) => row?.[2])).toEqual(["30", "-20", "", ""]);
    expect(cells[0]![1]).toBe("0");
    expect(Number(cells[1]![1])).toBeGreaterThan(0.5);
    const missing = { map: 1, outside: 1, orientation: 0, nothing: 0 };
    expect(found.columns).toEqual([
      { name: "sample.membrane25", values: 2, missing },
      { name: "distance.membrane", values: 2, missing },
    ]);
  });

  it.each([
    ["distance.membrane < 0", 1, 2],
    ["distance.membrane > 0 or score = 0.1", 2, 1],
    ["kind = 'a' and z > 50", 2, 0],
    ["type in ('vault') and score is missing", 1, 0],
    ["run = 'TS_2'", 1, 0],
    ["x + y = 160", 3, 0],
  ])("selects by %s", async (where, selected, undecided) => {
    expect(await measure(header + rows, { terms, where })).toMatchObject({
      positions: 4,
      selected,
      undecided,
    });
  });

  it("leaves the order of a file's positions, whatever file came before", async () => {
    const ofRuns = (...runs: string[]) =>
      header + runs.map((run, i) => `${run},vault,1,2,3,${i},a\n`).join("");
    const paths = [join(folder, "first.csv"), join(folder, "second.csv")];
    await writeFile(paths[0]!, ofRuns("TS_1", "TS_2"));
    await writeFile(paths[1]!, ofRuns("TS_2", "TS_1"));
    const files = await Promise.all(paths.map((path) => readPositionsFile(path)));
    const request = { terms, maps, reporter: silentReporter };
    const found = await contextualise(files, request, "table");
    const runsOf = (file: number) => found.files[file]!.sets.map(({ run }) => run);
    expect([runsOf(0), runsOf(1)]).toEqual([
      ["TS_1", "TS_2"],
      ["TS_2", "TS_1"],
    ]);
  });

  it("measures to the faces, the sample and the nearest particle", async () => {
    const found = await measure(header + rows, {
      terms: { ...noTerms, faces: true, nearest: ["any", "vault"] },
      slabOf: async () => ({ distance: (_: number, __: number, z: number) => 40 - z }) as never,
    });
    expect(found.files[0]!.sets[0]!.extra!.names.slice(1)).toEqual([
      "faces",
      "distance.sample",
      "nearest.any",
      "nearest.any.type",
      "nearest.vault",
    ]);
    expect(cellsOf(found)).toEqual([
      ["a", "55", "-15", "40", "ribosome", "445"],
      ["b", "80", "-55", "40", "ribosome", "405"],
      ["a", "-300", "-460", "405", "ribosome", ""],
      ["b", "", "35", "", "", ""],
    ]);
  });

  it("replaces columns of a file that was measured before", async () => {
    const again = await measure(header.replace("kind", "distance.membrane") + rows, { terms });
    expect(again.files[0]!.sets[0]!.extra!.names).toEqual(["sample.membrane25", "distance.membrane"]);
    expect(cellsOf(again).map((row) => row?.[1])).toEqual(["30", "-20", "", ""]);
  });

  it("moves places along the axis that Pom moves along", async () => {
    const radians = Math.PI / 180;
    for (const [tilt, psi] of [
      [30, 0],
      [75, 140],
      [120, -60],
    ] as const) {
      const axis = turned(rotationOf([17, tilt, psi], "relion"), [0, 0, 1]);
      const [t, p] = [tilt * radians, psi * radians];
      const pom = [-Math.sin(t) * Math.cos(p), Math.sin(t) * Math.sin(p), Math.cos(t)];
      for (const [i, value] of pom.entries()) expect(axis[i]).toBeCloseTo(value, 12);
    }
    const [rot, tilt, psi] = anglesOf(rotationOf([0, 180, 0], "relion"), "relion");
    const star = `data_particles\nloop_\n_rlnTomoName\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\nTS_1 8 8 5.5 0 0 0\nTS_1 8 8 5.5 ${rot} ${tilt} ${psi}\n`;
    const moved = {
      ...noTerms,
      distances: [parseDistance("membrane:0.5::40", 0), parseDistance("d=membrane:0.5", -10)],
    };
    const found = await measure(star, { terms: moved, spacing: angstrom(10) }, "picks.star", "star");
    expect(found.files[0]!.sets[0]!.extra!.names).toEqual(["distance.membrane.p40", "d"]);
    expect(cellsOf(found)).toEqual([
      ["-20", "40"],
      ["70", "20"],
    ]);
    await expect(measure(header + rows, { terms: moved })).rejects.toThrow("no position has an orientation");
  });

  it("keeps columns in copick's metadata, which reads back", async () => {
    const found = await measure(header + rows, { terms });
    const set = found.files[0]!.sets[0]!;
    const ribosomes = { ...set, positions: set.positions.slice(0, 2) };
    const path = join(folder, "back.json");
    const { bytes } = copick.write([ribosomes], {});
    await writeFile(path, bytes);
    expect(JSON.parse(bytes.toString()).points[0].metadata).toEqual({
      kind: "a",
      "sample.membrane25": 0,
      "distance.membrane": 30,
    });
    const back = await readPositionsFile(path);
    expect(back.sets[0]!.extra).toEqual(set.extra);
    expect(back.sets[0]!.positions.map(({ extra }) => extra)).toEqual(
      ribosomes.positions.map(({ extra }) => extra),
    );
  });

  it("refuses positions of other runs, terms that are none and names that clash", async () => {
    await expect(measure(header + rows.replaceAll("TS_", "other_"), { terms })).rejects.toThrow(
      "no run has both positions (other_1, other_2) and maps (TS_1)",
    );
    await expect(
      measure(header + rows, { terms: { ...terms, distances: [...terms.distances, ...terms.distances] } }),
    ).rejects.toThrow("two columns would be called distance.membrane");
    await expect(measure(header + rows, { terms, where: "distnce.membrane < 5" })).rejects.toThrow(
      "did you mean distance.membrane?",
    );
    for (const [text, message] of [
      ["membrane", "it has no colon and number"],
      [":5", "the feature has no name"],
      ["membrane:x", 'the radius is "x", no number'],
      ["membrane:0", "not above 0"],
      ["membrane:1:2:3", "it has 3 numbers"],
      ["a b=membrane:1", '"a b" is no name of a column'],
    ] as const)
      expect(() => parseSample(text, 0)).toThrow(message);
    expect(() => parseDistance("membrane:0.5:-1.5", 0)).toThrow("no whole number of components");
    await expect(
      findFeatureMaps([join(folder, "maps")], {
        features: ["membrain"],
        isPartial: true,
        reporter: silentReporter,
      }),
    ).rejects.toThrow("no map of membrain; did you mean membrane?");
  });
});
