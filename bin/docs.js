// Writes the parts of the documents that are made from the source, each between <!-- generated: NAME --> and
// <!-- /generated -->, and the pages of docs/commands, and the plots of docs/growth.md. With --check nothing is written: what differs is named, and the
// exit code is 1.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, isStale } from "./build.js";
import { architectureTable, benchParts, limitTable, particleTypes } from "./docs/catalogueTables.js";
import { commandPages } from "./docs/commandPages.js";
import {
  experimentKeys,
  featureSetKeys,
  onnxKeys,
  profileKeys,
  rangesKeys,
  workflowKeys,
} from "./docs/keyTable.js";

if (isStale()) await build();
const from = (module) => import(`../dist/${module}.js`);

const { experimentSchema } = await from("train/experiment/schema");
const { rangesSchema } = await from("data/simulate/rangesFile");
const { featureSetSchema } = await from("features/set/schema");
const { workflowSchema } = await from("workflow/schema");
const { profileSchema } = await from("queue/profile");
const { networkSchema } = await from("train/experiment/networkChoice");
const { architectures } = await from("nets/library/catalogue");
const { buildNetwork } = await from("nets/architecture");
const { networkCost } = await from("nets/cost");
const { receptiveField } = await from("nets/receptiveField");
const { parts } = await from("bench/parts");
const { challengeParticles, matchFraction } = await from("domain/particles");
const { limits } = await from("system/limits");
const { describeCommands } = await from("commands/table");
const { groups } = await from("commands/shared/describe");
const help = await from("commands/shared/help");
const { growthPage } = await from("bench/growth/page");

const growthResult = new URL("../docs/results/growth.json", import.meta.url);
const growth = await growthPage(JSON.parse(readFileSync(growthResult, "utf8")), "results");

/** By document and name of the part. */
const generated = {
  "docs/experiments.md": { "experiment keys": experimentKeys(experimentSchema) },
  "docs/features.md": { "feature set keys": featureSetKeys(featureSetSchema) },
  "docs/workflows.md": { "workflow keys": workflowKeys(workflowSchema) },
  "docs/onnx.md": { "onnx keys": onnxKeys(networkSchema) },
  "docs/queue.md": { "queue keys": profileKeys(profileSchema) },
  "docs/simulation.md": { "ranges keys": rangesKeys(rangesSchema) },
  "docs/architectures.md": {
    architectures: architectureTable(architectures, { buildNetwork, networkCost, receptiveField }),
  },
  "docs/benchmarks.md": { "bench parts": benchParts(parts) },
  "docs/growth.md": { growth: growth.markdown },
  "docs/limits.md": { limits: limitTable(limits) },
  "docs/metric.md": { "particle types": particleTypes(challengeParticles, matchFraction) },
};

/** The document with a part put between its marks. */
function withPart(document, text, name, part) {
  const begin = `<!-- generated: ${name} -->\n`;
  const [from, to] = [text.indexOf(begin), text.indexOf("<!-- /generated -->", text.indexOf(begin))];
  if (from < 0 || to < 0)
    throw new Error(`${document}: no ${begin.trim()} with a <!-- /generated --> after it; put them there`);
  return `${text.slice(0, from + begin.length)}${part}\n${text.slice(to)}`;
}

const isCheck = process.argv.includes("--check");
for (const [document, itsParts] of Object.entries(generated)) {
  const path = fileURLToPath(new URL(`../${document}`, import.meta.url));
  let text = readFileSync(path, "utf8");
  for (const [name, part] of Object.entries(itsParts)) {
    const current = withPart(document, text, name, part);
    if (current !== text && isCheck) {
      console.error(`${document}: the part ${name} is not what the source says; run npm run docs`);
      process.exitCode = 1;
    }
    text = current;
  }
  if (!isCheck) writeFileSync(path, text);
}

for (const [axis, svg] of growth.plots) {
  const path = fileURLToPath(new URL(`../docs/results/growth-${axis}.svg`, import.meta.url));
  const standing = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  if (standing === `${svg}\n`) continue;
  if (isCheck) {
    console.error(`docs/results/growth-${axis}.svg: is not what growth.json says; run npm run docs`);
    process.exitCode = 1;
  } else writeFileSync(path, `${svg}\n`);
}

const folder = fileURLToPath(new URL("../docs/commands/", import.meta.url));
const pages = commandPages(await describeCommands(), groups, help);
mkdirSync(folder, { recursive: true });
const standing = readdirSync(folder);
for (const name of new Set([...standing, ...Object.keys(pages)])) {
  const page = pages[name];
  const current = standing.includes(name) ? readFileSync(`${folder}${name}`, "utf8") : undefined;
  if (page === current) continue;
  if (isCheck) {
    console.error(`docs/commands/${name}: is not what the source says; run npm run docs`);
    process.exitCode = 1;
  } else if (page === undefined) rmSync(`${folder}${name}`);
  else writeFileSync(`${folder}${name}`, page);
}
