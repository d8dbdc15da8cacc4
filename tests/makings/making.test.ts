import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fingerprintOf } from "../../src/makings/fingerprint.js";
import { addInputs, beginMaking, endMaking, placeNow } from "../../src/makings/making.js";
import { type Making, readMakings } from "../../src/makings/sidecar.js";

vi.mock("../../src/domain/environment.js", () => ({
  programVersion: async () => ({ commit: null, dirty: null, lockfileHash: null }),
  versions: async () => ({ pickbench: "0.1.0", node: "24.0.0", onnxruntime: null }),
  machine: () => ({ cpu: "c", cores: 2, memoryBytes: 1, os: "linux" }),
}));

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

async function put(path: string, content: string): Promise<string> {
  await mkdir(join(at(path), ".."), { recursive: true });
  await writeFile(at(path), content);
  return at(path);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "making-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const input = (path: string, option = "data") => ({ option, path });
const output = (path: string) => ({ option: "out", path });

async function made(path: string): Promise<Making> {
  return (await readMakings(path))!.at(-1)!;
}

describe("a making", () => {
  it("holds the command, what it read and what it wrote, with hashes and places that are found again", async () => {
    const data = await put("data/a", "one");
    const command = ["predict", "--data", at("data"), "--out", at("out"), "--quiet", "--json"];
    const begun = await beginMaking(command, [input(at("data"))], [at("out")], ["TS_1"]);
    await put("out/b", "two");
    await endMaking(begun, [output(at("out"))]);
    const making = await made(at("out"));
    expect(making.command).toEqual(["predict", "--data", at("data"), "--out", at("out")]);
    expect(making.runs).toEqual(["TS_1"]);
    const [read] = making.inputs;
    expect(read).toMatchObject({ option: "data", kind: "folder", files: 1, bytes: 3 });
    expect(read!.sha256).toBe((await fingerprintOf(at("data")))!.sha256);
    expect(placeNow(at("out"), making, read!)).toBe(at("data"));
    expect(making.outputs[0]!.sha256).toBe((await fingerprintOf(at("out")))!.sha256);
    expect(await readFile(data, "utf8")).toBe("one");
  });

  it("names the home by ~, and a place relative to where the command ran", async () => {
    const home = join(homedir(), "some-data-that-is-not-there");
    const begun = await beginMaking(["x", home], [input(home)], [], undefined);
    await put("out", "two");
    await endMaking(begun, [output(at("out"))]);
    const making = await made(at("out"));
    expect(making.command).toEqual(["x", "~/some-data-that-is-not-there"]);
    expect(making.inputs).toEqual([{ option: "data", path: "~/some-data-that-is-not-there", kind: "name" }]);
    expect(placeNow(at("out"), making, making.inputs[0]!)).toBe(home);
    expect(placeNow(at("out"), making, { path: "here" })).toBe(join(process.cwd(), "here"));
  });

  it("holds no hash of what has changed meanwhile", async () => {
    await put("data/a", "one");
    await put("data/b", "two");
    const begun = await beginMaking(["x"], [input(at("data")), input(at("data/b"))], [], undefined);
    await put("data/a", "changed");
    await put("out", "two");
    await endMaking(begun, [output(at("out"))]);
    const [changed, same] = (await made(at("out"))).inputs;
    expect(changed).toEqual({ option: "data", path: at("data"), kind: "folder", files: 2, bytes: 6 });
    expect(same!.sha256).toBeDefined();
  });

  it("does not count what it writes into what it reads, not even where it finds that out late", async () => {
    await put("run/a", "one");
    const alone = await fingerprintOf(at("run"));
    await put("run/report.html", "an older one");
    const begun = await beginMaking(["report"], [input(at("run"))], [], undefined);
    await put("run/report.html", "a new one");
    await endMaking(begun, [output(at("run/report.html"))]);
    expect((await made(at("run/report.html"))).inputs[0]!.sha256).toBe(alone!.sha256);
  });

  it("knows a file that it wrote over as it was before", async () => {
    await put("picks.csv", "before");
    const before = await fingerprintOf(at("picks.csv"));
    const begun = await beginMaking(["context"], [input(at("picks.csv"))], [at("picks.csv")], undefined);
    await put("picks.csv", "after");
    await endMaking(begun, [output(at("picks.csv"))]);
    const making = await made(at("picks.csv"));
    expect(making.inputs[0]!.sha256).toBe(before!.sha256);
    expect(making.outputs[0]!.sha256).not.toBe(before!.sha256);
  });

  it("takes names, addresses and paths with something behind for what they are", async () => {
    await put("maps", "x");
    await put("model.safetensors", "weights");
    await put("m.json", "manifest");
    const inputs = [
      input("https://example.org/data"),
      input(`${at("maps")}@ais_1`),
      input(`${at("maps")}:0.5`),
      input(`${at("m.json")}#test`),
      input(`${at("maps")}#test`),
      { option: "from", path: "solution", meant: at("model.safetensors") },
    ];
    const begun = await beginMaking(["x"], inputs, [], undefined);
    await put("out", "two");
    await endMaking(await addInputs(begun, [input("membrane")]), [output(at("out")), output(at("none"))]);
    const making = await made(at("out"));
    expect(making.inputs.map(({ path, kind }) => [path, kind])).toEqual([
      ["https://example.org/data", "name"],
      [at("maps"), "file"],
      [at("maps"), "file"],
      [at("m.json"), "file"],
      [`${at("maps")}#test`, "name"],
      ["solution", "name"],
      ["membrane", "name"],
    ]);
    expect(making.inputs[5]!.sha256).toBe((await fingerprintOf(at("model.safetensors")))!.sha256);
    expect(making.outputs.map(({ path }) => path)).toEqual([at("out")]);
    expect(await readMakings(at("none"))).toBeUndefined();
  });

  it("takes the hash of an input from its sidecar where it has not been touched since", async () => {
    await put("data/a", "one");
    await endMaking(await beginMaking(["simulate"], [], [at("data")], undefined), [output(at("data"))]);
    const sidecar = `${at("data")}.made.json`;
    const told = (await readFile(sidecar, "utf8")).replace(
      /"sha256": "\w{64}"/,
      `"sha256": "${"0".repeat(64)}"`,
    );
    await writeFile(sidecar, told);
    const read = async () => {
      const begun = await beginMaking(["x"], [input(at("data"))], [], undefined);
      await put("out", "two");
      await endMaking(begun, [output(at("out"))]);
      return (await made(at("out"))).inputs[0]!.sha256;
    };
    expect(await read()).toBe("0".repeat(64));
    await utimes(at("data", "a"), 1, 1);
    expect(await read()).toBe((await fingerprintOf(at("data")))!.sha256);
  });
});
