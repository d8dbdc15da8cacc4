import { expect, test } from "vitest";
import { readRuns } from "../../../src/bench/changes/document.js";
import { figureOf } from "../../../src/bench/changes/figures.js";
import { timedNames } from "../../../src/bench/table.js";

test("what CI compares with says its kind of processor, and has ratios of enough repetitions of all that is short", async () => {
  const runs = await readRuns("bench/kept.jsonl");
  for (const { machine, versions, rows } of runs) {
    expect(machine.processor).toBeDefined();
    expect(Object.keys(versions)).toEqual(expect.arrayContaining(["torch", "scipy", "zarr-python"]));
    const things = rows.flatMap((row) =>
      timedNames(row).map((name) => [row.part, row.net ?? row.peer, row.threads, name].join(" ")),
    );
    expect(things).toEqual([
      ...["networks baseline 1 train", "networks baseline 1 infer"],
      ...["networks plain 1 train", "networks plain 1 infer"],
      ...["read zarr-python  read", "read zarrita  read"],
      ...["score scipy  process", "score scipy  score"],
    ]);
    for (const row of rows)
      for (const name of timedNames(row))
        expect(figureOf(row, name, "ratio")!.repetitions).toBeGreaterThanOrEqual(5);
  }
});
