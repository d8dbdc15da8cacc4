import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { readMrc } from "../../../src/formats/mrc/reader.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { encodeTar } from "../../../src/formats/tar.js";
import { pickbench } from "../../support/commandLine.js";
import { scnmOf, smallUnet } from "../../support/kerasModels.js";
import { pythonHas, runPythonFile } from "../../support/python.js";

let folder: string;
const shape = [5, 40, 50] as const;
const random = randomFor(2, "tomogram");
const voxels = Float32Array.from({ length: 5 * 40 * 50 }, (_, at) => 3 * random.normal() + 0.01 * (at % 50));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pickbench-ais-"));
  const each = angstrom(10);
  const writer = await createMrc(join(folder, "data", "TS_1.mrc"), { shape, spacing: [each, each, each] });
  await writer.writeSlab(0, voxels);
  await writer.close();
});
afterAll(() => rm(folder, { recursive: true }));

const script = new URL("../../fixtures/ais/predict.py", import.meta.url).pathname;

describe.skipIf(!pythonHas("torch", "skimage", "scipy"))(
  "an imported model predicts as Ais's rules say",
  () => {
    test.each([
      { slices: 1, apix: 10 },
      { slices: 3, apix: 10.3 },
      { slices: 3, apix: 15 },
      { slices: 1, apix: 7 },
    ])("$slices slices at $apix Å beside a tomogram of 10 Å", async ({ slices, apix }) => {
      const name = `m${slices}-${apix}`;
      const model = smallUnet(slices);
      const file = join(folder, `${name}.scnm`);
      await writeFile(file, await scnmOf(model, { title: name, apix, model_depth: slices }));
      const out = join(folder, name);
      expect(await pickbench("import", file, "--out", out)).toMatchObject({ code: 0, stderr: "" });
      const predicted = await pickbench(
        ...[
          "predict",
          join(out, `${name}.safetensors`),
          "--data",
          join(folder, "data"),
          "--out",
          join(out, "maps"),
        ],
        ...["--format", "mrc", "--voxels", "float32", "--threads", "1", "--quiet"],
      );
      expect(predicted).toMatchObject({ code: 0 });
      const maps = await readMrc(join(out, "maps", `TS_1__${name}.mrc`));
      expect(maps.shape).toEqual(shape);
      const weights = Object.fromEntries(
        [...model.weights].map(([layer, arrays]) => [
          layer,
          arrays.length === 0 ? [] : [[arrays[0]!.shape, [...arrays[0]!.data]], [...arrays[1]!.data]],
        ]),
      );
      const request = { shape, volume: [...voxels], slices, ratio: 10 / apix, weights };
      await writeFile(join(folder, "request.json"), JSON.stringify(request));
      const wanted = runPythonFile(script, join(folder, "request.json")) as number[];
      const worst = wanted.reduce((most, value, at) => Math.max(most, Math.abs(value - maps.data[at]!)), 0);
      expect(worst).toBeLessThan(5e-5);
      expect(Math.max(...wanted) - Math.min(...wanted)).toBeGreaterThan(0.3);
    });
  },
);

test("a group becomes a checkpoint a model and a feature set with Ais's rules in Å", async () => {
  const members = new Map<string, Uint8Array>();
  for (const [at, title] of ["Membrane", "Carbon", "Antibody platforms"].entries())
    members.set(
      `g_model_${at}.scnm`,
      await scnmOf(smallUnet(1), { title, emit: at === 1, absorb: at !== 1 }),
    );
  const links = [
    { parent_title: "Membrane", partner_title: "Carbon", type: 1, radius: 12.5, threshold: 0.5 },
    { parent_title: "Antibody platforms", partner_title: "Membrane", type: 0, radius: 10, threshold: 0.6 },
  ];
  members.set("g_interactions.json", Buffer.from(JSON.stringify(links)));
  const file = join(folder, "cell.scnmgroup");
  await writeFile(file, encodeTar(members));
  const out = join(folder, "group");
  const ended = await pickbench("import", file, "--out", out, "--json");
  expect(ended).toMatchObject({ code: 0 });
  expect(JSON.parse(ended.stdout)).toMatchObject({
    featureSet: join(out, "cell.yaml"),
    models: [{}, {}, {}],
  });
  expect(parse(await readFile(join(out, "cell.yaml"), "utf8"))).toEqual({
    features: ["Membrane", "Carbon", "Antibody platforms"].map((name) => ({
      name,
      colour: "#3366ff",
      model: `${name}.safetensors`,
      threshold: 0.45,
      emit: name === "Carbon",
      absorb: name !== "Carbon",
    })),
    interactions: [
      { feature: "Membrane", type: "avoid", with: "Carbon", radius: 125, threshold: 0.5 },
      { feature: "Antibody platforms", type: "colocalise", with: "Membrane", radius: 100, threshold: 0.6 },
    ],
    mode: "ais",
  });
  expect(await pickbench("import", file, "--out", out)).toMatchObject({ code: 1 });
});
