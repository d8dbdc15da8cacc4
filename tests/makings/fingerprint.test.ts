import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fingerprintOf, isAsNoted, ofOutput, standingAt } from "../../src/makings/fingerprint.js";
import { hashOf } from "../../src/system/files.js";

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

async function put(path: string, content: string): Promise<void> {
  await mkdir(join(at(path), ".."), { recursive: true });
  await writeFile(at(path), content);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fingerprint-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("a fingerprint", () => {
  it("of a file is its SHA-256, and of nothing there is none", async () => {
    await put("a.csv", "x");
    expect(await fingerprintOf(at("a.csv"))).toMatchObject({
      ...{ kind: "file", files: 1, bytes: 1 },
      sha256: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    });
    expect(await fingerprintOf(at("b.csv"))).toBeUndefined();
    expect(await fingerprintOf(at("a.csv", "inside"))).toBeUndefined();
  });

  it("of a folder is of its files' paths, sizes and contents, sorted by path", async () => {
    await put("data/b/2", "two");
    await put("data/a", "one");
    const hash = (text: string) => hashOf(text);
    expect((await fingerprintOf(at("data")))!.sha256).toBe(
      hashOf(`[["a",3,"${hash("one")}"],["b/2",3,"${hash("two")}"]]`),
    );
    await put("same/a", "one");
    await put("same/b/2", "two");
    // The file system's clock may stand still for some milliseconds.
    await utimes(at("same/a"), new Date(0), new Date(0));
    const [data, same] = [await fingerprintOf(at("data")), await fingerprintOf(at("same"))];
    expect(same!.sha256).toBe(data!.sha256);
    expect(same!.stamp).not.toBe(data!.stamp);
  });

  it("leaves out hidden files and sidecars, but not Zarr's own", async () => {
    await put("data/a", "one");
    const before = await fingerprintOf(at("data"));
    await put("data/.DS_Store", "x");
    await put("data/a.made.json", "{}");
    expect(await fingerprintOf(at("data"))).toEqual(before);
    await put("data/.zattrs", "{}");
    expect((await fingerprintOf(at("data")))!.files).toBe(2);
  });

  it("follows links, but never in a circle, and passes over those that lead nowhere", async () => {
    await put("outside/x", "linked");
    await put("data/a", "one");
    await symlink(at("outside"), at("data", "link"));
    await symlink(at("data"), at("data", "circle"));
    await symlink(at("nowhere"), at("data", "broken"));
    await symlink("itself", at("data", "itself"));
    expect(await standingAt(at("data"))).toMatchObject({ files: 2, bytes: 9 });
    expect(await standingAt(at("data", "itself"))).toBeUndefined();
  });

  it("leaves out what does not count, unless that holds all that is asked for", async () => {
    await put("data/a", "one");
    const alone = await fingerprintOf(at("data"));
    await put("data/out/b", "two");
    await put("data/outer", "three");
    const without = [at("data", "out"), at("data", "outer")];
    expect(await fingerprintOf(at("data"), { without })).toEqual(alone);
    expect((await standingAt(at("data"), { without: [folder] }))!.files).toBe(3);
    expect((await standingAt(at("data"), { without: [at("data")] }))!.files).toBe(3);
  });

  it("of an output leaves out what others have added with sidecars of their own", async () => {
    await put("run/a", "one");
    const alone = await fingerprintOf(at("run"), ofOutput);
    await put("run/report.html", "page");
    await put("run/log/table", "table");
    for (const name of ["report.html", "log"]) await put(`run/${name}.made.json`, "{}");
    expect(await fingerprintOf(at("run"), ofOutput)).toEqual(alone);
    expect((await fingerprintOf(at("run")))!.files).toBe(3);
    await put("run/b", "two");
    expect((await fingerprintOf(at("run"), ofOutput))!.files).toBe(2);
  });

  it("of some runs counts the files whose paths name them, or all where none does", async () => {
    for (const name of ["TS_1/x", "TS_10/x", "ExperimentRuns/TS_1.zarr/0", "TS_1_picks.csv", "notes"])
      await put(`data/${name}`, "x");
    expect((await standingAt(at("data"), { runs: ["TS_1"] }))!.files).toBe(3);
    expect((await standingAt(at("data"), { runs: ["TS_9"] }))!.files).toBe(5);
    expect((await standingAt(at("data"), { runs: ["TS_10"] }))!.files).toBe(1);
  });
});

describe("what was noted", () => {
  it("is the same after a touch, and another after a change of the same size", async () => {
    await put("data/a", "one");
    const noted = (await fingerprintOf(at("data")))!;
    await utimes(at("data", "a"), 1, 1);
    expect((await standingAt(at("data")))!.stamp).not.toBe(noted.stamp);
    expect(await isAsNoted(at("data"), noted)).toBe(true);
    await put("data/a", "two");
    await utimes(at("data", "a"), 2, 2);
    expect(await isAsNoted(at("data"), noted)).toBe(false);
    await rm(at("data"), { recursive: true });
    expect(await isAsNoted(at("data"), noted)).toBe(false);
  });

  it.skipIf(process.getuid?.() === 0)("of a folder that cannot be listed is an error", async () => {
    await put("data/closed/a", "one");
    await chmod(at("data", "closed"), 0);
    await expect(standingAt(at("data"))).rejects.toThrow("EACCES");
    await chmod(at("data", "closed"), 0o700);
  });
});
