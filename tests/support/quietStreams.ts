import { afterEach } from "vitest";
import { capture } from "./capture.js";

/** Progress that the code under test tells is shown for a test that fails. */
const { write } = process.stderr;
const told = capture(process.stderr);
afterEach(({ task }) => {
  const text = told.take();
  if (task.result?.state === "fail") write.call(process.stderr, text);
});
