// The pictures of docs/studio.md can be taken again by their script.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hasChromium } from "../support/studioBrowser.js";

/** Width and height in a JPEG's frame header (ITU T.81, B.2.2). */
function sizeOf(jpeg: Buffer): [width: number, height: number] {
  for (let at = 2; at < jpeg.length; at += 2 + jpeg.readUInt16BE(at + 2)) {
    const marker = jpeg.readUInt16BE(at);
    if (marker === 0xffc0 || marker === 0xffc2) return [jpeg.readUInt16BE(at + 7), jpeg.readUInt16BE(at + 5)];
  }
  throw new Error("no frame header");
}

test.skipIf(!hasChromium)("the script takes each picture that the document shows", () => {
  const folder = mkdtempSync(join(tmpdir(), "pickbench-pictures-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  execFileSync(process.execPath, ["bench/studioPictures.mjs", folder], { stdio: "ignore" });
  const shown = [...readFileSync("docs/studio.md", "utf8").matchAll(/\(results\/(studio-\w+\.jpg)\)/g)];
  expect(shown.length).toBeGreaterThan(1);
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(shown.map(([, name]) => name!)));
  for (const [, name] of shown) {
    const taken = readFileSync(join(folder, name!));
    expect(sizeOf(taken)).toEqual(sizeOf(readFileSync(join("docs", "results", name!))));
    expect(taken.length).toBeGreaterThan(20_000);
  }
});
