/** What the system says reaches users in plain words. */
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { messageOf } from "../../src/system/errors.js";
import { nearest, suggestion } from "../../src/system/nearest.js";

test("a system error is said in plain words, any other as it is", async () => {
  const thrown = (work: Promise<unknown>) => work.catch((error: unknown) => messageOf(error));
  expect(await thrown(readFile(join(tmpdir(), "not", "there")))).toBe("it does not exist");
  expect(await thrown(readFile(tmpdir()))).toBe("it is a folder, not a file");
  expect(await thrown(writeFile(join(import.meta.filename, "below"), ""))).toBe(
    "a part of its path is a file, not a folder",
  );
  expect(messageOf(Object.assign(new Error("ENOENT: as it is"), { code: "ENOENT" }))).toBe(
    "ENOENT: as it is",
  );
  expect(messageOf("text")).toBe("text");
});

test("the nearest word is the one that was meant", () => {
  const known = ["run", "train", "tune", "predict", "portal", "optimiser", "virus-like-particle"];
  expect(nearest("rnu", known)).toBe("run");
  expect(nearest("trian", known)).toBe("train");
  expect(nearest("optimizer", known)).toBe("optimiser");
  expect(nearest("OPTIMISER", known)).toBe("optimiser");
  expect(nearest("pred", known)).toBe("predict");
  expect(nearest("xyz", known)).toBeUndefined();
  expect(nearest("", known)).toBeUndefined();
  expect(suggestion("tun", known, "--")).toBe("; did you mean --tune?");
  expect(suggestion("xyz", known)).toBe("");
});
