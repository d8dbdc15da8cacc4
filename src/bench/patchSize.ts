import { PickbenchError } from "../errors.js";
import type { Network } from "../nets/architecture.js";

/** @throws BadUsage where a network does not take cubes of this edge */
export function checkSize({ architecture, multiple }: Network, size: number): void {
  if (size > 0 && multiple.every((step) => size % step === 0)) return;
  throw new PickbenchError(
    "BadUsage",
    `--size ${size} does not suit ${architecture}, which takes multiples of ${Math.max(...multiple)}; give another`,
  );
}
