import { afterAll, afterEach, beforeEach, type RunnerTask } from "vitest";
import { capture } from "./capture.js";

/** What the code under test tells: shown for a test that fails, and what hooks around tests tell, for a file that fails. */
const { write } = process.stderr;
const told = capture(process.stderr);
const show = (text: string): unknown => text !== "" && write.call(process.stderr, text);

let betweenTests = "";
beforeEach(() => {
  betweenTests += told.take();
});

afterEach(({ task }) => {
  const text = told.take();
  if (task.result?.state === "fail") show(text);
});

const hasFailed = (task: Readonly<RunnerTask>): boolean =>
  task.result?.state === "fail" || ("tasks" in task && task.tasks.some(hasFailed));

function showOfFile(_fixtures: unknown, file: Readonly<RunnerTask>): void {
  betweenTests += told.take();
  if (hasFailed(file)) show(betweenTests);
}

/** Vitest reads a function's text for the fixtures that it takes; a bound one takes none. */
afterAll(showOfFile.bind(undefined));
