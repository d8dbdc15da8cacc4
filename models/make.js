/** Makes a model that comes along again: `node models/make.js NAME` runs the commands of its card in a scratch folder. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const models = fileURLToPath(new URL(".", import.meta.url));
const program = fileURLToPath(new URL("../bin/pickbench.js", import.meta.url));
const name = process.argv[2];
if (!/^[a-z]+$/.test(name ?? "")) throw new Error("usage: node models/make.js NAME, such as solution");

const { commands } = JSON.parse(readFileSync(join(models, `${name}.json`), "utf8"));
const scratch = mkdtempSync(join(tmpdir(), "pickbench-model-"));
for (const command of commands) {
  console.log(`$ ${command}`);
  const [, ...words] = command.split(" ").map((word) => word.replaceAll("models/", models));
  execFileSync(process.execPath, [program, ...words], { cwd: scratch, stdio: "inherit" });
}
copyFileSync(join(scratch, name, "best.safetensors"), join(models, `${name}.safetensors`));
rmSync(scratch, { recursive: true });
console.log(`${name}.safetensors is made; the report's scores belong on its card`);
