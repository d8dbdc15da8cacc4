import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { writeFolderWhole, writeWhole } from "../../../src/system/files.js";
import { thisProcess } from "../../../src/system/owner.js";
import { beside, isThere, makeFolders, replaced, settle } from "../../../src/system/paths/replacing.js";

let root: string;
let folder: string;
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "replacing-"));
});
beforeEach(async () => {
  folder = join(root, String(count++));
  await mkdir(folder);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const at = (...names: string[]) => join(folder, ...names);

/** The end of a name that a process left: a number above the kernel's greatest, so that it cannot run. */
const gone = `999999999-5-${thisProcess().machine}-00ff00`;

/** Files below a folder with their content. */
async function contentOf(path: string): Promise<Record<string, string>> {
  const names = (await readdir(path, { recursive: true })).sort();
  const files = await Promise.all(
    names.map(async (name) =>
      (await stat(join(path, name))).isFile() ? [[name, await readFile(join(path, name), "utf8")]] : [],
    ),
  );
  return Object.fromEntries(files.flat());
}

it("puts an old folder back that a process was replacing when it was killed, and removes what it had begun", async () => {
  await mkdir(at(`a.zarr.partial-old-${gone}`));
  await writeFile(at(`a.zarr.partial-old-${gone}`, "0"), "old");
  await mkdir(at(`a.zarr.partial-${gone}`));
  await writeFile(at(`a.zarr.partial-${gone}`, "0"), "half");
  await settle(folder);
  expect(await contentOf(folder)).toEqual({ "a.zarr/0": "old" });
});

it("finds a folder that is put back", async () => {
  await mkdir(at(`b.zarr.partial-old-${gone}`));
  expect(await isThere(at("b.zarr"))).toBe(true);
  expect(await isThere(at("c.zarr"))).toBe(false);
});

it("removes an old folder whose new one is in place, and one that was being removed in any case", async () => {
  await mkdir(at("a.zarr"));
  await writeFile(at("a.zarr", "0"), "new");
  for (const [name, role] of [
    ["a.zarr", "partial-old"],
    ["b.zarr", "partial-gone"],
  ]) {
    await mkdir(at(`${name}.${role}-${gone}`));
    await writeFile(at(`${name}.${role}-${gone}`, "0"), "old");
  }
  await settle(folder);
  expect(await contentOf(folder)).toEqual({ "a.zarr/0": "new" });
});

it("leaves alone what another process or machine is writing, and what only looks alike", async () => {
  const names = [
    `a.partial-${process.pid}-${thisProcess().started}-${thisProcess().machine}-00ff00`,
    "a.partial-999999999-5-00000000-00ff00",
    "a.partial-12",
    "partial-old",
  ];
  for (const name of names) await writeFile(at(name), "");
  await settle(folder);
  expect((await readdir(folder)).sort()).toEqual([...names].sort());
});

it("settles before it writes", async () => {
  await writeFile(at(`a.csv.partial-${gone}`), "half");
  await writeWhole(at("b.csv"), "whole");
  expect(await contentOf(folder)).toEqual({ "b.csv": "whole" });
});

it("has the old folder in place, or beside its place, at every moment of replacing it", async () => {
  const write = (text: string) =>
    writeFolderWhole(at("store"), async (partial) => {
      for (let i = 0; i < 20; i++) await writeFile(join(partial, String(i)), text);
    });
  await write("old");
  let isDone = false;
  const replacing = write("new").finally(() => {
    isDone = true;
  });
  const seen = new Set<string>();
  while (!isDone) {
    const names = await readdir(folder);
    const whole = names.filter((name) => name === "store" || name.includes(".partial-old-"));
    if (whole.length === 0) seen.add("neither");
    const texts = await contentOf(at("store")).catch(() => ({}));
    const count = Object.keys(texts).length;
    if (count > 0 && count < 20) seen.add(`${count} of 20 files`);
  }
  await replacing;
  expect([...seen]).toEqual([]);
  expect(await readdir(folder)).toEqual(["store"]);
  expect(new Set(Object.values(await contentOf(at("store"))))).toEqual(new Set(["new"]));
});

it("puts the old folder back where the new one cannot follow, and leaves nothing", async () => {
  await mkdir(at("store"));
  await writeFile(at("store", "0"), "old");
  const unfinished = await beside(at("store"));
  await mkdir(unfinished.partial);
  await rm(unfinished.partial, { recursive: true });
  await expect(unfinished.finish()).rejects.toThrow(/store: it does not exist/);
  await unfinished.discard();
  expect(await contentOf(folder)).toEqual({ "store/0": "old" });
});

it("leaves nothing of what failed, and names the place", async () => {
  const fill = async (partial: string) => {
    await writeFile(partial, "half");
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      syscall: "write",
    });
  };
  await expect(replaced(at("a.csv"), fill)).rejects.toMatchObject({
    tag: "System",
    path: at("a.csv"),
    message: `${at("a.csv")}: the disk is full; make room, or name another place`,
  });
  expect(await readdir(folder)).toEqual([]);
});

it("follows a link to a file, and keeps the file's permissions", async () => {
  await writeFile(at("real"), "old");
  await chmod(at("real"), 0o640);
  await symlink("real", at("link"));
  await writeWhole(at("link"), "new");
  expect((await lstat(at("link"))).isSymbolicLink()).toBe(true);
  expect(await readFile(at("real"), "utf8")).toBe("new");
  expect((await stat(at("real"))).mode & 0o777).toBe(0o640);
});

it("makes folders, says the highest that was missing, and ends below one that takes none", async () => {
  expect(await makeFolders(at("a", "b", "c"))).toBe(at("a"));
  expect(await makeFolders(at("a", "b", "c"))).toBeUndefined();
  expect(await makeFolders(at("a", "b", "d"))).toBe(at("a", "b", "d"));
  await writeFile(at("file"), "");
  await expect(makeFolders(at("file", "x"))).rejects.toMatchObject({ code: "ENOTDIR" });
  await expect(makeFolders(at("file"))).rejects.toMatchObject({ code: "EEXIST" });
  if (process.platform === "linux") await expect(makeFolders("/proc/x/y")).rejects.toThrow();
});
