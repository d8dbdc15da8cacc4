import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { terminalReporter } from "../../../src/commands/shared/terminal.js";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const listeners = () => signals.map((signal) => process.listenerCount(signal));
let written = "";

beforeEach(() => {
  written = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

it("listens while stoppable work goes on, says what is still finished, and ends at the second Ctrl-C", async () => {
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  const before = listeners();
  const reporter = terminalReporter();
  expect(listeners()).toEqual(before);
  await reporter.stoppable("tile", async () => {
    await reporter.stoppable("file", async () => process.emit("SIGINT"));
    expect(written).toBe("\nstopping after this file; press Ctrl-C again to end at once\n");
    expect(reporter.signal.aborted).toBe(true);
    expect(exit).not.toHaveBeenCalled();
    process.emit("SIGTERM");
    expect(exit).toHaveBeenCalledWith(130);
  });
  expect(listeners()).toEqual(before);
});

it("listens no more after work that failed, and another reporter heard nothing", async () => {
  const before = listeners();
  const [one, other] = [terminalReporter(), terminalReporter()];
  const failing = one.stoppable("step", async () => {
    process.emit("SIGINT");
    throw new Error("broken");
  });
  await expect(failing).rejects.toThrow("broken");
  expect(listeners()).toEqual(before);
  expect([one.signal.aborted, other.signal.aborted]).toEqual([true, false]);
});

it("undoes the latest first where the user ends the process, but not what was taken back", () => {
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  const before = listeners();
  const undone: string[] = [];
  const { onEnd } = terminalReporter();
  const [first, taken, last] = ["first", "taken", "last"].map((name) => onEnd(() => undone.push(name)));
  taken!();
  process.emit("SIGHUP");
  expect(undone).toEqual(["last", "first"]);
  expect(written).toMatch(/^\npickbench: stopped; .* scratch files are removed\n$/);
  expect(exit).toHaveBeenCalledWith(130);
  first!();
  last!();
  expect(listeners()).toEqual(before);
});

it("is quiet but for lines that stay", () => {
  const progress = terminalReporter({ quiet: true }).progress("reading", 2, "chunks");
  progress.update(2);
  progress.say("a line");
  progress.stop();
  expect(written).toBe("a line\n");
});
