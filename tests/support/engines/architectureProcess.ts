/** A process that has architectures answer by WebGPU. */
import { answer } from "../answer.js";
import { type Answers, answersOf } from "./architectureAnswers.js";

answer(async (names: readonly string[]) => {
  const all: [string, Answers][] = [];
  for (const name of names) all.push([name, await answersOf(name, "webgpu")]);
  return new Map(all);
});
