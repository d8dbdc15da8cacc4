/** `pickbench workflow new` and `import`: writes a workflow to change. */
import { wordTable } from "../../present/text.js";
import { writeWhole } from "../../system/files.js";
import { checkFree } from "../../system/paths/overwriting.js";
import type { CommandCatalogue } from "../../workflow/catalogue.js";
import { templates, templateText } from "../../workflow/templates.js";
import type { Workflow } from "../../workflow/workflow.js";
import { report } from "../shared/command.js";
import { checkWritable } from "../shared/flags.js";

interface Flags {
  readonly out: string | undefined;
  readonly overwrite: boolean;
  readonly json: boolean | undefined;
}

/** Writes a template; lists all where none is named. */
export async function newWorkflow(
  name: string | undefined,
  { out, overwrite, json }: Flags,
  catalogue: CommandCatalogue,
): Promise<void> {
  if (name === undefined) {
    const all = await templates(catalogue);
    report(json, { templates: all.map(describedTemplate) }, () => all.map(templateLines).join("\n\n"));
    return;
  }
  const text = await templateText(name);
  const place = out ?? `${name}.yaml`;
  await checkWritable("out", place, "file");
  await checkFree(place, overwrite);
  await writeWhole(place, text);
  report(
    json,
    { template: name, out: place },
    () => `${place}: change it, and run it with pickbench workflow run ${place}`,
  );
}

const describedTemplate = ({ name, description, fields, steps }: Workflow) => ({
  ...{ name, description, fields: Object.fromEntries(fields), steps: [...steps.keys()] },
});

function templateLines({ name, description = "", fields, steps }: Workflow): string {
  const rows = [...fields].map(([field, { type, describe = "", default: fallback }]) => [
    `  ${field}`,
    type,
    `${describe}${fallback === undefined ? "" : ` (${fallback} if absent)`}`,
  ]);
  return [`${name}: ${description}`, `  steps: ${[...steps.keys()].join(", ")}`, wordTable(rows)].join("\n");
}
