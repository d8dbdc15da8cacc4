import { PickbenchError } from "../errors.js";
import type { Architecture } from "./architecture.js";
import { baseline } from "./baseline.js";
import { plain } from "./plain.js";

export const architectures: readonly Architecture[] = [baseline, plain];

export function architectureNamed(name: string): Architecture {
  const found = architectures.find((architecture) => architecture.name === name);
  if (found) return found;
  const known = architectures.map((architecture) => architecture.name).join(", ");
  throw new PickbenchError(
    "BadExperiment",
    `network ${JSON.stringify(name)} is not known; choose one of ${known}`,
  );
}
