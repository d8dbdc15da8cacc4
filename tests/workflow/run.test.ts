import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { type Reporter, silentReporter } from "../../src/system/reporter.js";
import type { FieldValues } from "../../src/workflow/fieldValues.js";
import { type RunSettings, runWorkflow } from "../../src/workflow/run.js";
import { checkWorkflow } from "../../src/workflow/workflow.js";
import { workInOwnFolder } from "../support/ownFolder.js";
import { catalogue, Program } from "../support/workflowProgram.js";

workInOwnFolder(async () => {
  await writeFile("a.txt", "a");
  await writeFile("b.txt", "b");
});

/** Two branches of different inputs, what is made of both, and a count of one of them. */
const content = {
  fields: { times: { type: "number", default: 1 } },
  steps: {
    left: { run: "join", with: { parts: ["a.txt"], out: "left.txt" } },
    right: { run: "join", with: { parts: "b.txt", out: "right/r.txt", times: `\${times}` } },
    both: { run: "join", with: { parts: [`\${steps.left.out}`, "right/r.txt"], out: "both.txt" } },
    size: { run: "count", with: { text: `\${steps.right.out}` } },
  },
};

const program = () => new Program();

async function run(
  given: object = content,
  settings: Partial<RunSettings> & { readonly executor: Program; readonly fields?: FieldValues },
) {
  const workflow = await checkWorkflow(given, "w.yaml", catalogue);
  return runWorkflow(workflow, { fields: {}, catalogue, reporter: silentReporter, ...settings });
}

const changed = (step: keyof typeof content.steps, change: object) => ({
  ...content,
  steps: {
    ...content.steps,
    [step]: { ...content.steps[step], with: { ...content.steps[step].with, ...change } },
  },
});

describe("a workflow", () => {
  test("is done in an order that its files ask for, and not again", async () => {
    const first = program();
    const { done, skipped } = await run(content, { executor: first });
    expect(first.did).toEqual(["left", "right", "both", "size"]);
    expect(done.map(({ name, why }) => [name, why])).toEqual([
      ["left", "left.txt is not there"],
      ["right", "right/r.txt is not there"],
      ["both", "both.txt is not there"],
      ["size", join("workflow-logs", "w", "size.out is not there")],
    ]);
    expect(skipped).toEqual([]);
    expect(await readFile("both.txt", "utf8")).toBe("ab");
    expect(await readFile(join("workflow-logs", "w", "size.out"), "utf8")).toBe("1\n");
    const second = program();
    const again = await run(content, { executor: second });
    expect(second.did).toEqual([]);
    expect(again.skipped).toEqual(["left", "right", "both", "size"]);
  });

  test("that is changed in one step does that step and what depends on it, and nothing else", async () => {
    await run(content, { executor: program() });
    const executor = program();
    const { done, skipped } = await run(changed("left", { upper: true }), { executor });
    expect(done.map(({ name, why }) => [name, why])).toEqual([
      ["left", "now with --upper"],
      ["both", "left.txt has changed"],
    ]);
    expect(skipped).toEqual(["right", "size"]);
    expect(executor.argvs[0]).toEqual(["join", "a.txt", "--out", "left.txt", "--upper", "--overwrite"]);
    expect(await readFile("both.txt", "utf8")).toBe("Ab");
  });

  test("stops doing where a step that was done again gives the same bytes", async () => {
    await run(content, { executor: program() });
    const executor = program();
    await run(changed("left", { between: "-" }), { executor });
    expect(executor.did).toEqual(["left"]);
  });

  test.each([
    ["an input", () => writeFile("b.txt", "c"), ["right", "both", "size"]],
    ["an output", () => writeFile("right/r.txt", "by hand"), ["right"]],
    ["an output that is gone", () => rm("left.txt"), ["left"]],
    ["what says how one was made", () => rm("both.txt.made.json"), ["both"]],
    ["what is broken there", () => writeFile("both.txt.made.json", "{"), ["both"]],
    ["a time alone", async () => writeFile("a.txt", "a"), []],
  ])("sees %s that changed", async (_, change, expected) => {
    await run(content, { executor: program() });
    await change();
    const executor = program();
    await run(content, { executor });
    expect(executor.did).toEqual(expected);
    const after = program();
    await run(content, { executor: after });
    expect(after.did).toEqual([]);
  });

  test("takes values of fields, and does again what they change", async () => {
    await run(content, { executor: program() });
    const executor = program();
    const { done } = await run(content, { executor, fields: { times: 3 } });
    expect(done[0]).toMatchObject({ name: "right", why: "--times 3 was 1" });
    expect(executor.did).toEqual(["right", "both", "size"]);
    expect(await readFile("both.txt", "utf8")).toBe("abbb");
  });

  test("that another version of the program did is done again, unless any will do", async () => {
    await run(content, { executor: program() });
    const sidecar = "left.txt.made.json";
    const made = JSON.parse(await readFile(sidecar, "utf8"));
    made.makings[0].code.sources = "0".repeat(64);
    await writeFile(sidecar, JSON.stringify(made));
    const kept = program();
    await run(content, { executor: kept, anyProgram: true });
    expect(kept.did).toEqual([]);
    const executor = program();
    const { done } = await run(content, { executor });
    expect(done).toMatchObject([{ name: "left", why: "another version of the program made it" }]);
  });
});

describe("steps", () => {
  test("that are independent are done at the same time, as many as are asked for", async () => {
    for (const [jobs, most] of [
      [1, 1],
      [2, 2],
    ]) {
      const executor = program();
      executor.before = () =>
        vi.waitFor(() => expect(executor.most).toBeGreaterThanOrEqual(most!), { timeout: 60_000 });
      await run(content, { executor, jobs: jobs!, again: ["left", "right"] });
      expect(executor.most).toBe(most);
    }
  });

  test("are chosen by --only, --from and --again", async () => {
    await run(content, { executor: program() });
    await writeFile("a.txt", "A");
    await writeFile("b.txt", "B");
    const only = program();
    expect(await run(content, { executor: only, only: ["size"] })).toMatchObject({ skipped: ["size"] });
    const from = program();
    await run(content, { executor: from, from: ["left"] });
    expect(from.did).toEqual(["left", "both"]);
    const again = program();
    await run(content, { executor: again, again: ["left"] });
    expect(again.did).toEqual(["left", "right", "both", "size"]);
    await expect(run(content, { executor: again, only: ["lift"] })).rejects.toThrow(
      "w.yaml: --only lift: there is no such step; did you mean left?",
    );
  });

  test("that fail hold up only what needs them, and the same call goes on", async () => {
    const executor = program();
    executor.failures.set("left", "the disk is full");
    const { done, failed, left } = await run(content, { executor });
    expect(done.map(({ name }) => name)).toEqual(["right", "size"]);
    expect(failed).toEqual([
      { name: "left", message: "the disk is full", log: join("workflow-logs", "w", "left.log") },
    ]);
    expect(left).toEqual(["both"]);
    const log = await readFile(failed[0]!.log, "utf8");
    expect(log).toMatch(/^== .*Z pickbench join a\.txt --out left\.txt\n== because left\.txt is not there\n/);
    const after = program();
    await run(content, { executor: after });
    expect(after.did).toEqual(["left", "both"]);
  });

  test("that were begun go on without --overwrite, and begin anew where their command refuses that", async () => {
    const executor = program();
    executor.failures.set("left", "it was killed");
    executor.before = async ({ name }) => (name === "left" ? writeFile("left.txt", "half") : undefined);
    await run(content, { executor });
    const after = program();
    after.failures.set("left", "left.txt exists already; give --overwrite to replace it, or another --out");
    const { failed } = await run(content, { executor: after, only: ["left"] });
    expect(failed).toEqual([]);
    expect(after.argvs).toEqual([
      ["join", "a.txt", "--out", "left.txt"],
      ["join", "a.txt", "--out", "left.txt", "--overwrite"],
    ]);
  });

  test("replace nothing that others left in their places, unless they are told", async () => {
    await writeFile("left.txt", "mine");
    const { failed } = await run(content, { executor: program(), only: ["left"] });
    expect(failed[0]!.message).toBe(
      "left.txt is there already, and this workflow did not write it; give --overwrite to replace it, or let the step write elsewhere",
    );
    expect(await readFile("left.txt", "utf8")).toBe("mine");
    await run(content, { executor: program(), only: ["left"], overwrite: true });
    expect(await readFile("left.txt", "utf8")).toBe("a");
  });

  test("are stopped where they can go on, and what was not begun is left", async () => {
    const stop = new AbortController();
    const reporter: Reporter = { ...silentReporter, signal: stop.signal };
    const executor = program();
    executor.before = async () => stop.abort();
    const result = await run(content, { executor, reporter });
    expect(result).toMatchObject({
      done: [],
      failed: [],
      stopped: ["left"],
      left: ["right", "both", "size"],
    });
    const after = program();
    await run(content, { executor: after });
    expect(after.did).toEqual(["left", "right", "both", "size"]);
  });

  test("of one workflow are not done by two at once", async () => {
    const executor = program();
    let other: Promise<unknown> | undefined;
    executor.before = async () => {
      other ??= run(content, { executor: program() }).catch((error: Error) => error.message);
      await other;
    };
    await run(content, { executor });
    expect(await other).toMatch(/^w\.yaml: process \d+ is running there/);
  });
});
