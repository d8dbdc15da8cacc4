import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openFileSync, readBytes, readBytesSync, readText } from "../../../src/system/paths/opening.js";

const source = fileURLToPath(new URL("../../../src/", import.meta.url));

/** Modules that open only files of this package, or files that they made themselves. */
const ownFiles = [
  "commands/train/experimentNew.ts",
  "engines/onnx/graph/model.ts",
  "formats/meshes/meshFile.ts",
  "formats/mrc/packedFile.ts",
  "formats/mrc/writer.ts",
  "formats/positions/streams/partFile.ts",
  "formats/zarr/chunkWriter.ts",
  "leaderboard/page.ts",
  "queue/logs.ts",
  "report/page.ts",
  "score/submissionCsv.ts",
  "studio/annotations/ownNotes.ts",
  "studio/assist/jobs.ts",
  "studio/studio.ts",
  "data/remote/download.ts",
  "train/ensemble/storedMaps.ts",
  "train/fit/stepLog.ts",
  "watch/ledger.ts",
  "watch/processes.ts",
  "workflow/executor.ts",
];

test("every module that reads a named file opens it by the one rule", () => {
  const readers = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/^(system|bench|web)\//.test(name))
    .filter((name) =>
      /import \{[^}]*\b(open|openSync|readFile|readFileSync|createReadStream)\b[^}]*\} from "node:fs/.test(
        readFileSync(join(source, name), "utf8"),
      ),
    );
  expect(readers.filter((name) => !ownFiles.includes(name))).toEqual([]);
});

test("reads a file whole, and says of a folder and of a device what they are", async () => {
  const folder = await mkdtemp(join(tmpdir(), "opening-"));
  const file = join(folder, "a");
  await writeFile(file, "text é");
  expect(await readText(file)).toBe("text é");
  expect(readBytesSync(file)).toEqual(await readBytes(file));
  await expect(readBytes(folder)).rejects.toMatchObject({ code: "EISDIR", path: folder });
  await expect(readBytes(join(folder, "b"))).rejects.toMatchObject({ code: "ENOENT" });
  expect(() => openFileSync("/dev/zero")).toThrow("it is a device, not a file");
  await rm(folder, { recursive: true });
});
