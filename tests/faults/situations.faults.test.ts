import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCampaign } from "../support/faults.js";
import { canMount, emptyFolder, type Outcome, situations } from "../support/situations.js";
import { type Inputs, makeInputs, type WritingName, writingCommands } from "../support/writingCommands.js";

let folder: string;
let inputs: Inputs;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "situations-"));
  inputs = await makeInputs(folder);
});
afterAll(async () => {
  await inputs.close();
  await rm(folder, { recursive: true, force: true });
});

/** Situations in which every command must fail, those in which it may, and those in which it must not. */
const fails = /full disk$|may (only|not) be read|may only/;
const passes = /closed/;

/** What is left where a command failed is no half file: parts of a run that it can go on with, or nothing. */
const isHalf = (name: string): boolean => /\.partial-|\.own-|\.after-|\.lock$|\.parts\/.*\.tmp/.test(name);

const names = Object.keys(writingCommands) as WritingName[];

/** Commands that a situation concerns: some read no input. */
const met = (situation: string): WritingName[] =>
  names.filter((name) => !(situation.includes("not be read") && writingCommands[name].input === "folder"));

function check({ code, signal, stderr, left }: Outcome, situation: string): "one sentence" | "whole" {
  const text = stderr.trim();
  expect(signal, text).toBeNull();
  expect(left.filter(isHalf), text).toEqual([]);
  const last = text.split("\n").at(-1)!;
  if (code === 0) {
    expect(fails.test(situation) && !/behind/.test(situation), "it must fail").toBe(false);
    return "whole";
  }
  expect(passes.test(situation), text).toBe(false);
  expect(code, text).toBe(1);
  expect(text).not.toMatch(/defect of ours|\n\s+at /);
  expect(last).toMatch(/^pickbench: \S.*\S$/);
  expect(text.match(/pickbench: /g), text).toHaveLength(1);
  expect(last).toMatch(/disk is full|too large|permission denied|can only be read|ulimit -n|quota/);
  if (!/ulimit/.test(last)) expect(last).toMatch(/\/|standard output/);
  return "one sentence";
}

it.each(Object.keys(situations).map((situation, at) => ({ situation, at })))(
  "every writing command with $situation",
  async ({ situation, at }) => {
    const commands = met(situation);
    await runCampaign({
      few: 2,
      all: commands.length,
      async trial(seed) {
        const name = commands[(seed + 5 * at) % commands.length]!;
        const command = writingCommands[name];
        const out = await emptyFolder(folder, "out", String(seed));
        if ("prepare" in command) await command.prepare(inputs, out);
        const place = { out, args: command.args(inputs, out), input: inputs[command.input] };
        try {
          return check(await situations[situation]!(place), situation);
        } catch (error) {
          throw new Error(`${name}: ${(error as Error).message}`);
        } finally {
          await rm(out, { recursive: true, force: true });
        }
      },
    });
  },
);

it.skipIf(!canMount)("full disks are among them (skipped where no file system can be mounted)", () => {
  expect(Object.keys(situations)).toEqual(expect.arrayContaining(["a full disk", "a disk with 20 kB left"]));
});
