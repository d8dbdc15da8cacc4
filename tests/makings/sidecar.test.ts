import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addMaking, type Making, readMakings, sidecarOf } from "../../src/makings/sidecar.js";
import { isSidecar } from "../../src/system/paths/sidecar.js";

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sidecar-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const making = (command: string[], changes: Partial<Making> = {}): Making => ({
  command,
  folder: ".",
  inputs: [{ option: "data", path: "data", kind: "folder", sha256: "a".repeat(64), stamp: "b".repeat(64) }],
  outputs: [],
  code: { commit: null, dirty: null, lockfileHash: null },
  versions: { pickbench: "0.1.0", node: "24.0.0", onnxruntime: null },
  machine: { cpu: "c", cores: 2, memoryBytes: 1, os: "linux" },
  startedAt: "2026-11-30T00:00:00.000Z",
  finishedAt: "2026-11-30T00:00:01.000Z",
  ...changes,
});

const commands = async (output: string) =>
  (await readMakings(output))?.map(({ command }) => command.join(" "));

describe("a sidecar", () => {
  it("lies beside its output, be it a file or a folder, and reads back as written", async () => {
    expect(sidecarOf(`${at("out")}/`)).toBe(at("out.made.json"));
    expect(await readMakings(at("out"))).toBeUndefined();
    const made = making(["predict", "--runs", "TS_1"], { runs: ["TS_1"] });
    await addMaking(at("out"), "folder", made);
    expect(await readdir(folder)).toEqual(["out.made.json"]);
    expect(isSidecar(at("out.made.json"))).toBe(true);
    expect(await readMakings(at("out"))).toEqual([made]);
  });

  it("of a file names its last maker; of a folder every one, each command once", async () => {
    for (const name of ["a", "b", "a"]) {
      await addMaking(at("file"), "file", making([name]));
      await addMaking(at("folder"), "folder", making([name]));
    }
    expect(await commands(at("file"))).toEqual(["a"]);
    expect(await commands(at("folder"))).toEqual(["b", "a"]);
  });

  it("of a folder that was replaced forgets who made what is gone", async () => {
    const [first, second] = [{ runs: ["TS_1"] }, { runs: ["TS_2"] }];
    await addMaking(at("out"), "folder", making(["a"], first));
    await addMaking(at("out"), "folder", making(["b"], second));
    await addMaking(at("out"), "folder", making(["c"], first), true);
    expect(await commands(at("out"))).toEqual(["b", "c"]);
    await addMaking(at("out"), "folder", making(["d"]), true);
    expect(await commands(at("out"))).toEqual(["d"]);
  });

  it.each([
    ["{", "remove it"],
    ['{"madeVersion": 2, "makings": []}', "madeVersion"],
    ['{"madeVersion": 1, "makings": []}', "makings"],
    [JSON.stringify({ madeVersion: 1, makings: [{ ...making(["a"]), inputs: "x" }] }), "makings.0.inputs"],
    [JSON.stringify({ madeVersion: 1, makings: [making(["a"])], more: 1 }), "more"],
  ])("that is broken is refused in one sentence: %s", async (text, said) => {
    await writeFile(at("out.made.json"), text);
    await expect(readMakings(at("out"))).rejects.toThrow(said);
    await expect(readMakings(at("out"))).rejects.toMatchObject({ tag: "BadDataset" });
  });

  it("never takes the place of a folder", async () => {
    await mkdir(at("out.made.json/inside"), { recursive: true });
    await expect(addMaking(at("out"), "file", making(["a"]))).rejects.toThrow("is a folder");
    expect(await readdir(at("out.made.json"))).toEqual(["inside"]);
  });

  it("that is broken is replaced by the next maker", async () => {
    await writeFile(at("out.made.json"), "{");
    await addMaking(at("out"), "folder", making(["a"]));
    expect(await commands(at("out"))).toEqual(["a"]);
  });
});
