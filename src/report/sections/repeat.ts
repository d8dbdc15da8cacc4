/** Section: how to repeat a run, with its experiment and record. */
import { stringify } from "yaml";
import { datasetOf, type RunRecord, trainedHash } from "../../domain/record.js";
import { html } from "../../present/html.js";
import { bytesText, none, plural, thousands } from "../../present/text.js";
import { shellWord } from "../../system/files.js";
import type { ReportedRun } from "../readRun.js";
import { facts, type Section, table } from "./section.js";

/** Makes the section of the run's command, the experiment in full, and the record. */
export function repeatSection({ record, folder }: ReportedRun): Section {
  const { code, versions, machine, data, result, experiment, tunings } = record;
  const body = html`<p>Runs it again on the same data and says whether the result is the same:</p>
<pre class="command" tabindex="0"><code>${inCheckout(record, ["repeat", folder.record, "--data", datasetOf(record) ?? "DIR"])}</code></pre>
<p>It was made by:</p>
<pre class="command" tabindex="0"><code>${inCheckout(record, record.command)}</code></pre>
<details><summary>The experiment, every default written out</summary><pre tabindex="0"><code>${stringify(experiment.resolved)}</code></pre></details>
<details><summary>The record</summary>${facts([
    ["experiment's hash", hash(experiment.hash)],
    ["commit", code.commit ? html`<code>${code.commit}</code>${code.dirty && ", changed"}` : none],
    ["lockfile", hash(code.lockfileHash)],
    ["data", hash(data.hash)],
    ["best.safetensors", hash(result?.checkpointHash)],
    ...(tunings ? ([["before it was tuned again", hash(trainedHash(record))]] as const) : []),
    [
      "versions",
      `pickbench ${versions.pickbench}, Node ${versions.node}, ONNX Runtime ${versions.onnxruntime ?? none}`,
    ],
    [
      "machine",
      `${machine.cpu}, ${plural(machine.cores, "core")}, ${bytesText(machine.memoryBytes)} of memory, ${machine.os}`,
    ],
    ["started, finished", `${record.startedAt}, ${result?.finishedAt ?? none}`],
    [
      "metrics",
      Object.entries(result?.metrics ?? {})
        .map(([name, value]) => `${name} ${Number(value.toPrecision(6))}`)
        .join(", ") || none,
    ],
  ])}</details>
<details><summary>${plural(data.files.length, "file")} of data, ${bytesText(data.files.reduce((sum, { size }) => sum + size, 0))}</summary>${filesTable(record)}</details>`;
  return { id: "repeat", title: "Experiment, record, and how to repeat it", body };
}

const hash = (value: string | null | undefined) => (value ? html`<code>${value}</code>` : none);

/** Limit of the files listed; record.json lists all. */
const mostFiles = 200;

function filesTable({ data: { files } }: RunRecord) {
  const rows = files
    .slice(0, mostFiles)
    .map(({ path, size, sha256 }) => [path, thousands(size), sha256?.slice(0, 16) ?? none]);
  const rest = files.length - rows.length;
  return table(
    `Files that the run rests on${rest > 0 ? `; ${rest} more stand in record.json` : ""}`,
    ["file", "bytes", "SHA-256"],
    rows,
  );
}

/** Returns one line for a shell in a checkout. */
function inCheckout({ code }: RunRecord, args: readonly string[]): string {
  const run = ["npx", "pickbench", ...args].map(shellWord).join(" ");
  return code.commit ? `git checkout ${code.commit.slice(0, 12)} && npm ci && ${run}` : run;
}
