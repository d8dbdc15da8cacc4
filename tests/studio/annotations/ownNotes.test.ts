import { chmod, mkdir, mkdtemp, readdir, readFile, rename, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { addressLeft, keepAddress } from "../../../src/studio/annotations/address.js";
import { notePath, readNote, removeNote, writeNote } from "../../../src/studio/annotations/ownNotes.js";
import { sessionFolder } from "../../../src/studio/annotations/places.js";

const token = "a".repeat(32);
const url = `http://127.0.0.1:4321/${token}`;
const anna = { userId: "anna", sessionId: "1" };
let overlayRoot: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "notes-"));
  vi.stubEnv("PICKBENCH_CACHE", join(folder, "cache"));
  overlayRoot = join(folder, "data");
  await mkdir(sessionFolder({ ...anna, overlayRoot }), { recursive: true });
  return () => vi.unstubAllEnvs();
});
const annotator = () => ({ ...anna, overlayRoot });
const kept = () => notePath(annotator(), "address");

describe("a studio's notes for the next one", () => {
  test("lie in the user's cache, readable by nobody else, whatever path leads to the data set", async () => {
    await keepAddress(annotator(), url);
    expect(await readdir(sessionFolder(annotator()))).toEqual([]);
    expect((await stat(await kept())).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(await kept()))).mode & 0o777).toBe(0o700);
    expect(await addressLeft(annotator())).toEqual({ port: 4321, token });
    await symlink(overlayRoot, `${overlayRoot}-link`);
    expect(await addressLeft({ ...anna, overlayRoot: `${overlayRoot}-link` })).toEqual({ port: 4321, token });
    expect(await addressLeft({ ...annotator(), sessionId: "2" })).toBeUndefined();
    await removeNote(await kept());
    expect(await addressLeft(annotator())).toBeUndefined();
  });

  test("are not taken from the data set, nor where anybody else could have written them", async () => {
    const planted = JSON.stringify({ port: 4321, token });
    await writeFile(join(sessionFolder(annotator()), "address.json"), planted, { mode: 0o600 });
    expect(await addressLeft(annotator())).toBeUndefined();

    await keepAddress(annotator(), url);
    const path = await kept();
    const isRead = async () => (await readNote(path)) !== undefined;
    await chmod(path, 0o620);
    expect(await isRead()).toBe(false);
    await chmod(path, 0o600);
    await chmod(dirname(path), 0o770);
    expect(await isRead()).toBe(false);
    await writeNote(path, "more");
    expect(await readFile(path, "utf8")).toContain(token);
    await chmod(dirname(path), 0o700);
    expect(await isRead()).toBe(true);
    const asked = vi.spyOn(process, "getuid").mockReturnValue((process.getuid?.() ?? 0) + 1);
    expect(await isRead()).toBe(false);
    asked.mockRestore();
    await rename(path, `${path}.real`);
    await symlink(`${path}.real`, path);
    expect(await isRead()).toBe(false);
  });

  test("are done without where none can be left", async () => {
    await writeFile(join(overlayRoot, "file"), "");
    vi.stubEnv("PICKBENCH_CACHE", join(overlayRoot, "file", "cache"));
    await keepAddress(annotator(), url);
    expect(await addressLeft(annotator())).toBeUndefined();
    await removeNote(await kept());
  });
});
