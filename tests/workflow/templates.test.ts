import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { catalogueOf } from "../../src/commands/automate/catalogue.js";
import { table } from "../../src/commands/table.js";
import { planWorkflow } from "../../src/workflow/plan.js";
import { templates, templateText } from "../../src/workflow/templates.js";
import { checkWorkflow } from "../../src/workflow/workflow.js";

const catalogue = catalogueOf(table);
const all = await templates(catalogue);

test("there are templates for the usual jobs", () => {
  expect(all.map(({ name }) => name)).toEqual(["challenge", "consensus", "features", "matching", "pretrain"]);
});

test.each(all)(
  "$name says what it, its fields and its steps are for, and can be planned",
  async (workflow) => {
    expect(workflow.description).toBeTruthy();
    for (const field of workflow.fields.values()) expect(field.describe).toBeTruthy();
    const { steps } = await planWorkflow(workflow, { fields: {}, catalogue, isDraft: true });
    expect(steps).toHaveLength(workflow.steps.size);
    const used = [...workflow.steps.values()].map((step) => JSON.stringify(step)).join();
    for (const field of workflow.fields.keys()) expect(used).toContain(`\${${field}}`);
  },
);

test("a name that there is not is answered with the nearest", async () => {
  await expect(templateText("consenus")).rejects.toThrow("did you mean consensus?");
  await expect(templateText("../package")).rejects.toThrow("there is no template");
});

test("the workflow of docs/workflows.md is one", async () => {
  const [, block] = /^```\n(description: .*?)^```$/ms.exec(readFileSync("docs/workflows.md", "utf8")) ?? [];
  const { steps } = await checkWorkflow(parse(block!), "docs/workflows.md", catalogue);
  expect([...steps.keys()]).toEqual(["train", "picks"]);
});
