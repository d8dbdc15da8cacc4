import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { lineBlocksOf } from "../../src/formats/lines.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pickbench-lines-"));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const mebibyte = 1 << 20;

test("blocks end with lines, and are the file together, however long its lines", async () => {
  const path = join(folder, "lines.csv");
  const parts = ["short\n", `${"a".repeat(3 * mebibyte)}\n`, "b\r\n".repeat(mebibyte), "no end"];
  await writeFile(path, parts.join(""));
  const blocks = [...lineBlocksOf(path)].map((block) => block.toString());
  expect(blocks.join("") === parts.join("")).toBe(true);
  expect(blocks.slice(0, -1).every((block) => block.endsWith("\n"))).toBe(true);
  expect(blocks.at(-1)).toBe("no end");
});

test("a line of many blocks is copied once, as where a lost disk left zeros", async () => {
  const path = join(folder, "zeros.csv");
  await writeFile(path, Buffer.concat([Buffer.from("x,y,z\n"), Buffer.alloc(16 * mebibyte)]));
  const concat = vi.spyOn(Buffer, "concat");
  const blocks = [...lineBlocksOf(path)];
  expect(blocks.map(({ length }) => length)).toEqual([6, 16 * mebibyte]);
  const copied = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
  expect(copied).toBe(16 * mebibyte + 6);
});
