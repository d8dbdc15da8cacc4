/** `pickbench experiment`: the starter holds every key, and what is shown is what is run. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { checkExperiment } from "../../../src/train/experiment/experiment.js";
import { experimentSchema } from "../../../src/train/experiment/schema.js";
import { allKeys } from "../../../src/train/experiment/schemaKeys.js";
import { pickbench } from "../../support/commandLine.js";

const folder = mkdtempSync(join(tmpdir(), "starter-"));
const file = join(folder, "my.yaml");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("new writes a starter that holds every key, and replaces none", async () => {
  expect(await pickbench("experiment", "new", file)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`next: pickbench run ${file} --data DIR`),
  });
  const text = readFileSync(file, "utf8");
  const missing = allKeys(experimentSchema).filter((path) => !text.includes(`${String(path.at(-1))}:`));
  expect(missing).toEqual([]);
  const again = await pickbench("experiment", "new", file);
  expect([again.code, again.stderr]).toEqual([
    1,
    `pickbench: ${file} exists already; give --overwrite to replace it, or another name\n`,
  ]);
  expect((await pickbench("experiment", "new", file, "--overwrite")).code).toBe(0);
});

test("the starter's values are the defaults, save for what an experiment must say", () => {
  const content = parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  const { name, network, splits, loss, budget } = content;
  expect(checkExperiment(content, file)).toEqual(
    checkExperiment({ name, network, splits, loss, budget }, file),
  );
});

test("show prints all defaults, with what is set, as YAML and as JSON", async () => {
  const set = ["--set", "optimiser.rate=5e-4", "--set", "patch.batch=2"];
  const yaml = await pickbench("experiment", "show", file, ...set);
  const json = await pickbench("experiment", "show", file, ...set, "--json");
  expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
  expect(JSON.parse(json.stdout)).toMatchObject({
    optimiser: { rate: 5e-4, warmupSteps: 50 },
    patch: { batch: 2 },
  });
  const misspelt = await pickbench("experiment", "show", file, "--set", "optimiser.rats=1");
  expect(misspelt).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("did you mean optimiser.rate?"),
  });
});
