// Positions of a file as marks.
import { visible } from "../verdicts/colours.js";

/** A position with what its file says of it. */
export interface Positioned {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly score?: number;
  /** Nine numbers row by row. */
  readonly rotation?: readonly number[];
}

/** A position as the views draw it. */
export interface PositionMark {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly radius: number;
  readonly colour: string;
  readonly shape: "diamond";
  readonly label: string;
  readonly direction?: readonly [x: number, y: number, z: number];
}

/** Radius of what is no particle of the data set, Å. */
const usualRadius = 60;

/** Makes a mark: of its particle's size and colour where there is one of its name. */
export function markOf(
  { type, x, y, z, score, rotation }: Positioned,
  at: number,
  source: string,
  particle?: { readonly radius: number; readonly colour: readonly [number, number, number] },
): PositionMark {
  const said = score === undefined ? "" : `, score ${Number(score.toPrecision(4))}`;
  return {
    ...{ id: `${source} ${at}`, x, y, z, shape: "diamond" },
    radius: particle?.radius ?? usualRadius,
    colour: particle ? visible(particle.colour) : "#ff8ad8",
    label: `${type} of ${source}${said}`,
    ...(rotation?.length === 9 && { direction: [rotation[2]!, rotation[5]!, rotation[8]!] as const }),
  };
}

/** Returns a name that is not taken: its own, or with the first free number behind it. */
export function freeName(name: string, taken: readonly string[]): string {
  let free = name;
  for (let number = 2; taken.includes(free); number++) free = `${name} (${number})`;
  return free;
}
