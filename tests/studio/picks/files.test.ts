import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { joinPicks, PickTable, pickAt } from "../../../src/studio/picks/columns.js";
import { PickFiles } from "../../../src/studio/picks/files.js";

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "pick-files-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const csv = (count: number) =>
  [
    "experiment,particle_type,x,y,z",
    ...Array.from({ length: count }, (_, at) => `TS_1,ribosome,${at},0,0`),
  ].join("\n");

test("files that were not asked for longest are forgotten, where there are too many picks", async () => {
  const folder = folderOf({ "a.csv": csv(4), "b.csv": csv(3), "c.csv": csv(2), "d.csv": csv(20) });
  const files = new PickFiles(async (_, set) => set, 9);
  const read = (name: string) => files.read(join(folder, name));
  for (const name of ["a.csv", "b.csv", "c.csv", "a.csv"]) await read(name);
  expect(files.reads).toBe(3);
  await read("d.csv");
  await read("d.csv");
  expect(files.reads).toBe(4);
  for (const name of ["a.csv", "b.csv", "a.csv"]) await read(name);
  expect(files.reads).toBe(6);
});

test("two that ask at once have a file read once", async () => {
  const folder = folderOf({ "a.csv": csv(4) });
  const files = new PickFiles(async (_, set) => set);
  const [one, other] = await Promise.all([
    files.read(join(folder, "a.csv")),
    files.read(join(folder, "a.csv")),
  ]);
  expect(one).toEqual(other);
  expect(files.reads).toBe(1);
});

test("columns of files that are joined are filled where one lacks them, and become texts where one has texts", () => {
  const make = (x: number, further: Record<string, string>) => {
    const table = new PickTable();
    for (const [name, text] of Object.entries(further)) table.column(name).addText(text);
    table.add({ type: `type ${x}`, x, y: 0, z: 0, rotation: [x], instance: x });
    return table.columns();
  };
  const joined = joinPicks([
    make(1, { depth: "1.50" }),
    make(2, { lies: "3" }),
    make(3, { depth: "", lies: "ER" }),
  ]);
  expect(joined.further).toEqual([
    { name: "depth", values: Float64Array.of(1.5, Number.NaN, Number.NaN) },
    { name: "lies", values: ["", "3", "ER"] },
  ]);
  expect([0, 1, 2].map((at) => pickAt(joined, at))).toEqual(
    [1, 2, 3].map((x) => ({ type: `type ${x}`, x, y: 0, z: 0, rotation: [x], instance: x })),
  );
});
