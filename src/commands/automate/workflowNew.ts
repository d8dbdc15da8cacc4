/** `pickbench workflow new` and `import`: writes a workflow to change. */
import { parse } from "yaml";
import { wordTable } from "../../present/text.js";
import { writeWhole } from "../../system/files.js";
import { checkFree } from "../../system/paths/overwriting.js";
import type { CommandCatalogue } from "../../workflow/catalogue.js";
import { imported } from "../../workflow/scipion/importing.js";
import { readScipion } from "../../workflow/scipion/project.js";
import { templates, templateText } from "../../workflow/templates.js";
import { checkWorkflow, nameOf, type Workflow } from "../../workflow/workflow.js";
import { report } from "../shared/command.js";
import { checkWritable } from "../shared/flags.js";
import { printLine } from "../shared/print.js";

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

/** Reads a workflow of Scipion and writes those of its steps that there are here; what is not taken over is named. */
export async function importWorkflow(
  file: string,
  { out, overwrite, json }: Flags,
  catalogue: CommandCatalogue,
): Promise<void> {
  const place = out ?? `${nameOf(file.replace(/\.template$/, ""))}.yaml`;
  await checkWritable("out", place, "file");
  await checkFree(place, overwrite);
  const { yaml, steps, leftOut, notes, protocols } = imported(file, await readScipion(file));
  const { fields } = await checkWorkflow(parse(yaml), place, catalogue);
  await writeWhole(place, yaml);
  for (const line of leftOut) printLine(`left out: ${line}`);
  for (const line of notes) printLine(`not taken over: ${line}`);
  const document = { out: place, steps, fields: Object.fromEntries(fields), leftOut, notes };
  report(json, document, () =>
    [
      ...steps.map(({ name, protocol }) => `${name}: ${protocol}`),
      ...(fields.size > 0 ? [`it asks for ${[...fields.keys()].join(", ")}`] : []),
      `${place}: ${steps.length} steps of ${protocols} protocols; see what it does with pickbench workflow show ${place}`,
    ].join("\n"),
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
