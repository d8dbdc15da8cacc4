/** Frames: how programs count positions, and the conversion between them by steps that stand in one table. */
import { type Angstrom, angstrom } from "../../domain/units.js";
import type { Shape3 } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import type { PicksAuthor } from "../copickPicks.js";
import type { StarBlock } from "../star.js";
import type { Rotation } from "./orientation.js";

/** Facts that a transform may need: voxel size and volume. */
interface FrameContext {
  readonly pixel?: Angstrom;
  readonly volume?: VolumeExtent;
}

/** One step from a file's numbers towards Å from the volume's corner, x, y, z, and the step back. */
interface Transform {
  /** Source of the convention. */
  readonly source: string;
  readonly needs: readonly (keyof FrameContext)[];
  /** Set where the step mirrors and so swaps the hand. */
  readonly mirrors?: true;
  readonly forward: (at: Vector3, context: Required<FrameContext>) => Vector3;
  readonly back: (at: Vector3, context: Required<FrameContext>) => Vector3;
}

const scaled = ([x, y, z]: Vector3, by: number): Vector3 => [x * by, y * by, z * by];
const moved = ([x, y, z]: Vector3, by: Vector3, sign = 1): Vector3 => [
  x + sign * by[0],
  y + sign * by[1],
  z + sign * by[2],
];
const extent = ({ size: [z, y, x], spacing }: VolumeExtent, half: (voxels: number) => number): Vector3 => [
  half(x) * spacing,
  half(y) * spacing,
  half(z) * spacing,
];
const halfOf = (voxels: number) => voxels / 2;
const wholeHalfOf = (voxels: number) => Math.floor(voxels / 2);

/**
 * Sum in Å, along x, y, z, of a particle's positions in the portal's annotations of version 2.0 and in the challenge's
 * picks: the mean over the 143 particles of TS_6_6 that have both; no particle differs by more than 0.0008 voxels.
 */
const portal2Sum: Vector3 = [6307.8478, 6307.8476, 1848.0073];

/** All conversion steps, each defined in one place. A frame is a list of steps. */
export const transforms = {
  voxelToAngstrom: {
    source: "voxel i of spacing s covers [i·s, (i+1)·s)",
    needs: ["pixel"],
    forward: (at, { pixel }) => scaled(at, pixel),
    back: ([x, y, z], { pixel }) => [x / pixel, y / pixel, z / pixel],
  },
  nanometreToAngstrom: {
    source: "1 nm = 10 Å",
    needs: [],
    forward: (at) => scaled(at, 10),
    back: ([x, y, z]) => [x / 10, y / 10, z / 10],
  },
  oneBased: {
    source: "Dynamo counts as MATLAB does: the volume's corner is (1, 1, 1)",
    needs: [],
    forward: (at) => moved(at, [1, 1, 1], -1),
    back: (at) => moved(at, [1, 1, 1]),
  },
  voxelCentre: {
    source: "an array's index names the centre of its voxel",
    needs: [],
    forward: (at) => moved(at, [0.5, 0.5, 0.5]),
    back: (at) => moved(at, [0.5, 0.5, 0.5], -1),
  },
  firstVoxelCentre: {
    source:
      "Warp and M: Å from the centre of the tomogram's first voxel (WarpLib, TiltSeries.ReconstructFull puts what lies at i·s into voxel i)",
    needs: ["pixel"],
    forward: (at, { pixel }) => moved(at, [pixel / 2, pixel / 2, pixel / 2]),
    back: (at, { pixel }) => moved(at, [pixel / 2, pixel / 2, pixel / 2], -1),
  },
  volumeFraction: {
    source: "a fraction of the volume's size along each axis",
    needs: ["volume"],
    forward: ([x, y, z], { volume }) => {
      const [width, height, depth] = extent(volume, (voxels) => voxels);
      return [x * width, y * height, z * depth];
    },
    back: ([x, y, z], { volume }) => {
      const [width, height, depth] = extent(volume, (voxels) => voxels);
      return [x / width, y / height, z / depth];
    },
  },
  volumeFirstVoxelCentre: {
    source: "Warp: TiltSeries.MatchFull divides Å from the centre of the first voxel by the volume's size",
    needs: ["volume"],
    forward: (at, { volume }) =>
      moved(
        at,
        extent(volume, () => 0.5),
      ),
    back: (at, { volume }) =>
      moved(
        at,
        extent(volume, () => 0.5),
        -1,
      ),
  },
  imodSlice: {
    source: "IMOD, Binary File Format, Model Coordinate Conventions: x from 0, y from 0, z from −0.5",
    needs: [],
    forward: (at) => moved(at, [0, 0, 0.5]),
    back: (at) => moved(at, [0, 0, 0.5], -1),
  },
  zyxToXyz: {
    source: "arrays are z, y, x",
    needs: [],
    forward: ([z, y, x]) => [x, y, z],
    back: ([x, y, z]) => [z, y, x],
  },
  volumeCentre: {
    source: "RELION 5, rlnCenteredCoordinate: Å from the volume's centre, size / 2",
    needs: ["volume"],
    forward: (at, { volume }) => moved(at, extent(volume, halfOf)),
    back: (at, { volume }) => moved(at, extent(volume, halfOf), -1),
  },
  eman2Centre: {
    source: "EMAN2, e2spt_boxer: from the voxel size // 2, where apix_unbin is set",
    needs: ["volume"],
    forward: (at, { volume }) => moved(at, extent(volume, wholeHalfOf)),
    back: (at, { volume }) => moved(at, extent(volume, wholeHalfOf), -1),
  },
  portal2Mirror: {
    source: "Data Portal 10440, annotations 2.0 against the challenge's picks, measured on TS_6_6",
    needs: [],
    mirrors: true,
    forward: ([x, y, z]) => [portal2Sum[0] - x, portal2Sum[1] - y, portal2Sum[2] - z],
    back: ([x, y, z]) => [portal2Sum[0] - x, portal2Sum[1] - y, portal2Sum[2] - z],
  },
} satisfies Record<string, Transform>;

type TransformName = keyof typeof transforms;

/** Frames: the steps from a file's numbers to Å from the volume's corner, x, y, z. */
export const frames = {
  angstrom: [],
  "angstrom-centred": ["volumeCentre"],
  nanometre: ["nanometreToAngstrom"],
  voxel: ["voxelToAngstrom"],
  "voxel-1": ["oneBased", "voxelToAngstrom"],
  index: ["voxelCentre", "voxelToAngstrom"],
  "voxel-zyx": ["zyxToXyz", "voxelToAngstrom"],
  "index-zyx": ["zyxToXyz", "voxelCentre", "voxelToAngstrom"],
  "angstrom-index": ["firstVoxelCentre"],
  fraction: ["volumeFraction"],
  "fraction-index": ["volumeFraction", "volumeFirstVoxelCentre"],
  imod: ["imodSlice", "voxelToAngstrom"],
  eman2: ["voxelToAngstrom", "eman2Centre"],
  "portal-2.0": ["voxelToAngstrom", "portal2Mirror"],
} as const satisfies Record<string, readonly TransformName[]>;

/** A way in which positions count: the steps from their numbers to Å from the corner of the volume. */
export type FrameName = keyof typeof frames;

/** Names of the ways in which positions may count. */
export const frameNames = Object.keys(frames) as FrameName[];

/** Voxel size, in Å, of the tomograms that the portal's annotations of version 2.0 count in. */
const portal2Spacing = angstrom(10.012);

/** Returns the voxel size that a frame implies, if any. */
export const ownPixel = (frame: FrameName): Angstrom | undefined =>
  frame === "portal-2.0" ? portal2Spacing : undefined;

/** Tells whether two voxel sizes are one: equal to a part in 1,000, for headers and files round them differently. */
export const isSamePixel = (a: number | undefined, b: number | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && Math.abs(a - b) <= 1e-3 * Math.max(a, b));

const stepsOf = (frame: FrameName): readonly TransformName[] => frames[frame];

/** Tells whether a frame counts in voxels, so that their size is needed to convert to Å. */
export const countsInVoxels = (frame: FrameName): boolean => stepsOf(frame).includes("voxelToAngstrom");

/** Tells whether a frame belongs to the mirror image of the tomogram that other frames belong to. */
export const isMirrored = (frame: FrameName): boolean =>
  stepsOf(frame).filter((step) => "mirrors" in transforms[step]).length % 2 === 1;

/** Tells whether a frame counts from the volume's centre. */
export const isCentred = (frame: FrameName): boolean =>
  stepsOf(frame).some((step) => step === "volumeCentre" || step === "eman2Centre");

/** A frame to convert to, with its voxel size and volume. */
export interface Target extends FrameContext {
  readonly frame: FrameName;
}

/** Lists the steps from one frame to another, without the common last steps that would cancel. */
function route(
  from: Target,
  to: Target,
): { readonly there: TransformName[]; readonly back: TransformName[] } {
  const there = [...stepsOf(from.frame)];
  const back = [...stepsOf(to.frame)];
  while (there.length > 0 && there.at(-1) === back.at(-1) && isSame(transforms[there.at(-1)!], from, to)) {
    there.pop();
    back.pop();
  }
  return { there, back: back.reverse() };
}

function isSame({ needs }: Transform, from: FrameContext, to: FrameContext): boolean {
  return needs.every((need) =>
    need === "pixel"
      ? from.pixel === to.pixel || from.pixel === undefined || to.pixel === undefined
      : JSON.stringify(from.volume) === JSON.stringify(to.volume),
  );
}

/** Lists the facts that a conversion needs and neither side states. */
export function missingFor(from: Target, to: Target): (keyof FrameContext)[] {
  const { there, back } = route(from, to);
  const lacks = (steps: TransformName[], side: FrameContext) =>
    steps.flatMap((step) => (transforms[step] as Transform).needs.filter((need) => side[need] === undefined));
  return [...new Set([...lacks(there, from), ...lacks(back, to)])];
}

/** Returns what is missing and the flags that give it. */
function missingText(missing: keyof FrameContext, { pixel }: FrameContext): string {
  if (missing === "pixel") return "the voxel size; give --spacing Å";
  return pixel === undefined
    ? "the volume's size and voxel size; give --size Z,Y,X in voxels and --spacing Å"
    : `the volume's size; give --size Z,Y,X in voxels of ${pixel} Å, or of --spacing Å where the tomogram has another`;
}

/**
 * Converts positions to another frame. Steps that both frames end with are left out, so that voxels become voxels without
 * a voxel size.
 *
 * @param what the file's name, for the message
 * @throws PickbenchError BadUsage with the flag to give where a voxel size or a volume's size is needed and unknown
 */
export function toFrame(set: PositionSet, target: Target, what: string): PositionSet {
  const to: Target = { ...fallbacks(set), ...target };
  const [missing] = missingFor(set, to);
  if (missing !== undefined)
    throw new PickbenchError(
      "BadUsage",
      `${what}: positions in the frame ${set.frame} become ${target.frame} only with ${missingText(missing, to)}`,
    );
  const { there, back } = route(set, to);
  const forward = there.map((step) => (transforms[step] as Transform).forward);
  const inverse = back.map((step) => (transforms[step] as Transform).back);
  const boxScale = set.pixel !== undefined && to.pixel !== undefined ? set.pixel / to.pixel : 1;
  const isMoved = forward.length > 0 || inverse.length > 0;
  const isRounded = isMoved && !stepsOf(to.frame).includes("volumeFraction");
  const converted = (position: TomogramPosition): TomogramPosition => {
    let { at } = position;
    for (const step of forward) at = step(at, set as Required<FrameContext>);
    for (const step of inverse) at = step(at, to as Required<FrameContext>);
    if (isRounded) at = [tidy(at[0]), tidy(at[1]), tidy(at[2])];
    const box = position.box && boxScale !== 1 ? { box: scaled(position.box, boxScale) } : {};
    return { ...position, at, ...box };
  };
  return {
    ...set,
    ...to,
    positions: !isMoved && boxScale === 1 ? set.positions : set.positions.map(converted),
  };
}

/** Rounds to 10⁻⁹ of a voxel or an Å, to drop the noise of the arithmetic. */
const tidy = (value: number): number => (Math.abs(value) < 1e6 ? Math.round(value * 1e9) / 1e9 : value);

const fallbacks = ({ pixel, volume }: FrameContext): FrameContext => ({
  ...(pixel === undefined ? {} : { pixel }),
  ...(volume === undefined ? {} : { volume }),
});

/** A vector along x, y, z. */
export type Vector3 = readonly [x: number, y: number, z: number];

/** A position in a tomogram with all facts that formats carry. */
export interface TomogramPosition {
  /** Coordinates x, y, z in the frame of the set. */
  readonly at: Vector3;
  readonly type?: string;
  /** Confidence; higher is better. */
  readonly score?: number;
  /** Id of the structure that the position samples: positions with one id lie on one filament or membrane. */
  readonly instance?: number;
  /** Rotation that turns the reference into the particle in the tomogram. */
  readonly rotation?: Rotation;
  /** What is wrong with the orientation in the file, as an error says it: it counts where orientations are asked for. */
  readonly rotationFault?: string;
  /** Translation in Å of a 4×4 transform that moves as well as turns. */
  readonly translation?: Vector3;
  /** Size of the box around the position, in voxels of the set. */
  readonly box?: Vector3;
  /** Values of the set's extra columns. */
  readonly extra?: readonly string[];
}

/** Size of a tomogram's volume, along z, y, x in voxels of `spacing`. */
export interface VolumeExtent {
  readonly size: Shape3;
  readonly spacing: Angstrom;
}

/** Columns of a file that have no meaning here but are passed through. */
export interface ExtraColumns {
  /** Origin of the names: only a format of the same family, or a table, can carry them. */
  readonly family: "star" | "dynamo" | "table";
  readonly names: readonly string[];
}

/** Positions of one run with their frame. */
export interface PositionSet {
  /** Run (tomogram), where the file names it. */
  readonly run?: string;
  readonly frame: FrameName;
  /** Voxel size in Å that the positions count in, where the file or the user states it. */
  readonly pixel?: Angstrom;
  readonly volume?: VolumeExtent;
  readonly author?: PicksAuthor;
  readonly positions: readonly TomogramPosition[];
  readonly extra?: ExtraColumns;
  /** Other blocks of a STAR file, such as optics. */
  readonly blocks?: readonly StarBlock[];
  /** Notes of the reader for the user. */
  readonly notes?: readonly string[];
}
