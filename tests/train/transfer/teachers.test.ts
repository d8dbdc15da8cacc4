import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { unknownLineage } from "../../../src/train/checkpoint/lineage.js";
import { noteTeachers, readTeachers } from "../../../src/train/transfer/teachers.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

it("lineages of several teachers are noted one after another, each training once", async () => {
  const folder = temporaryFolder();
  expect(await readTeachers(folder)).toBeNull();
  const [one, two] = [unknownLineage("one"), unknownLineage("two")];
  await noteTeachers(folder, one);
  await noteTeachers(folder, [...two, ...one]);
  expect(await readTeachers(folder)).toEqual({
    path: join(folder, "lineage.json"),
    lineage: [...one, ...two],
  });
  const text = readFileSync(join(folder, "lineage.json"), "utf8");
  await noteTeachers(folder, two);
  expect(readFileSync(join(folder, "lineage.json"), "utf8")).toBe(text);
});

it.each(["{}", "[]", '[{"experiment": 3}]', "not JSON"])("%s is refused", async (text) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "lineage.json"), text);
  await expect(readTeachers(folder)).rejects.toMatchObject({ tag: "BadDataset" });
  await expect(noteTeachers(folder, unknownLineage("one"))).rejects.toThrow(/lineage\.json/);
  expect(readFileSync(join(folder, "lineage.json"), "utf8")).toBe(text);
});
