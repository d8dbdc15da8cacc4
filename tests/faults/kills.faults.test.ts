import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Random, randomFor } from "../../src/domain/random.js";
import { readTensors } from "../../src/formats/safetensors.js";
import { isSidecar } from "../../src/system/paths/sidecar.js";
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
afterAll(async () => {
  await inputs.close();
  await rm(folder, { recursive: true, force: true });
});

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

/**
 * Files by name, a store as one file unless it comes file by file: hash of all that is in it. What says how they were made
 * holds times, and is lacking where a kill came right before it.
 */
async function unitsOf(out: string, isByFile = false): Promise<Map<string, string>> {
  const units = new Map<string, string[]>();
  for (const name of (await readdir(out, { recursive: true })).sort()) {
    if (isBeside(name) || isSidecar(name) || !(await stat(join(out, name))).isFile()) continue;
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

/** Fails unless every file is as it is undisturbed. */
async function expectWhole({ differs, isByFile }: Subject, whole: Whole, out: string): Promise<void> {
  const units = await unitsOf(out, isByFile);
  expect([...units.keys()]).toEqual([...whole.units.keys()]);
  for (const [name, content] of units)
    if (!differs?.test(name)) expect(content, name).toBe(whole.units.get(name));
}

/** Fails where a file is neither as it was before nor as it is undisturbed. */
async function expectNoHalf(subject: Subject, whole: Whole, old: Units, out: string): Promise<void> {
  const { differs, grows, isByFile } = subject;
  for (const name of await readdir(out, { recursive: true }))
    if (isSidecar(name) && !isBeside(name)) await parse(join(out, name));
  for (const [name, content] of await unitsOf(out, isByFile)) {
    if (differs?.test(name) || grows?.test(name)) await parse(join(out, name));
    else if (content !== whole.units.get(name) && content !== old.get(name))
      throw new Error(`${name} is neither old nor new`);
  }
}

/**
 * Goes on with a command, and kills it after some ms.
 *
 * @returns how it ended: killed, to its end, or refused as a kill had come when all was written
 */
async function goOn(
  args: readonly string[],
  out: string,
  judged: { readonly subject: Subject; readonly whole: Whole },
  killAfter?: number,
): Promise<"killed" | "ended" | "was done"> {
  const { code, signal, stderr } = await call(args, killAfter);
  if (signal === "SIGKILL") return "killed";
  if (code === 1 && /(exists already|holds a finished run); give --overwrite/.test(stderr)) {
    await expectWhole(judged.subject, judged.whole, out);
    return "was done";
  }
  expect(code, `not begun again: ${stderr}`).toBe(0);
  await expectWhole(judged.subject, judged.whole, out);
  expect((await readdir(out, { recursive: true })).filter(isBeside)).toEqual([]);
  return "ended";
}

/** A command that ends before so many kills in a row is too short to be killed. */
const mostCalls = 40;

/**
 * Kills a command at moments uniform over its duration, and goes on to its end. One that ends before its moment begins
 * anew in an empty folder, and is no kill.
 */
async function trial(subject: Subject, whole: Whole, random: Random, out: string): Promise<string> {
  const { args, again = [], kills } = subject;
  await subject.prepare?.(out);
  const old = await unitsOf(out, subject.isByFile);
  let [killed, isBegun] = [0, false];
  for (let calls = 0; killed < kills; calls++) {
    if (calls === mostCalls) throw new Error(`killed ${killed} times in ${calls} calls`);
    const words = [...args(out), ...(isBegun ? again : [])];
    isBegun = (await goOn(words, out, { subject, whole }, random.uniform() * whole.ms)) === "killed";
    if (isBegun) {
      killed++;
      await expectNoHalf(subject, whole, old, out);
    } else {
      await emptyFolder(out);
      await subject.prepare?.(out);
    }
  }
  const last = await goOn([...args(out), ...again], out, { subject, whole });
  return last === "ended" ? `as undisturbed after ${kills} kills` : `whole already after ${kills} kills`;
}

type Units = ReadonlyMap<string, string>;

interface Whole {
  readonly units: Units;
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

it("fetch", () =>
  campaign("fetch", {
    few: 1,
    all: 10,
    kills: 2,
    args: (out) => writingCommands.fetch.args(inputs, out),
    differs: /\.jsonl$/,
    isByFile: true,
  }));

it("portal get", () =>
  campaign("portal", {
    few: 1,
    all: 10,
    kills: 2,
    args: (out) => writingCommands["portal get"].args(inputs, out),
    differs: /\.jsonl$/,
    isByFile: true,
  }));
