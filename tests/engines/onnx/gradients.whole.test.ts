import { afterAll, describe, expect, test } from "vitest";
import { rules } from "../../../src/engines/onnx/operations.js";
import { machineBlock } from "../../../src/engines/onnx/session.js";
import { inOrder } from "../../../src/nets/value.js";
import {
  lossFunction,
  relativeDifference,
  relativeGradientError,
} from "../../support/engines/centralDifferences.js";
import type { OperationCase } from "../../support/engines/operationCase.js";
import { operationCases } from "../../support/engines/operationCases.js";
import { pointOf } from "../../support/engines/operationPoint.js";

const usualStep = 1e-2;
const largestError = 1e-2;
const table: string[] = [];

afterAll(() => console.info(["relative error of the gradient, samples 1 and 2", ...table].join("\n")));

test("every operation of the engine has a case, and every case uses its operation", () => {
  expect(new Set(operationCases.map(({ operation }) => operation))).toEqual(new Set(Object.keys(rules)));
  for (const item of operationCases) {
    const kinds = inOrder(pointOf(item, 1).trainable.objectives[0]!.loss).map(
      ({ operation }) => operation.kind,
    );
    expect(kinds, item.name).toContain(item.operation);
  }
});

describe("gradients equal central differences, with blocked convolutions and without", () => {
  test.each(operationCases.map((item) => [item.operation, item.name, item] as const))(
    "%s: %s",
    async (operation, name, item) => {
      const errors = [await gradientError(item, 1), await gradientError(item, 2)];
      table.push(
        `${operation.padEnd(22)} ${name.padEnd(38)} ${errors.map((e) => e.toExponential(1)).join("  ")}`,
      );
      for (const error of errors) expect(error).toBeLessThan(largestError);
    },
  );
});

async function gradientError(item: OperationCase, samples: number): Promise<number> {
  const point = pointOf(item, samples);
  const blocked = await lossFunction(point, await machineBlock());
  const unblocked = await lossFunction(point, null);
  const [a, b] = [await blocked.at(point.weights), await unblocked.at(point.weights)];
  expect(relativeDifference(a.gradient, b.gradient)).toBeLessThan(1e-4);
  const error = await relativeGradientError(blocked, point, item.step ?? usualStep);
  await blocked.release();
  await unblocked.release();
  return error;
}
