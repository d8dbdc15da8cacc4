import type { GraphBuilder } from "../../../src/nets/graph.js";
import type { OperationKind, Value } from "../../../src/nets/value.js";

/** One way of using an operation, with trained parameters before it so that its input's gradient counts too. */
export interface OperationCase {
  readonly operation: Exclude<OperationKind, "input">;
  readonly name: string;
  /** `lead` gives a map of so many channels from a trained 1×1×1 convolution; its values stay 0.3 away from 0. */
  readonly build: (g: GraphBuilder, lead: (channels: number) => Value) => Value;
  /** Whether lead values are all positive, else both signs occur. */
  readonly positive?: boolean;
  /** How far weights are moved for central differences: less where another voxel soon becomes the largest. */
  readonly step?: number;
}

export type Build = OperationCase["build"];

/** One operation in several ways. */
export function cases(
  operation: OperationCase["operation"],
  builds: Readonly<Record<string, Build>>,
  options: Pick<OperationCase, "positive" | "step"> = {},
): OperationCase[] {
  return Object.entries(builds).map(([name, build]) => ({ operation, name, build, ...options }));
}
