import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openOmeZarr, openTomogram } from "../../../../src/data/tomograms/omeZarr.js";
import { type Random, randomFor } from "../../../../src/domain/random.js";
import type { Volume } from "../../../../src/domain/volume.js";
import { isPickbenchError, messageOf } from "../../../../src/system/errors.js";
import { runCampaign } from "../../../support/faults.js";
import { pythonHas } from "../../../support/python.js";
import { temporaryFolder } from "../../../support/storeFixtures.js";
import { mutated, mutatedJson } from "../../../support/volumeMutations.js";
import { ZarrPeer } from "../../../support/zarrPeer.js";

/** The longest that a small store may take, in ms; a sound reader takes a few. */
const longest = 20_000;
const mostMemory = 2 ** 29;

const hasPeer = pythonHas("zarr", "numcodecs");

/** What came of reading: the volume, or the sentence that refuses it. @throws Error for a crash, a hang or much memory */
async function readOrRefused(folder: string): Promise<Volume | string> {
  const [start, memory] = [performance.now(), process.memoryUsage.rss()];
  const read = await (async () => (await openTomogram(await openOmeZarr(folder))).readAll())().catch(refusal);
  const took = performance.now() - start;
  if (took > longest) throw new Error(`hung: took ${took} ms`);
  if (process.memoryUsage.rss() > memory + mostMemory) throw new Error("took too much memory");
  return read;
}

function refusal(error: unknown): string {
  if (!isPickbenchError(error)) throw new Error(`crashed: ${error instanceof Error ? error.stack : error}`);
  if (error.message.includes("\n")) throw new Error(`more than one line: ${error.message}`);
  return error.tag === "NotFinite" ? "not finite" : error.message;
}

/** Does one fault to a store, or none; returns what. */
function spoil(folder: string, metadata: string, random: Random): string {
  const kind = random.integer(10);
  if (kind < 4) return "none";
  const chunks = readdirSync(join(folder, "0"), { recursive: true, encoding: "utf8" })
    .filter((name) => !/zarr|zattrs/.test(name) && statSync(join(folder, "0", name)).isFile())
    .sort();
  if (kind < 8 && chunks.length > 0) {
    const file = join(folder, "0", chunks[random.integer(chunks.length)]!);
    if (kind === 7) rmSync(file);
    else writeFileSync(file, mutated(readFileSync(file), random));
    return kind === 7 ? "chunk removed" : "chunk";
  }
  const file = join(folder, metadata);
  const whole = readFileSync(file);
  const parsed: unknown = JSON.parse(whole.toString());
  const spoilt =
    random.integer(4) === 0 ? mutated(whole, random) : JSON.stringify(mutatedJson(parsed, random));
  writeFileSync(file, spoilt);
  return "metadata";
}

const bytesOf = ({ data }: Volume): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

describe.skipIf(!hasPeer)(
  "stores with codecs drawn at random, with and without faults, beside an independent reader",
  () => {
    test.each([
      [2, "0/.zarray"],
      [3, "0/zarr.json"],
    ] as const)("Zarr v%i", async (format, metadata) => {
      const peer = new ZarrPeer();
      const root = temporaryFolder();
      const outcomes = await runCampaign({
        few: 150,
        all: 5000,
        async trial(seed) {
          const folder = join(root, "a.zarr");
          rmSync(folder, { recursive: true, force: true });
          await peer.make(folder, format, seed);
          const written = await peer.read(folder);
          if ("error" in written) throw new Error(`the peer does not read what it wrote: ${written.error}`);
          const fault = spoil(folder, metadata, randomFor(seed, "zarr chains"));
          const [read, wanted] = [
            await readOrRefused(folder),
            fault === "none" ? written : await peer.read(folder),
          ];
          const what = `${fault}: ${existsSync(join(folder, metadata)) ? readFileSync(join(folder, metadata), "latin1").slice(0, 3000) : ""}`;
          if (typeof read === "string") {
            if (fault === "none") throw new Error(`a sound store is refused: ${read}; ${what}`);
            if (read === "not finite") return "not finite";
            return "error" in wanted ? "refused by both" : "refused here alone";
          }
          const isWritten = bytesOf(read).equals(written.data) && read.shape.join() === written.shape.join();
          if ("error" in wanted) {
            if (wanted.isLarge) return "too large for the peer";
            if (isWritten) return "read as it was written, refused by the peer";
            throw new Error(`read where the peer refuses (${wanted.error}); ${what}`);
          }
          if (read.shape.join() !== wanted.shape.join() || !bytesOf(read).equals(wanted.data))
            throw new Error(`read differently from the peer; ${what}`);
          return fault === "none" ? "sound and the same" : "spoilt and the same";
        },
      }).catch((error: unknown) => expect.fail(messageOf(error)));
      if (process.env.PICKBENCH_FAULTS_SEED !== undefined) return;
      expect(outcomes.get("sound and the same") ?? 0).toBeGreaterThan(0);
      expect(outcomes.get("refused by both") ?? 0).toBeGreaterThan(0);
    });
  },
);
