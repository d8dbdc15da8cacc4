import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { type Random, randomFor } from "../../src/domain/random.js";
import { parseJson } from "../../src/formats/json.js";
import { encodeTensors, readTensors } from "../../src/formats/safetensors.js";
import { isPickbenchError } from "../../src/system/errors.js";
import { readSearched } from "../../src/train/experiment/experiment.js";
import { longestRead, runCampaign } from "../support/faults.js";
import { IndependentReader } from "../support/independentReader.js";
import { mutated, nudged } from "../support/positionMutations.js";
import { pythonHas } from "../support/python.js";

const folder = mkdtempSync(join(tmpdir(), "pickbench-containers-"));
const reader = pythonHas("numpy", "yaml") ? new IndependentReader() : undefined;
afterAll(() => {
  reader?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What came of a broken file that is read here and by the independent reader. @throws where they read two things */
async function compared(kind: string, path: string, ours: unknown): Promise<string> {
  if (!reader) return ours === undefined ? "refused" : "read";
  const answer = await reader.read(kind, path);
  if ("refused" in answer) return ours === undefined ? "refused by both" : "read here alone";
  if (ours === undefined) return "refused here alone";
  if (isAlike(ours, answer.ok)) return "read alike";
  const texts = [ours, answer.ok].map((value) => JSON.stringify(value));
  const from = Math.max(0, [...texts[0]!].findIndex((character, at) => character !== texts[1]![at]) - 40);
  throw new Error(
    `read differently: …${texts[0]!.slice(from, from + 200)} here, …${texts[1]!.slice(from, from + 200)} by the independent reader`,
  );
}

/** Equality of plain data, in which -0 is 0 and keys have no order. */
function isAlike(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const [ours, theirs] = [Object.entries(a), Object.entries(b)];
  return (
    Array.isArray(a) === Array.isArray(b) &&
    ours.length === theirs.length &&
    ours.every(([key, value]) => Object.hasOwn(b, key) && isAlike(value, (b as Record<string, unknown>)[key]))
  );
}

async function orRefused<T>(read: () => Promise<T> | T): Promise<T | undefined> {
  const start = performance.now();
  try {
    return await read();
  } catch (error) {
    if (!isPickbenchError(error)) throw error;
    return undefined;
  } finally {
    expect(performance.now() - start).toBeLessThan(longestRead);
  }
}

const changed = (seed: number, bytes: Buffer, random: Random) =>
  (seed % 2 === 0 ? mutated : nudged)(bytes, random);

test("broken safetensors files: read as an independent reader does, or refused", async () => {
  const sound = Buffer.from(
    encodeTensors({
      tensors: new Map([
        ["conv.weight", { shape: [2, 3], data: Float32Array.of(1, -2, 0.5, 3e-8, -0, 7) }],
        ["empty", { shape: [0], data: new Float32Array(0) }],
      ]),
      bytes: new Map([["model.onnx", Uint8Array.of(1, 2, 3, 4)]]),
      metadata: { network: "unet3d", 'quo"ted': "å\n" },
    }),
  );
  const path = join(folder, "a.safetensors");
  const trial = async (seed: number) => {
    writeFileSync(path, changed(seed, sound, randomFor(11, "safetensors", seed)));
    const ours = await orRefused(async () => {
      const { tensors, bytes = new Map(), metadata } = await readTensors(path);
      const arrays = [
        ...[...tensors].map(([name, { shape, data }]) => [name, shape, [...data].map(asPython)]),
        ...[...bytes].map(([name, data]) => [name, [data.length], [...data].map(asPython)]),
      ];
      return [metadata, arrays.sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))];
    });
    return compared("safetensors", path, ours);
  };
  await runCampaign({ few: 400, all: 5000, trial });
});

/** A number as Python prints it, as far as two equal numbers have one text. */
const asPython = (value: number): string =>
  Number.isNaN(value) ? "nan" : Number.isFinite(value) ? pythonFloat(value) : value > 0 ? "inf" : "-inf";

function pythonFloat(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16))
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

const experiments = new URL("../../experiments/", import.meta.url).pathname;

describe("broken YAML of experiments", () => {
  const sound = readdirSync(experiments)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => readFileSync(join(experiments, name)));
  const path = join(folder, "a.yaml");

  test("is read as PyYAML reads it by the core schema of YAML 1.2, or refused", async () => {
    const trial = async (seed: number) => {
      const bytes = changed(seed, sound[(seed >> 1) % sound.length]!, randomFor(12, "yaml", seed));
      writeFileSync(path, bytes);
      const ours = () => {
        const document = parseDocument(bytes.toString("utf8"), { prettyErrors: false });
        if (document.errors.length > 0) return undefined;
        const value: unknown = document.toJS({ maxAliasCount: 10 });
        return value === undefined ? undefined : plain(value);
      };
      return compared("yaml", path, ours());
    };
    await runCampaign({ few: 200, all: 5000, trial });
  });

  test("becomes an experiment or is refused in a sentence", async () => {
    const trial = async (seed: number) => {
      writeFileSync(path, changed(seed, sound[(seed >> 1) % sound.length]!, randomFor(12, "yaml", seed)));
      return (await orRefused(() => readSearched(path))) ? "an experiment" : "refused";
    };
    await runCampaign({ few: 200, all: 5000, trial });
  });
});

/** Plain data as JSON shows it, with numbers that JSON has not as texts. */
function plain(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}

test("broken JSON: read as JSON.parse reads it, or refused as it refuses", async () => {
  const sound = Buffer.from(
    JSON.stringify(
      { "a å": [1, -2.5e-3, 'x\n"y', true, null, { b: [[], {}] }], c: 0.1, d: { e: "1.5e+10" } },
      null,
      1,
    ),
  );
  const trial = async (seed: number) => {
    const text = changed(seed, sound, randomFor(13, "json", seed)).toString("utf8");
    const ours = await orRefused(() => ({ value: parseJson(text, { path: "a.json" }) }));
    const theirs = strictly(text);
    if (ours === undefined || theirs === undefined) {
      if ((ours === undefined) !== (theirs === undefined) && !/NaN|Infinity|^\uFEFF/.test(text))
        throw new Error(`only one of two reads ${JSON.stringify(text)}`);
      return ours ? "read here alone" : "refused";
    }
    expect(ours.value).toEqual(theirs.value);
    return "read alike";
  };
  await runCampaign({ few: 1000, all: 20_000, trial });
});

function strictly(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
