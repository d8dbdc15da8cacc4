import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeTar, openTar, tarOf, writeTar } from "../../src/formats/tar.js";
import { limits } from "../../src/system/limits.js";
import { pythonHas } from "../support/python.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-tar-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const files = new Map<string, Uint8Array>([
  ["a.txt", Buffer.from("hello")],
  ["empty", Buffer.alloc(0)],
  ["deep/er/block", Buffer.alloc(512, 7)],
  [`${"d".repeat(90)}/${"n".repeat(80)}`, Buffer.from("split name")],
]);

const contents = async (path: string): Promise<Map<string, string>> => {
  const archive = await openTar(path, "a test");
  const read = new Map<string, string>();
  for (const member of archive.members)
    read.set(member.name, (await archive.read(member)).toString("latin1"));
  await archive.close();
  return read;
};
const wanted = new Map([...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString("latin1")]));

test("what is written is read again", async () => {
  const path = join(folder, "own.tar");
  await writeTar(path, files);
  expect(await contents(path)).toEqual(wanted);
});

test("more members than the limit are refused", async () => {
  const path = join(folder, "many.tar");
  const names = Array.from({ length: limits.archiveMembers.most + 1 }, (_, at) => [
    `f${at}`,
    Buffer.alloc(0),
  ]);
  await writeTar(path, new Map(names as [string, Uint8Array][]));
  await expect(openTar(path, "a test")).rejects.toThrow("100,001 files; at most 100,000 are read");
});

describe.skipIf(!pythonHas("tarfile"))("beside Python's tarfile", () => {
  const python = (code: string, ...args: string[]): string =>
    execFileSync("/usr/bin/python3", ["-c", `import sys, tarfile, io\n${code}`, ...args], {
      encoding: "utf8",
    });

  test("it reads what is written here", async () => {
    const path = join(folder, "own.tar");
    await writeTar(path, files);
    const names = python("print('\\n'.join(f'{m.name} {m.size}' for m in tarfile.open(sys.argv[1])))", path);
    expect(names.trim().split("\n")).toEqual([...files].map(([name, { length }]) => `${name} ${length}`));
  });

  test.each(["USTAR", "GNU", "PAX"])("%s of Python is read here", async (format) => {
    const path = join(folder, `${format}.tar`);
    const long = format === "USTAR" ? "name" : "ä".repeat(120);
    python(
      `t = tarfile.open(sys.argv[1], "w", format=tarfile.${format}_FORMAT)
for name, text in (("folder/x", b"1"), (sys.argv[2], b"22")):
    m = tarfile.TarInfo(name); m.size = len(text); t.addfile(m, io.BytesIO(text))
d = tarfile.TarInfo("folder"); d.type = tarfile.DIRTYPE; t.addfile(d)
t.close()`,
      path,
      `./${long}`,
    );
    expect(await contents(path)).toEqual(
      new Map([
        ["folder/x", "1"],
        [long, "22"],
      ]),
    );
  });
});

/** An archive whose first header is changed, its sum put right again. */
function changed(change: (header: Buffer) => void): Buffer {
  const bytes = encodeTar(new Map([["a.txt", Buffer.from("hello")]]));
  change(bytes);
  bytes.write("        ", 148, "latin1");
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

test.each([
  ["a name that leads out", changed((header) => header.write("../a.txt\0")), "leads out of the archive"],
  ["an absolute name", changed((header) => header.write("/etc/a\0")), "leads out of the archive"],
  [
    "10 GB of nothing",
    changed((header) => header.write("112402762000\0", 124)),
    "says that it has 10000000000 bytes",
  ],
  ["a size beyond all numbers", changed((header) => header.fill(255, 124, 136)), "no number of bytes"],
  ["a link", changed((header) => header.write("2", 156)), "is a link or a device"],
  ["one that is cut", encodeTar(files).subarray(0, 700), "cut short"],
  ["one without an end", encodeTar(files).subarray(0, 1024), "cut short"],
  ["one that is cut in a file", encodeTar(files).subarray(0, 514), "the archive ends after 2"],
  ["no archive", Buffer.alloc(2048, 65), "no tar archive"],
  ["an empty file", Buffer.alloc(0), "no tar archive"],
  ["a name twice", Buffer.concat([encodeTar(files).subarray(0, 1024), encodeTar(files)]), "twice"],
])("refuses %s", async (_, bytes, message) => {
  const path = join(folder, "bad.tar");
  writeFileSync(path, bytes);
  const inMemory = tarOf(bytes, path, "a test");
  const onDisk = openTar(path, "a test");
  await expect(inMemory).rejects.toThrow(message);
  await expect(onDisk).rejects.toMatchObject({
    tag: "BadDataset",
    message: expect.stringContaining(message),
  });
});
