import { z } from "zod";
import { PickbenchError } from "../errors.js";

/** An axis of an OME-NGFF image; older metadata names it alone. */
export const axisSchema = z.union([
  z.string().transform((name) => ({ name, type: undefined, unit: undefined })),
  z.looseObject({ name: z.string(), type: z.string().nullish(), unit: z.string().nullish() }),
]);
export type OmeAxis = z.infer<typeof axisSchema>;

/** Which axes of an array are a tomogram's. */
export interface ArrayAxes {
  readonly rank: number;
  /** Of z, y, x. */
  readonly space: readonly [z: number, y: number, x: number];
  /** Of channels, where there are any; all other axes have one place. */
  readonly channel: number | undefined;
}

const typesOfNames: Readonly<Record<string, string>> = {
  z: "space",
  y: "space",
  x: "space",
  c: "channel",
  t: "time",
};
const typeOf = ({ name, type }: OmeAxis): string | undefined => type ?? typesOfNames[name.toLowerCase()];

/** @throws BadDataset where OME-NGFF does not allow these axes (0.4, 3.2: two to five, two or three of space) */
export function checkAxes(path: string, axes: readonly OmeAxis[]): void {
  const names = axes.map(({ name }) => name.toLowerCase());
  const spatial = axes.filter((axis) => typeOf(axis) === "space").length;
  const isValid =
    axes.length >= 2 &&
    axes.length <= 5 &&
    new Set(names).size === names.length &&
    spatial >= 2 &&
    spatial <= 3;
  if (isValid) return;
  throw new PickbenchError(
    "BadDataset",
    `${path}: axes are ${names.join(",") || "not given"}; wanted z,y,x, or c,z,y,x for several channels`,
    { path },
  );
}

/** @throws Unsupported where an image is no volume, or has axes of its own besides channels and time */
export function tomogramAxes(path: string, axes: readonly OmeAxis[]): ArrayAxes {
  const names = axes.map(({ name }) => name.toLowerCase());
  const [z, y, x] = ["z", "y", "x"].map((name) => names.indexOf(name));
  const channel = axes.findIndex((axis) => typeOf(axis) === "channel");
  if (Math.min(z!, y!, x!) < 0)
    throw new PickbenchError(
      "Unsupported",
      `${path}: axes are ${names.join(",")}: no volume; wanted z,y,x, or c,z,y,x for several channels`,
      { path },
    );
  return { rank: axes.length, space: [z!, y!, x!], channel: channel < 0 ? undefined : channel };
}
