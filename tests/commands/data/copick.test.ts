import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { pickbench } from "../../support/commandLine.js";
import { temporaryFolder, writeTree } from "../../support/storeFixtures.js";

const picks = (name?: string) =>
  JSON.stringify({
    points: [{ location: { x: 1, y: 2, z: 3 } }],
    ...(name ? { pickable_object_name: name } : {}),
  });

/** A data set without a configuration, with picks of these files' names. */
const dataOf = (files: Readonly<Record<string, string>>) =>
  writeTree(
    temporaryFolder(),
    Object.fromEntries(
      Object.entries(files).map(([name, text]) => [`overlay/ExperimentRuns/TS_1/Picks/${name}`, text]),
    ),
  );

interface Project {
  readonly pickable_objects: { name: string; radius: number | null; label: number }[];
}

test("types that lie in Picks/ and are not the challenge's are listed, with the radius to fill in", async () => {
  const data = dataOf({
    "ribosome.json": picks(),
    "user_1_membrane.json": picks("membrane"),
    "user_1_fas_large.json": picks(),
    "my_own_complex.json": picks("my_own_complex"),
  });
  const out = join(data, "copick.json");
  const { code, stdout } = await pickbench("copick", "--data", data, "--out", out);
  expect(code).toBe(0);
  expect(stdout).toContain("4 particles");
  expect(stdout).toContain("membrane: radius null; write its radius in Å there, or take it out");
  const project = JSON.parse(readFileSync(out, "utf8")) as Project;
  expect(project.pickable_objects.map(({ name, radius, label }) => [name, radius, label])).toEqual([
    ["ribosome", 150, 1],
    ["fas_large", null, 2],
    ["membrane", null, 3],
    ["my_own_complex", null, 4],
  ]);
  await expect(openDataset(out)).rejects.toThrow(
    /fas_large has no radius; write it in Å, or take the object out/,
  );
  for (const object of project.pickable_objects) object.radius ??= 80;
  writeFileSync(out, JSON.stringify(project));
  expect((await openDataset(out)).particles.map(({ radius }) => radius)).toEqual([150, 80, 80, 80]);
  const inspected = await pickbench("inspect", "--data", data, "--quick");
  expect(inspected.stdout).toMatch(
    /membrane.json is named after none .* pickbench copick writes a configuration/,
  );
});

test("the challenge's six where all picks are of them", async () => {
  const data = dataOf({ "ribosome.json": picks() });
  const { stdout } = await pickbench("copick", "--data", data, "--out", join(data, "c.json"), "--json");
  expect((JSON.parse(stdout) as Project).pickable_objects.length).toBe(6);
});
