/** The form of a test case of an operation. */
import type { GraphBuilder } from "../../../src/nets/graph.js";
import type { OperationKind, Value } from "../../../src/nets/value.js";

/** A use of an operation, with trained parameters before it so that the gradient of its input counts too. */
export interface OperationCase {
  readonly operation: Exclude<OperationKind, "input">;
  readonly name: string;
  /**
   * Builds the case. `lead` returns a map of some channels from a trained 1×1×1 convolution; its values stay 0.3 away
   * from 0.
   */
  readonly build: (g: GraphBuilder, lead: (channels: number) => Value) => Value;
  /** Whether lead values are all positive; otherwise both signs occur. */
  readonly positive?: boolean;
  /** Step of central differences: smaller where another voxel soon becomes the largest. */
  readonly step?: number;
}

export type Build = OperationCase["build"];

/** Makes the cases of one operation. */
export function cases(
  operation: OperationCase["operation"],
  builds: Readonly<Record<string, Build>>,
  options: Pick<OperationCase, "positive" | "step"> = {},
): OperationCase[] {
  return Object.entries(builds).map(([name, build]) => ({ operation, name, build, ...options }));
}
