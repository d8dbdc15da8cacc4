import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type LedgerContent, LedgerWriter, ledgerFile, readLedger } from "../../src/watch/ledger.js";
import { standingsOf } from "../../src/watch/standing.js";
import { temporaryFolder } from "../support/storeFixtures.js";

const at = "2026-01-01T00:00:00.000Z";
const waiting = (run: string) =>
  ({ at, run, state: "waiting", path: `/data/${run}.mrc`, stamp: "a", isNew: true }) as const;
const fresh: LedgerContent = { events: [], begun: [], damaged: 0, isTorn: false };

test("a ledger that is not there is empty", async () => {
  expect(await readLedger(temporaryFolder())).toEqual(fresh);
});

test("names with quotes, spaces and line breaks come back as they went in", async () => {
  const out = temporaryFolder();
  const events = ['a "b" c', "é 日本", "two\nlines", " "].map(waiting);
  await new LedgerWriter(out, fresh).append(events);
  expect((await readLedger(out)).events).toEqual(events);
});

test("a line that a kill cut off anywhere is left behind by the next writer, and no other is lost", async () => {
  const out = temporaryFolder();
  const line = `${JSON.stringify(waiting("second"))}\n`;
  for (let cut = 0; cut <= Buffer.byteLength(line); cut++) {
    writeFileSync(ledgerFile(out), `${JSON.stringify(waiting("first"))}\n`);
    appendFileSync(ledgerFile(out), line.slice(0, cut));
    const before = await readLedger(out);
    expect(before.isTorn).toBe(cut > 0 && cut < line.length);
    await new LedgerWriter(out, before).append([waiting("third")]);
    const { events, damaged } = await readLedger(out);
    const isWhole = cut >= line.length - 1;
    expect(events.map(({ run }) => run)).toEqual(isWhole ? ["first", "second", "third"] : ["first", "third"]);
    expect(damaged).toBe(isWhole || cut === 0 ? 0 : 1);
  }
});

test("lines of another kind are counted, not obeyed", async () => {
  const out = temporaryFolder();
  const good = JSON.stringify(waiting("a"));
  writeFileSync(ledgerFile(out), `nonsense\n{"run":"a"}\n${good.replace("waiting", "sleeping")}\n${good}\n`);
  const { events, damaged } = await readLedger(out);
  expect(events).toHaveLength(1);
  expect(damaged).toBe(3);
});

test("a writer that failed once begins a new line", async () => {
  const out = temporaryFolder();
  const writer = new LedgerWriter(`${out}/missing`, fresh);
  await expect(writer.append([waiting("a")])).rejects.toThrow("ENOENT");
  writeFileSync(ledgerFile(out), "");
  const good = new LedgerWriter(out, fresh);
  await good.append([waiting("a")]);
  await good.append([waiting("b")]);
  expect(readFileSync(ledgerFile(out), "utf8").split("\n")).toHaveLength(3);
});

test("a tomogram's failures count until it is another, its attempts always", () => {
  const attempts = [1, 2].flatMap((attempt) => [
    { at, run: "a", state: "running", attempt } as const,
    { at, run: "a", state: "failed", attempt, reason: "x", retrySeconds: 60 } as const,
  ]);
  const failed = standingsOf([waiting("a"), ...attempts]).get("a")!;
  expect([failed.state, failed.attempt, failed.failures]).toEqual(["failed", 2, 2]);
  const back = standingsOf([waiting("a"), ...attempts, { ...waiting("a"), isNew: false }]).get("a")!;
  expect([back.state, back.attempt, back.failures]).toEqual(["waiting", 2, 2]);
  const other = standingsOf([waiting("a"), ...attempts, { ...waiting("a"), stamp: "b" }]).get("a")!;
  expect([other.attempt, other.failures, other.stamp]).toEqual([2, 0, "b"]);
});
