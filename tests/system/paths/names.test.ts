import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve, sep } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { thisProcess } from "../../../src/system/owner.js";
import { checkedName, checkLinks, inside, nameFault } from "../../../src/system/paths/names.js";
import { beside, replaced } from "../../../src/system/paths/replacing.js";

const origin = { what: "type", path: "a.safetensors" };

describe("a name that becomes a path", () => {
  test.each([
    ["", "it is empty"],
    [".", "it begins with a dot"],
    ["..", "it begins with a dot"],
    ["../x", "it holds a slash"],
    ["a/b", "it holds a slash"],
    ["/etc", "it holds a slash"],
    ["a\\b", "it holds a slash"],
    ["C:\\x", "it holds a slash"],
    [".bashrc", "it begins with a dot"],
    ["a\0b", "it holds a control character"],
    ["a\nb", "it holds a control character"],
    ["a\u001b[2J", "it holds a control character"],
    ["a\u0085", "it holds a control character"],
    ["a\u202etxt", "it holds a control character"],
    ["a\ud800b", "it is not valid Unicode"],
    ["a.", "it ends in a dot or a space"],
    ["a ", "it ends in a dot or a space"],
    ["CON", "Windows keeps it for a device"],
    ["nul.mrc", "Windows keeps it for a device"],
    ["Lpt1", "Windows keeps it for a device"],
    ["a".repeat(201), "it is longer than 200 characters"],
    ["粒".repeat(86), "it is longer than 255 bytes"],
  ])("%j: %s", (name, fault) => {
    expect(nameFault(name)).toBe(fault);
    expect(() => checkedName(name, origin)).toThrow(`cannot be part of a file's name: ${fault}; rename it`);
  });

  test.each([
    "TS_1",
    "apo-ferritin",
    "20S proteasome (α)",
    "a..b",
    "console",
    "com10",
    "a:b",
    "粒".repeat(85),
    "a".repeat(200),
    "👩‍🔬",
  ])("%j may stand", (name) => {
    expect(nameFault(name)).toBeUndefined();
    expect(checkedName(name, origin)).toBe(name);
  });

  test("is shown escaped and cut, with the file that holds it and what to do", () => {
    const long = `\u001b${"a".repeat(500)}`;
    expect(() => checkedName(long, { ...origin, remedy: "give --type NAME", tag: "BadCheckpoint" })).toThrow(
      expect.objectContaining({
        tag: "BadCheckpoint",
        path: "a.safetensors",
        message: `a.safetensors: the type "\\u001b${"a".repeat(59)}…" cannot be part of a file's name: it holds a control character; give --type NAME`,
      }),
    );
  });
});

describe("a file to be written that is a link", () => {
  test("is refused where it leads out of the folder, by any way", async () => {
    const outer = mkdtempSync(join(tmpdir(), "links-"));
    onTestFinished(() => rmSync(outer, { recursive: true }));
    const folder = join(outer, "out");
    mkdirSync(join(folder, "a"), { recursive: true });
    writeFileSync(join(outer, "precious"), "");
    writeFileSync(join(folder, "kept"), "");
    symlinkSync(outer, join(folder, "elsewhere"));
    const links = {
      absolute: join(outer, "precious"),
      upwards: "../precious",
      "a/upwards": "../../precious",
      dangling: join(outer, "nothing"),
      "dangling-upwards": "../nothing",
    };
    for (const [name, target] of Object.entries(links)) {
      symlinkSync(target, join(folder, name));
      await expect(checkLinks(folder, [join(folder, "kept"), join(folder, name)])).rejects.toThrow(
        `${join(folder, name)} is a link that leads out of ${folder}, to `,
      );
    }
    symlinkSync("kept", join(folder, "inner"));
    await checkLinks(
      folder,
      ["kept", "inner", "absent", "elsewhere/precious"].map((name) => join(folder, name)),
    );
  });
});

describe("a path inside a folder", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "names-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(["out", "out/", ".", "/", "../out", "a/../b"])("lies in %s, one step down a name", (given) => {
    expect(resolve(inside(given, "x.mrc", origin))).toBe(resolve(given, "x.mrc"));
    expect(resolve(inside(given, ["a", "b"], origin))).toBe(resolve(given, `a${sep}b`));
  });

  test("is refused for each name that the gate refuses, at every step", () => {
    for (const bad of ["..", "a/../../b", "", "."]) {
      expect(() => inside("out", bad, origin)).toThrow("cannot be part of a file's name");
      expect(() => inside("out", ["a", bad], origin)).toThrow("cannot be part of a file's name");
    }
  });

  test("leaves room for the temporary names that files and folders are written under", async () => {
    expect(() => inside(folder, "粒".repeat(69), origin)).toThrow("it is too long for a file");
    for (const longest of ["a".repeat(200), "粒".repeat(68)]) {
      const place = inside(folder, longest, origin);
      for (let time = 0; time < 2; time++)
        await replaced(place, async (partial) => void (await mkdir(partial)));
      expect(existsSync(place)).toBe(true);
    }
    const ours = thisProcess();
    const { partial, discard } = await beside(join(folder, "x"));
    const grown = partial.length - join(folder, "x").length;
    const digits = "4194304".length + 12 - String(ours.pid).length - String(ours.started).length;
    await discard();
    expect(205 + grown + digits + "-gone".length).toBe(255);
  });
});
