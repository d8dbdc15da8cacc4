import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answers, answersOf } from "../../support/engines/architectureAnswers.js";
import { vulkanDriver } from "../../support/engines/softwareVulkan.js";
import { inOwnProcess } from "../../support/ownProcess.js";

/** Architectures that a software device computes within seconds; baseline and plain are looked at step by step elsewhere. */
const names = ["unet", "eman2"];

describe.skipIf(!vulkanDriver())("architectures of the catalogue on WebGPU", () => {
  let webgpu: ReadonlyMap<string, Answers>;
  const table: string[] = [];
  beforeAll(async () => {
    const module = new URL("../../support/engines/architectureProcess.ts", import.meta.url);
    webgpu = await inOwnProcess<ReadonlyMap<string, Answers>>(module, names);
  });
  afterAll(() => console.info(["WebGPU against the CPU, one inference and one step", ...table].join("\n")));

  test.each(names)(
    "%s answers as on the CPU: its output, and loss and gradient of a training step",
    async (name) => {
      const [ours, theirs] = [await answersOf(name, "cpu"), webgpu.get(name)!];
      if ("failure" in ours || "failure" in theirs) throw new Error(JSON.stringify([ours, theirs]));
      const largest = Math.max(...ours.output.map(Math.abs));
      const off = Math.max(...ours.output.map((value, at) => Math.abs(value - theirs.output[at]!))) / largest;
      const [loss, norm] = [theirs.loss / ours.loss - 1, theirs.norm / ours.norm - 1];
      table.push(
        `${name}: output ${off.toExponential(1)}, loss ${loss.toExponential(1)}, gradient ${norm.toExponential(1)}, ${theirs.seconds.toFixed(0)} s`,
      );
      expect(theirs.output).toHaveLength(ours.output.length);
      expect(largest).toBeGreaterThan(0);
      expect(off).toBeLessThan(1e-4);
      expect(Math.abs(loss)).toBeLessThan(1e-4);
      expect(Math.abs(norm)).toBeLessThan(1e-3);
    },
  );
});
