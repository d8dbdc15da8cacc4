/** pickbench cite: the works to cite for an output, and a methods paragraph. */
import { sidecarOf } from "../../makings/sidecar.js";
import { plural } from "../../present/text.js";
import { writeWhole } from "../../system/files.js";
import { checkApart, checkFree } from "../../system/paths/overwriting.js";
import { traceOf } from "../../trace/chain.js";
import { type Citations, citationsOf } from "../../trace/cite/cite.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWritable, overwriteOption, quietOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

export const command = defineCommand({
  usage: "<file>",
  reads: ["file"],
  writes: ["out"],
  options: (argv) =>
    argv
      .positional("file", {
        type: "string",
        demandOption: true,
        describe: "a file, or the folder of a run, that pickbench wrote",
      })
      .option("out", { type: "string", describe: "write the BibTeX to this file, and print the paragraph" })
      .option("paragraph", {
        type: "boolean",
        default: false,
        describe: "print the methods paragraph in place of the BibTeX",
      })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example(
        "$0 cite submission.csv --out methods.bib",
        "BibTeX of the methods on its chain, and what to say of them",
      )
      .example(
        "$0 cite runs/a --paragraph",
        "architecture, loss, data, thresholds and versions in plain sentences",
      ),
  run: async ({ file, out, paragraph, overwrite, quiet, json }) => {
    if (out !== undefined) {
      await checkWritable("out", out, "file");
      await checkApart({ out }, [file, sidecarOf(file)]);
      await checkFree(out, overwrite);
    }
    const reporter = terminalReporter({ quiet: quiet || json === true });
    const citations = await citationsOf(await traceOf(file, { reporter }));
    if (out !== undefined) await writeWhole(out, citations.bibtex);
    for (const note of citations.notes) reporter.note(`note: ${note}`);
    report(json, citations, () => text(citations, { out, paragraph }));
  },
});

function text(
  { bibtex, paragraph, works }: Citations,
  asked: { readonly out: string | undefined; readonly paragraph: boolean },
): string {
  if (asked.out !== undefined) return `${paragraph}\n\n${plural(works.length, "work")}: ${asked.out}`;
  return asked.paragraph ? paragraph : bibtex.trimEnd();
}
