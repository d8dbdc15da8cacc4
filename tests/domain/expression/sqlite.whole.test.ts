import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { compileCondition } from "../../../src/domain/expression/compile.js";
import { parseExpression } from "../../../src/domain/expression/parse.js";
import { columns, conditions, rows } from "../../support/expressions.js";
import fc from "../../support/properties.js";
import { pythonHas, runPythonFile } from "../../support/python.js";

it.skipIf(!pythonHas("sqlite3"))(
  "expressions select the rows that SQLite selects, missing values included",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "expressions-"));
    const written = fc.sample(conditions, { seed: 7, numRuns: 1500 });
    const table = fc.sample(rows, { seed: 8, numRuns: 40 });
    const file = join(folder, "asked.json");
    await writeFile(
      file,
      JSON.stringify({
        columns: columns.map(({ name }) => name),
        rows: table.map((row) => row.map((value) => value ?? null)),
        expressions: written.map(({ sql }) => sql),
      }),
    );
    const script = new URL("../../fixtures/expression.py", import.meta.url).pathname;
    const answers = runPythonFile(script, file) as (number | null)[][];
    await rm(folder, { recursive: true });
    const counts = { true: 0, false: 0, undefined: 0 };
    for (const [i, { text }] of written.entries()) {
      const condition = compileCondition(text, parseExpression(text), columns);
      const ours = table.map((row) => condition(row));
      for (const answer of ours) counts[String(answer) as keyof typeof counts]++;
      expect(
        ours.map((answer) => (answer === undefined ? null : Number(answer))),
        text,
      ).toEqual(answers[i]);
    }
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(5000);
  },
);
