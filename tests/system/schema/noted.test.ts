import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { readNoted } from "../../../src/system/schema/noted.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

const schema = z.strictObject({ runs: z.number() });

describe("a note", () => {
  test.each([
    ['{"runs":3}\n', { runs: 3 }],
    ['{"runs":3', undefined],
    ['{"runs":"3"}', undefined],
    ['{"runs":3,"more":1}', undefined],
    ["", undefined],
  ])("%j is read as %o", async (text, expected) => {
    const path = join(temporaryFolder(), "note.json");
    writeFileSync(path, text);
    expect(await readNoted(path, schema)).toEqual(expected);
  });

  test("is undefined where there is none, and what is no file is an error", async () => {
    const path = join(temporaryFolder(), "note.json");
    expect(await readNoted(path, schema)).toBeUndefined();
    mkdirSync(path);
    await expect(readNoted(path, schema)).rejects.toThrow("EISDIR");
  });
});
