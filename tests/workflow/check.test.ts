import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type FieldValues, givenFields } from "../../src/workflow/fieldValues.js";
import { planWorkflow } from "../../src/workflow/plan.js";
import { checkWorkflow, readWorkflow } from "../../src/workflow/workflow.js";
import { workInOwnFolder } from "../support/ownFolder.js";
import { catalogue } from "../support/workflowProgram.js";

workInOwnFolder(() => writeFile("a.txt", "a"));

const check = (content: unknown) => checkWorkflow(content, "w.yaml", catalogue);
const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => "nothing",
    (error: Error) => error.message,
  );
const refusal = (content: unknown) => messageOf(check(content));
const one = (step: object) => ({ steps: { one: step } });
const join2 = (given: object = {}) => ({ run: "join", with: { parts: "a.txt", out: "o.txt", ...given } });
const reference = "docs/workflows.md explains every key";

const plan = async (content: unknown, fields: FieldValues = {}) =>
  planWorkflow(await check(content), { fields, catalogue });
const planRefusal = (content: unknown, fields?: FieldValues) => messageOf(plan(content, fields));

describe("a workflow is refused for", () => {
  test.each<[string, unknown, string]>([
    ["an unknown key", { step: {} }, "unknown key step; did you mean steps?"],
    ["no steps", { steps: {} }, "steps: got a mapping, wanted at least one step"],
    [
      "an unknown key of a step",
      one({ ...join2(), wiht: {} }),
      "unknown key steps.one.wiht; did you mean steps.one.with?",
    ],
    ["a wrong type", one({ ...join2(), queue: "yes" }), 'steps.one.queue: got "yes", wanted boolean'],
    ["a name", { steps: { "../x": join2() } }, "../x"],
    [
      "an unknown command",
      one({ ...join2(), run: "jion" }),
      'steps.one.run: there is no command "jion"; did you mean join?',
    ],
    [
      "arguments behind the command",
      one({ ...join2(), run: "join a.txt" }),
      'steps.one.run: there is no command "join a.txt"; put "a.txt" under with',
    ],
    ["a command that is no step", one({ run: "workflow" }), "workflow is no step of a workflow"],
    [
      "an unknown flag",
      one(join2({ betwen: "-" })),
      "steps.one.with.betwen: join takes no such argument; did you mean between?",
    ],
    [
      "a flag that workflows give themselves",
      one(join2({ overwrite: true })),
      "steps.one.with.overwrite: a workflow gives --overwrite itself; leave it out",
    ],
    [
      "an argument that is missing",
      one({ run: "join", with: { parts: "a.txt" } }),
      "steps.one.with.out is missing, which join needs; give it",
    ],
    [
      "text for a number",
      one(join2({ times: "often" })),
      'steps.one.with.times: got "often", wanted a number',
    ],
    [
      "text for yes or no",
      one(join2({ upper: "yes" })),
      'steps.one.with.upper: got "yes", wanted true or false',
    ],
    ["yes or no for text", one(join2({ between: true })), "steps.one.with.between: got true, wanted text"],
    [
      "another choice",
      one(join2({ kind: "plian" })),
      'steps.one.with.kind: got "plian", wanted one of plain, fancy; did you mean plain?',
    ],
    [
      "a list for one value",
      one(join2({ out: ["a", "b"] })),
      "steps.one.with.out: got a list of 2, wanted one value",
    ],
    ["an empty list", one(join2({ parts: [] })), "steps.one.with.parts: got an empty list"],
    [
      "a reference to no field",
      { fields: { data: { type: "path" } }, ...one(join2({ parts: `\${date}` })) },
      'steps.one.with.parts: there is no field "date"; did you mean data?',
    ],
    [
      "a reference to no step",
      one(join2({ parts: `\${steps.two.out}` })),
      'steps.one.with.parts: there is no step "two"',
    ],
    [
      "a reference to what a step is not given",
      { steps: { one: join2(), two: join2({ parts: `\${steps.one.star}`, out: "p" }) } },
      "steps.two.with.parts: steps.one gives no star; give it there",
    ],
    [
      "the environment",
      one(join2({ parts: `\${env.HOME}` })),
      `\${env.HOME} is neither \${FIELD} nor \${steps.STEP.ARGUMENT}`,
    ],
    ["an open reference", one(join2({ parts: `a\${b` })), `its \${ is not closed by }`],
    [
      "a field that is named steps",
      { fields: { steps: { type: "path" } }, ...one(join2()) },
      `fields.steps: \${steps…} names steps`,
    ],
    [
      "a default of another type",
      { fields: { n: { type: "number", default: "3" } }, ...one(join2()) },
      'fields.n.default: got "3", wanted a number',
    ],
    [
      "a choice without choices",
      { fields: { n: { type: "choice" } }, ...one(join2()) },
      "fields.n.choices is missing",
    ],
    ["after no step", one({ ...join2(), after: ["two"] }), 'steps.one.after: there is no step "two"'],
  ])("%s", async (_, content, expected) => {
    expect(await refusal(content)).toContain(expected);
  });

  test("all mistakes at once, a line each", async () => {
    const content = { steps: { one: join2({ betwen: "-", times: "x" }), two: { run: "jion" } } };
    expect(await refusal(content)).toBe(
      [
        `w.yaml: 3 mistakes; ${reference}`,
        "  steps.one.with.betwen: join takes no such argument; did you mean between?",
        '  steps.one.with.times: got "x", wanted a number',
        '  steps.two.run: there is no command "jion"; did you mean join?',
      ].join("\n"),
    );
  });

  test.each([
    ["broken YAML", "steps: [", /^bad\.yaml: line \d+ is not valid YAML/],
    ["aliases that unfold to very much", bomb(), /^bad\.yaml: its YAML cannot be taken/],
    ["what nests very deep", "[".repeat(5000), /^bad\.yaml: its YAML cannot be taken \(it nests deeper/],
    ["a list", "- a", /^bad\.yaml: the file: got a list of 1, wanted object/],
  ])("%s", async (_, text, expected) => {
    await writeFile("bad.yaml", text);
    expect(await messageOf(readWorkflow("bad.yaml", catalogue))).toMatch(expected);
  });

  test("a file that is not there", async () => {
    expect(await messageOf(readWorkflow("none.yaml", catalogue))).toBe(
      "none.yaml: it cannot be read (it does not exist); give the path of a workflow's YAML",
    );
  });
});

describe("a plan is refused for", () => {
  const two = (a: object, b: object) => ({ steps: { a: join2(a), b: join2(b) } });
  test.each<[string, unknown, string]>([
    [
      "steps that name each other",
      two({ parts: `\${steps.b.out}`, out: "x" }, { parts: `\${steps.a.out}`, out: "y" }),
      `steps need each other in a circle: a needs b (it names \${steps.b.out}), b needs a (it names \${steps.a.out}); break it`,
    ],
    [
      "a circle through a file and an order",
      { steps: { a: { ...join2({ out: "x" }), after: ["b"] }, b: join2({ parts: "x", out: "y" }) } },
      "steps need each other in a circle: a needs b (it is to come after it), b needs a (it reads x, and a writes x); break it",
    ],
    [
      "a step that needs itself",
      { steps: { a: join2({ parts: `\${steps.a.between}`, between: "-", out: "x" }) } },
      "the step a needs itself",
    ],
    [
      "two that write one file",
      two({ out: "x/../o.txt" }, { out: "./o.txt" }),
      "the steps a and b both write x/../o.txt; let one write elsewhere",
    ],
    [
      "one that writes in another's folder",
      two({ out: "o" }, { out: "o/p.txt" }),
      "the step a writes o and b writes o/p.txt, one within the other; let one write elsewhere",
    ],
    [
      "inputs that are nowhere",
      two({ parts: "none.txt" }, { parts: "o.txt", out: "p.txt" }),
      `steps.a: its parts none.txt is not there, and no step makes it; mend the path; ${reference}`,
    ],
    [
      "places outside",
      one(join2({ out: "../o.txt" })),
      "steps.one: out ../o.txt lies outside of the working folder",
    ],
    [
      "whole paths outside",
      one(join2({ out: join(tmpdir(), "o.txt") })),
      `out ${join(tmpdir(), "o.txt")} lies outside of the working folder`,
    ],
    ["the working folder", one(join2({ out: "." })), "steps.one: out . is the working folder itself"],
    [
      "what replaces what it reads",
      one(join2({ out: "a.txt" })),
      "steps.one: out a.txt would replace what it reads, a.txt",
    ],
    ["what is printed outside", one({ ...join2(), prints: "../p" }), "steps.one: prints ../p lies outside"],
    [
      "what writes nobody knows where",
      one({ run: "free" }),
      "steps.one: give out, so that it is known what it writes; or prints, if it only prints",
    ],
  ])("%s", async (_, content, expected) => {
    expect(await planRefusal(content)).toContain(expected);
  });

  const fields = {
    data: { type: "path", describe: "the data set" },
    times: { type: "number", default: 2 },
    kind: { type: "choice", choices: ["plain", "fancy"], default: "plain" },
  };
  const asking = { fields, ...one(join2({ parts: `\${data}`, times: `\${times}`, kind: `\${kind}` })) };

  test.each<[string, FieldValues, string]>([
    ["a field without a value", {}, "the field data has no value (path: the data set); give --set data=…"],
    ["an unknown field", { data: "a.txt", tims: 3 }, 'there is no field "tims"; did you mean times?'],
    ["a value of another type", { data: "a.txt", times: "3" }, 'the field times: got "3", wanted a number'],
    ["no choice", { data: "a.txt", kind: "plan" }, 'the field kind: got "plan", wanted one of plain, fancy'],
  ])("%s", async (_, given, expected) => {
    expect(await planRefusal(asking, given)).toContain(expected);
  });

  test("values of the command line are read by their fields' types", async () => {
    const workflow = await check(asking);
    expect(givenFields(workflow, ["data=x=y", "times=3"])).toEqual({ data: "x=y", times: 3 });
    expect(() => givenFields(workflow, ["times=three"])).toThrow('--set times: got "three", wanted a number');
    expect(() => givenFields(workflow, ["dta=x"])).toThrow('there is no field "dta"; did you mean data?');
    expect(() => givenFields(workflow, ["data"])).toThrow("--set data: wanted NAME=VALUE");
  });
});

describe("a plan", () => {
  test("keeps the types of what is filled in, and joins what stands in text", async () => {
    const fields = { n: { type: "number", default: 3 }, yes: { type: "boolean", default: true } };
    const content = {
      fields,
      ...one(join2({ out: `out-\${n}.txt`, times: `\${n}`, upper: `\${yes}`, between: `$\${n} \${n}` })),
    };
    const { steps } = await plan(content);
    expect(steps[0]!.argv).toEqual([
      "join",
      "a.txt",
      "--out",
      "out-3.txt",
      "--times",
      "3",
      "--upper",
      "--between",
      `\${n} 3`,
    ]);
  });

  test("writes words that begin with a dash so that they are no flags", async () => {
    await writeFile("-b.txt", "b");
    const { steps } = await plan(one(join2({ parts: ["-b.txt"], between: "-x" })));
    expect(steps[0]!.argv).toEqual(["join", "./-b.txt", "--out", "o.txt", "--between=-x"]);
  });

  test("finds what a step needs by references, by paths within folders both ways, and by after", async () => {
    const content = {
      steps: {
        late: { ...join2({ out: "late.txt" }), after: ["all"] },
        all: join2({ parts: "parts", out: "all.txt" }),
        one: join2({ out: "parts/one.txt" }),
        two: join2({ parts: "folder/inside.txt", out: "parts/two.txt" }),
        folder: join2({ out: "folder" }),
        count: { run: "count", with: { text: `\${steps.one.out}` }, prints: "counted.txt" },
      },
    };
    const { steps } = await plan(content);
    expect(steps.map(({ name, needs }) => [name, needs.map(({ step }) => step)])).toEqual([
      ["one", []],
      ["folder", []],
      ["two", ["folder"]],
      ["all", ["one", "two"]],
      ["late", ["all"]],
      ["count", ["one"]],
    ]);
    expect(steps.at(-1)!.writes).toEqual([{ option: "prints", path: "counted.txt" }]);
  });

  test("lets a field of the user's lead outside, and takes names for what they are", async () => {
    const content = {
      fields: { place: { type: "path", default: "here" } },
      ...one(join2({ parts: ["known"], out: `\${place}/o.txt` })),
    };
    await plan(content);
    const there = join(tmpdir(), "there");
    await plan(content, { place: there });
    const outside = { ...content, fields: { place: { type: "path", default: there } } };
    expect(await planRefusal(outside)).toContain("lies outside of the working folder");
  });

  test("of many steps in one row is made in their order", async () => {
    const names = Array.from({ length: 200 }, (_, at) => `s${at}`);
    const steps = Object.fromEntries(
      names
        .map((name, at) => [
          name,
          join2({ parts: at === 0 ? "a.txt" : `\${steps.s${at - 1}.out}`, out: `${name}.txt` }),
        ])
        .reverse(),
    );
    expect((await plan({ steps })).steps.map(({ name }) => name)).toEqual(names);
  });
});

/** Nine lists of ten of the list before. */
function bomb(): string {
  const lists = Array.from(
    { length: 9 },
    (_, at) => `l${at + 1}: &l${at + 1} [${Array(10).fill(`*l${at}`).join(", ")}]`,
  );
  return ["l0: &l0 [a, a]", ...lists].join("\n");
}
