import { expect, test } from "vitest";
import { catalogueOf } from "../../src/commands/automate/catalogue.js";
import { table } from "../../src/commands/table.js";
import { planWorkflow } from "../../src/workflow/plan.js";
import { handedOut } from "../../src/workflow/run.js";
import { checkWorkflow } from "../../src/workflow/workflow.js";

const catalogue = catalogueOf(table);

const submit = (out: string, more: object = {}) => ({
  run: "submit",
  with: { checkpoint: "a.safetensors", data: "data", out, ...more },
});
const convert = { run: "convert", with: { from: "a.csv", to: "a.star" } };

async function handed(steps: object): Promise<string[]> {
  const workflow = await checkWorkflow({ steps }, "w.yaml", catalogue);
  return handedOut(await planWorkflow(workflow, { fields: {}, catalogue, isDraft: true }));
}

test("steps that ask for a queue are handed out, or all but those that hand out their own work", async () => {
  const own = submit("b.csv", { queue: "slurm" });
  expect(await handed({ one: convert, two: submit("c.csv"), own })).toEqual(["one", "two"]);
  expect(await handed({ one: convert, two: { ...submit("c.csv"), queue: true }, own })).toEqual(["two"]);
});

test.each([
  [
    { ...submit("a.csv", { queue: "slurm" }), queue: true },
    "w.yaml: steps.one: queue: true and its own queue under with would hand its work out twice; leave one out;",
  ],
  [
    submit("a.csv", { queue: "slurm", detach: true }),
    "w.yaml: steps.one.with.detach: a step ends once its work is done; leave it out;",
  ],
])("a step whose work would be handed out twice, or not waited for, is refused", async (one, words) => {
  await expect(handed({ one })).rejects.toThrow(words);
});
