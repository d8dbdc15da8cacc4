/** Tests of `inOwnProcess`. */
import { expect, test } from "vitest";
import { inOwnProcess } from "./ownProcess.js";

const dying = new URL("./dyingProcess.ts", import.meta.url);

test("an answer arrives whole though its process dies after it", async () => {
  const values = (await inOwnProcess<Map<string, Float32Array>>(dying, "after")).get("values")!;
  expect(values).toHaveLength(1_000_000);
  expect(values.every((value) => value === 0.5)).toBe(true);
});

test("a process that dies before its answer is told of", async () => {
  await expect(inOwnProcess(dying, "before")).rejects.toThrow("ended with SIGABRT, without an answer");
});
