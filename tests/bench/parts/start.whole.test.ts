import { expect, test } from "vitest";
import { pickbenchProcess } from "../../support/commandLine.js";

async function rowOf(part: string): Promise<Record<string, unknown>> {
  const args = ["bench", part, "--steps", "1", "--no-peers", "--no-history", "--json"];
  const { code, stdout } = await pickbenchProcess(...args);
  expect(code).toBe(0);
  const { rows } = JSON.parse(stdout) as { rows: Record<string, unknown>[] };
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

test("start: --help as a whole process, and Node alone", async () => {
  const row = await rowOf("start");
  expect(row).toMatchObject({ peer: null, peer_help_ms: null });
  expect(row.help_ms).toBeGreaterThan(0);
  expect(row.node_ms).toBeGreaterThan(0);
});

test("score: the whole process, and from the first byte to the score", async () => {
  const row = await rowOf("score");
  expect(row).toMatchObject({ rows: 150_000, peer: null, peer_process_ms: null, peer_score_ms: null });
  expect(row.score).toBeGreaterThan(0.5);
  expect(row.process_ms).toBeGreaterThan(0);
  expect(row.score_ms).toBeGreaterThan(0);
});
