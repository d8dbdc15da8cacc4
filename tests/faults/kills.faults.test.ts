import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Random, randomFor } from "../../src/domain/random.js";
import { readTensors } from "../../src/formats/safetensors.js";
import { serve, treeOf } from "../support/badServer.js";
import { runCampaign } from "../support/faults.js";
import { emptyFolder } from "../support/situations.js";
import { evaluatedTwice, tinyExperiment } from "../support/tinyRun.js";
import { bin, type Inputs, makeInputs, writingCommands } from "../support/writingCommands.js";

let folder: string;
let inputs: Inputs;
let experiment: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kills-"));
  inputs = await makeInputs(folder);
  experiment = await tinyExperiment(join(folder, "kept.yaml"), {
    evaluate: evaluatedTwice,
    checkpoint: { everySeconds: 0 },
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A command that is killed and begun again. */
interface Subject {
  readonly few: number;
  /** Trials of the full form, with so many kills each. */
  readonly all: number;
  readonly kills: number;
  args(out: string): readonly string[];
  /** Flags that are added where it is begun again. */
  readonly again?: readonly string[];
  prepare?(out: string): Promise<void>;
  /** Names of files that differ between undisturbed runs, by times: these must parse, the others be the same bytes. */
  readonly differs?: RegExp;
  /** Names of files that are replaced by later ones while the command goes on: these must parse at any time. */
  readonly grows?: RegExp;
  /** Whether a store comes file by file, each of which is whole. */
  readonly isByFile?: boolean;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly ms: number;
}

/** Runs a command; kills it after some ms. */
async function call(args: readonly string[], killAfter?: number): Promise<Ended> {
  const started = performance.now();
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PICKBENCH_CACHE: join(folder, "cache") },
  });
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal, stderr, ms: performance.now() - started })),
  );
  if (killAfter !== undefined) await Promise.race([ended, wait(killAfter).then(() => child.kill("SIGKILL"))]);
  return ended;
}

/** What stands beside its place: unfinished files, locks, parts. */
const isBeside = (name: string): boolean =>
  /\.partial-|\.lock\b|\.own-|\.after-|\.parts(\/|$)|(^|\/)partial(\/|$)/.test(name);

/** Files by name, a store as one file unless it comes file by file: hash of all that is in it. */
async function unitsOf(out: string, isByFile = false): Promise<Map<string, string>> {
  const units = new Map<string, string[]>();
  for (const name of (await readdir(out, { recursive: true })).sort()) {
    if (isBeside(name) || !(await stat(join(out, name))).isFile()) continue;
    const unit = (isByFile ? undefined : /^.*?\.zarr(?=\/)/.exec(name)?.[0]) ?? name;
    const hash = createHash("sha256").update(await readFile(join(out, name)));
    units.set(unit, [...(units.get(unit) ?? []), `${name} ${hash.digest("hex")}`]);
  }
  return new Map([...units].map(([unit, files]) => [unit, files.join("\n")]));
}

/** Fails where a file that differs between runs does not parse. */
async function parse(file: string): Promise<void> {
  if (file.endsWith(".json")) JSON.parse(await readFile(file, "utf8"));
  if (file.endsWith(".safetensors")) await readTensors(file);
}

/** Tells whether a command was killed after its last file was whole, so that it refuses to begin again. */
async function isDone({ stderr }: Ended, { units }: Whole, out: string): Promise<boolean> {
  if (!stderr.includes("exists already; give --overwrite")) return false;
  expect([...(await unitsOf(out))]).toEqual([...units]);
  return true;
}

/** Kills a command at moments uniform over its duration, and goes on. */
async function trial(
  subject: Subject,
  whole: Whole,
  random: Random,
  out: string,
): Promise<"as undisturbed" | "killed when all was written"> {
  await subject.prepare?.(out);
  const old = await unitsOf(out, subject.isByFile);
  const { args, again = [], differs, grows } = subject;
  for (let kill = 0; kill < subject.kills; kill++) {
    const ended = await call([...args(out), ...(kill > 0 ? again : [])], random.uniform() * whole.ms);
    if (ended.code === 1 && (await isDone(ended, whole, out))) return "killed when all was written";
    if (ended.signal === null && ended.code !== 0) throw new Error(`not begun again: ${ended.stderr}`);
    for (const [name, content] of await unitsOf(out, subject.isByFile)) {
      if (differs?.test(name) || grows?.test(name)) await parse(join(out, name));
      else if (content !== whole.units.get(name) && content !== old.get(name))
        throw new Error(`after kill ${kill + 1} ${name} is neither old nor new`);
    }
  }
  const last = await call([...args(out), ...again]);
  if (last.code === 1 && (await isDone(last, whole, out))) return "killed when all was written";
  expect(last.code, last.stderr).toBe(0);
  const names = await readdir(out, { recursive: true });
  expect(names.filter(isBeside)).toEqual([]);
  const units = await unitsOf(out, subject.isByFile);
  expect([...units.keys()]).toEqual([...whole.units.keys()]);
  for (const [name, content] of units)
    if (!differs?.test(name)) expect(content, name).toBe(whole.units.get(name));
  return "as undisturbed";
}

interface Whole {
  readonly units: ReadonlyMap<string, string>;
  readonly ms: number;
}

/** Does a subject's campaign; its command is run undisturbed first, for its files and its duration. */
async function campaign(name: string, subject: Subject): Promise<void> {
  const out = await emptyFolder(folder, "whole", name);
  await subject.prepare?.(out);
  const { code, ms, stderr } = await call([
    ...subject.args(out),
    ...(subject.prepare ? (subject.again ?? []) : []),
  ]);
  expect(code, stderr).toBe(0);
  const whole = { units: await unitsOf(out, subject.isByFile), ms };
  await runCampaign({
    few: subject.few,
    all: subject.all,
    async trial(seed) {
      const place = await emptyFolder(folder, "out", `${name}-${seed}`);
      try {
        return await trial(subject, whole, randomFor(seed, `kills/${name}`, 0), place);
      } finally {
        await rm(place, { recursive: true, force: true });
      }
    },
  });
}

const overwrite = ["--overwrite"];

it("run ends in the same bytes, however often it is killed", () =>
  campaign("run", {
    few: 1,
    all: 25,
    kills: 4,
    args: (out) => writingCommands.run.args({ ...inputs, experiment }, out),
    again: ["--resume"],
    differs: /(record|report)\.json$|log\.jsonl$|LEADERBOARD\.md$/,
    grows: /(last|best)\.safetensors$/,
  }));

it("submit", () =>
  campaign("submit", { few: 1, all: 7, kills: 3, args: (out) => writingCommands.submit.args(inputs, out) }));

it("predict", () =>
  campaign("predict", {
    few: 1,
    all: 10,
    kills: 2,
    args: (out) => writingCommands.predict.args(inputs, out),
    again: overwrite,
  }));

it("simulate", () =>
  campaign("simulate", {
    few: 1,
    all: 10,
    kills: 2,
    args: (out) => writingCommands.simulate.args(inputs, out),
    again: overwrite,
  }));

it("convert", () =>
  campaign("convert", {
    few: 2,
    all: 10,
    kills: 2,
    args: (out) => writingCommands.convert.args(inputs, out),
    again: overwrite,
  }));

it("volume --overwrite has the old store or the new one", () =>
  campaign("volume", {
    few: 2,
    all: 10,
    kills: 2,
    prepare: (out) =>
      cp(join(dirname(inputs.mrc), "maps", "TS_S1.zarr"), join(out, "volume.zarr"), { recursive: true }),
    args: (out) => [...writingCommands.volume.args(inputs, out), ...overwrite],
  }));

it("pick", () =>
  campaign("pick", {
    few: 1,
    all: 10,
    kills: 2,
    args: (out) => writingCommands.pick.args(inputs, out),
    again: overwrite,
  }));

it("fetch", async () => {
  const server = await serve(
    new Map([...treeOf(inputs.data)].map(([name, content]) => [`data-bucket/${name}`, content])),
  );
  vi.stubEnv("AWS_ENDPOINT_URL_S3", server.url);
  await campaign("fetch", {
    few: 1,
    all: 10,
    kills: 2,
    args: (out) => ["fetch", "s3://data-bucket", "--out", join(out, "data")],
    differs: /\.jsonl$/,
    isByFile: true,
  });
  vi.unstubAllEnvs();
});

/** A portal with one run, as the schema of its API has it. */
async function portal(): Promise<string> {
  const inside = "10440/TS_1/Reconstructions/VoxelSpacing10.000";
  const files = new Map<string, Buffer>();
  const store = join(dirname(inputs.probabilities), "maps", "TS_S1.zarr");
  for (const [name, content] of treeOf(store))
    files.set(`${inside}/Tomograms/100/TS_1.zarr/${name}`, content);
  files.set(
    `${inside}/Annotations/100/ferritin-1.0.json`,
    Buffer.from(
      JSON.stringify({
        annotation_object: { name: "ferritin complex" },
        ground_truth_status: true,
        files: [{ format: "ndjson", path: `${inside}/Annotations/100/ferritin-1.0_point.ndjson` }],
      }),
    ),
  );
  files.set(
    `${inside}/Annotations/100/ferritin-1.0_point.ndjson`,
    Buffer.from(`${JSON.stringify({ type: "point", location: { x: 1, y: 2, z: 3 } })}\n`),
  );
  const server = await serve(files, (request, response) => {
    if (request.method !== "POST") return false;
    let text = "";
    request.on("data", (piece: Buffer) => {
      text += piece.toString();
    });
    request.on("end", () => {
      const { query } = JSON.parse(text) as { query: string };
      const field = /\{ (\w+)\(/.exec(query)![1]!;
      response.end(JSON.stringify({ data: { [field]: answers[field] } }));
    });
    return true;
  });
  const at = `${server.url}/${inside}`;
  const annotation = { httpsMetadataPath: `${at}/Annotations/100/ferritin-1.0.json` };
  const answers: Readonly<Record<string, readonly unknown[]>> = {
    datasets: [{ id: 10440, title: "A", organismName: "in vitro", fileSize: 2.5e9 }],
    runs: [{ id: 7, name: "TS_1" }],
    tomograms: [
      {
        processing: "denoised",
        reconstructionMethod: "WBP",
        httpsOmezarrDir: `${at}/Tomograms/100/TS_1.zarr`,
      },
    ],
    annotationFiles: [
      {
        httpsPath: `${at}/Annotations/100/ferritin-1.0_point.ndjson`,
        annotationShape: { annotation },
      },
    ],
  };
  return `${server.url}/graphql`;
}

it("portal get", async () => {
  const api = await portal();
  await campaign("portal", {
    few: 1,
    all: 10,
    kills: 2,
    args: (out) => ["portal", "get", "10440", "--api", api, "--out", join(out, "data")],
    differs: /\.jsonl$/,
    isByFile: true,
  });
});
