import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onnxEngine } from "../../../src/engines/onnx/engine.js";
import { vulkanDriver } from "../../support/engines/softwareVulkan.js";
import {
  type Computed,
  computed,
  groupedCases,
  loss,
  spec,
  stepOf,
  steps,
} from "../../support/engines/webgpuComputations.js";
import { inOwnProcess } from "../../support/ownProcess.js";

const largestDifference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((largest, value, at) => Math.max(largest, Math.abs(value - b[at]!)), 0);

const length = (a: Float32Array): number => Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));

const relativeDifference = (a: Float32Array, b: Float32Array): number =>
  length(a.map((value, at) => value - b[at]!)) / length(a);

/** WebGPU computes in a process of its own, which a software driver may take down once all has been told. */
describe.skipIf(!vulkanDriver())("WebGPU, on whatever Vulkan driver there is", () => {
  let cpu: Computed;
  let webgpu: Computed;
  const table: string[] = [];
  beforeAll(async () => {
    cpu = await computed("cpu");
    const module = new URL("../../support/engines/webgpuProcess.ts", import.meta.url);
    webgpu = await inOwnProcess<Computed>(module, cpu.trained.state.weights);
  });
  afterAll(() => console.info(["WebGPU against the CPU", ...table].join("\n")));

  test(`has the CPU's losses over ${steps} steps, and its weights after them`, () => {
    const [a, b] = [cpu.trained, webgpu.trained];
    expect(a.losses).toHaveLength(steps);
    expect(b.losses).toHaveLength(steps);
    const off = Math.max(...a.losses.map((value, at) => Math.abs(value - b.losses[at]!) / value));
    const weights = largestDifference(a.state.weights, b.state.weights);
    const average = largestDifference(a.state.average, b.state.average);
    table.push(`losses of ${steps} steps, largest relative difference ${off.toExponential(1)}`);
    table.push(`weights ${weights.toExponential(1)}, their average ${average.toExponential(1)}`);
    expect(a.losses.at(-1)).toBeLessThan(a.losses[0]! * 0.8);
    expect(off).toBeLessThan(1e-4);
    expect(weights).toBeLessThan(1e-3);
    expect(average).toBeLessThan(1e-3);
  });

  test("leaves a state that the CPU goes on with", async () => {
    const trainer = await onnxEngine("cpu").openTrainer(spec, loss);
    await trainer.restore(webgpu.trained.state);
    const { loss: next } = await stepOf(trainer, steps);
    await trainer.close();
    table.push(`step ${steps + 1} from one state: WebGPU ${webgpu.trained.next}, CPU ${next}`);
    expect(Math.abs(next - webgpu.trained.next) / webgpu.trained.next).toBeLessThan(1e-5);
  });

  test("predicts what the CPU does", () => {
    const off = largestDifference(cpu.probabilities, webgpu.probabilities);
    table.push(`probabilities ${off.toExponential(1)}`);
    expect(off).toBeLessThan(1e-4);
  });

  test("has the CPU's gradient of the baseline, with its strided and transposed convolutions and its PReLUs", () => {
    const [a, b] = [cpu.baselineGradient, webgpu.baselineGradient];
    expect(length(a)).toBeGreaterThan(0);
    const off = relativeDifference(a, b);
    table.push(`the baseline's gradient ${off.toExponential(1)}`);
    expect(off).toBeLessThan(1e-4);
  });

  test.each(groupedCases.map(({ name }) => name))(
    "has the CPU's gradient of a convolution in groups: %s",
    (name) => {
      const [a, b] = [cpu.groupedGradients.get(name)!, webgpu.groupedGradients.get(name)!];
      expect(length(a)).toBeGreaterThan(0);
      expect(relativeDifference(a, b)).toBeLessThan(1e-4);
    },
  );
});
