/** Zarr stores of zarr-python, and temporary folders. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

const fixtures = new URL("../fixtures/data/", import.meta.url);

/** Stores that stores.py made with zarr-python: name → path → base64. */
export const stores: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(new URL("stores.json", fixtures), "utf8"),
);

export const fixture = (name: string): Buffer => readFileSync(new URL(name, fixtures));

/** Makes an empty folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pickbench-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files (text or bytes by path) under a folder; returns the folder. */
export function writeTree(folder: string, files: Record<string, string | Uint8Array>): string {
  for (const [path, content] of Object.entries(files)) {
    const full = join(folder, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
  }
  return folder;
}

/** Unpacks a store of stores.json; returns its folder. */
export function unpackStore(name: string, folder = join(temporaryFolder(), "denoised.zarr")): string {
  const store = stores[name];
  if (!store) throw new Error(`no store ${name}`);
  const files = Object.entries(store).map(([path, text]) => [path, Buffer.from(text, "base64")] as const);
  return writeTree(folder, Object.fromEntries(files));
}
