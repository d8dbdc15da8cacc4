/** Checks of positions before and after their conversion. */
import { PickbenchError } from "../../system/errors.js";
import type { PositionFormat } from "./format.js";
import type { PositionSet } from "./frames.js";

type Carrier = Pick<PositionFormat, "title" | "carries" | "needs">;

/** Checks that a set has what a format needs. @throws PickbenchError BadUsage with the flag that gives it */
export function checkNeeds(set: PositionSet, { needs, title }: Carrier, what: string): void {
  if (needs?.includes("run") && set.run === undefined && set.positions.length > 0)
    throw new PickbenchError("BadUsage", `${what} names no run, and ${title} needs one; give --run NAME`);
  if (needs?.includes("type") && set.positions.some(({ type }) => type === undefined))
    throw new PickbenchError(
      "BadUsage",
      `${what} names no type of particle, and ${title} needs one; give --type NAME`,
    );
}

/** Checks the results of a conversion. @throws PickbenchError BadDataset where finite numbers have overflowed */
export function checkFinite({ positions, frame }: PositionSet, what: string): void {
  for (const [index, { at, box }] of positions.entries()) {
    const value = [...at, ...(box ?? [])].find((number) => !Number.isFinite(number));
    if (value !== undefined)
      throw new PickbenchError(
        "BadDataset",
        `${what}: position ${index + 1} has ${value} in the frame ${frame}, too large for a number; correct the file, or --spacing and --size`,
        { path: what },
      );
  }
}

/** Checks orientations where the format carries them. @throws PickbenchError BadDataset with the place of a broken one */
export function checkOrientations({ positions }: PositionSet, { carries }: Carrier, path: string): void {
  const fault = positions.find(({ rotationFault }) => rotationFault !== undefined)?.rotationFault;
  if (fault !== undefined && carries.has("orientation"))
    throw new PickbenchError("BadDataset", fault, { path });
}
