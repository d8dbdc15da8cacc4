import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { eventFileName, scalarRecord, versionRecord } from "../../../src/formats/tfevents/events.js";
import { pythonHas, runPythonFile } from "../../support/python.js";

const folder = mkdtempSync(join(tmpdir(), "tfevents-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const script = new URL("../../fixtures/formats/tfevents.py", import.meta.url).pathname;

describe.each([
  ["by hand", "struct", []],
  ["by Google's library", "google.protobuf", ["--protobuf"]],
] as const)("event files, read %s", (_, module, flags) => {
  test.skipIf(!pythonHas(module))(`hold what was written (skipped without Python's ${module})`, () => {
    const record = scalarRecord({ wallTime: 1.5, step: 300, scalars: [["a/b", 0.25]] });
    const path = join(folder, eventFileName(1795972292.7));
    const far = scalarRecord({
      wallTime: 1795972293.25,
      step: 2 ** 40,
      scalars: [
        ["train/loss", 0.1],
        ["tune/crops/f4/β", Number.MIN_VALUE],
      ],
    });
    writeFileSync(path, Buffer.concat([versionRecord(1795972292.7), record, far]));
    expect(runPythonFile(script, ...flags, path)).toEqual([
      { wall_time: 1795972292.7, step: 0, file_version: "brain.Event:2", values: [] },
      { wall_time: 1.5, step: 300, file_version: "", values: [["a/b", 0.25]] },
      {
        wall_time: 1795972293.25,
        step: 2 ** 40,
        file_version: "",
        values: [
          ["train/loss", Math.fround(0.1)],
          ["tune/crops/f4/β", 0],
        ],
      },
    ]);
  });
});
