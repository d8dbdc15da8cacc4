// What is seen in 3-D beside what the planes show.
import { computed, signal } from "@preact/signals";
import { cssHex } from "../look/colours.js";
import { labelColours } from "../look/overlayShades.js";
import { contrast, markLayers, type Overlay, overlays, place, volume } from "../look/stage.js";
import type { Block } from "./blockBounds.js";
import { projectionWindow, valueShare } from "./blockBounds.js";
import type { LoadedBlock } from "./blocks.js";
import type { Lines, MeshLook } from "./gl/meshRenderer.js";
import type { SpaceContent, SpaceMesh, SpaceVolume } from "./gl/painter.js";
import type { VolumeMode } from "./gl/volumeRenderer.js";
import { packMarks, type SpaceMark } from "./marks.js";
import type { MeshData } from "./meshes/meshData.js";
import { type ScaleAxes, scaleAxes } from "./scaleAxes.js";
import type { Vector } from "./vectors.js";

/** A mesh that was dropped or opened. */
export interface ShownMesh {
  readonly name: string;
  readonly mesh: MeshData;
  readonly colour: Vector;
  /** 0 to 1 */
  readonly opacity: number;
  readonly isShown: boolean;
}

export const mode = signal<VolumeMode>("minimum");
/** Value of the tomogram at its surface, as a share of the block's ends; undefined until it is set by hand. */
export const threshold = signal<number | undefined>(undefined);
export const isMarked = signal(true);
export const meshes = signal<readonly ShownMesh[]>([]);
/** The tomogram's block; undefined while it is loaded. */
export const block = signal<LoadedBlock | undefined>(undefined);
/** Blocks of overlays, by id. */
export const overlayBlocks = signal<ReadonlyMap<string, LoadedBlock>>(new Map());

/** Lengths of the tomogram in Å along x, y, z. */
export const lengths = computed<Vector>(() => {
  const level = volume.value?.levels[0];
  if (!level) return [1, 1, 1];
  const { shape, spacing } = level;
  return [shape[2] * spacing[2], shape[1] * spacing[1], shape[0] * spacing[0]];
});

const isDark = computed(() => mode.value === "minimum" || mode.value === "dark surface");

/** Black and white of projections, as shares of the block's ends, before the contrast is changed by hand. */
const ownWindow = computed(() =>
  block.value ? projectionWindow(block.value, isDark.value) : ([0, 1] as const),
);

/** Share of voxels beyond the surface to begin with. */
const surfaceShare = 0.02;

/** The threshold that is drawn. */
export const shownThreshold = computed(() => {
  if (threshold.value !== undefined) return threshold.value;
  return block.value ? valueShare(block.value, isDark.value ? surfaceShare : 1 - surfaceShare) : 0.5;
});

/** The window follows the contrast: it is moved by as much as that was moved from its first. */
const shownWindow = computed<readonly [number, number]>(() => {
  const [info, loaded] = [volume.value, block.value];
  if (!info || !loaded) return [0, 1];
  const width = loaded.ends[1] - loaded.ends[0];
  const [black, white] = [0, 1].map(
    (end) => ownWindow.value[end]! + (contrast.value[end]! - info.contrast[end]!) / width,
  ) as [number, number];
  return [black, Math.max(white, black + 1 / 255)];
});

/** Marks of all layers, in the order in which they are drawn. */
export const marks = computed(() =>
  isMarked.value ? markLayers.value.flatMap(({ marks }) => marks.value) : [],
);

const packed = computed(() =>
  packMarks(
    marks.value.map(
      ({ x, y, z, radius, colour, shape, isChosen, direction }): SpaceMark => ({
        ...{ x, y, z, radius, colour: cssHex(colour), isHollow: shape === "dashed" },
        ...(isChosen && { isChosen }),
        ...(direction && { direction }),
      }),
    ),
  ),
);

const surface = (of: Block, overlay: Overlay): SpaceVolume => ({
  block: of,
  look: {
    mode: "surface",
    window: [0, 1],
    threshold: overlay.info.kind === "labels" ? 0.5 / 255 : (overlay.threshold ?? 0.5),
    colour: overlay.colour,
    opacity: overlay.opacity,
    ...(overlay.info.kind === "labels" && { palette: labelColours }),
  },
});

const grey: Vector = [205, 210, 220];

export const volumes = computed<ReadonlyMap<string, SpaceVolume>>(() => {
  const shown = new Map<string, SpaceVolume>();
  if (block.value && mode.value !== "none")
    shown.set("tomogram", {
      block: block.value,
      look: {
        mode: mode.value,
        window: shownWindow.value,
        threshold: shownThreshold.value,
        colour: grey,
        opacity: 1,
      },
    });
  for (const overlay of overlays.value) {
    const loaded = overlayBlocks.value.get(overlay.info.id);
    if (loaded && overlay.isShown && overlay.opacity > 0)
      shown.set(overlay.info.id, surface(loaded, overlay));
  }
  return shown;
});

export const axes = computed<ScaleAxes>(() => scaleAxes(lengths.value));

/** Cross hairs through the planes' common point, and the box with its ticks. */
const lines = computed<readonly Lines[]>(() => {
  const { x, y, z } = place.value;
  const [width, height, depth] = lengths.value;
  const cross: Vector[] = [
    ...([
      [0, y, z],
      [width, y, z],
    ] as const),
    ...([
      [x, 0, z],
      [x, height, z],
    ] as const),
    ...([
      [x, y, 0],
      [x, y, depth],
    ] as const),
  ];
  return [
    { ends: axes.value.lines, colour: [110, 120, 135] },
    { ends: cross, colour: [255, 210, 80] },
  ];
});

/** Where a mesh's 0 lies in the tomogram. */
function shiftOf({ origin }: MeshData): Vector {
  const level = volume.value?.levels[0];
  if (origin === "corner" || !level) return [0, 0, 0];
  const [width, height, depth] = lengths.value;
  if (origin === "centre") return [width / 2, height / 2, depth / 2];
  return [level.spacing[2] / 2, level.spacing[1] / 2, level.spacing[0] / 2];
}

const shownMeshes = computed<ReadonlyMap<string, SpaceMesh>>(
  () =>
    new Map(
      meshes.value
        .filter(({ isShown, opacity }) => isShown && opacity > 0)
        .map(({ name, mesh, colour, opacity }) => {
          const look: MeshLook = { colour, opacity, shift: shiftOf(mesh) };
          return [name, { mesh, look }] as const;
        }),
    ),
);

/** All that the scene shows. */
export const content = computed<SpaceContent>(() => ({
  volumes: volumes.value,
  meshes: shownMeshes.value,
  marks: packed.value,
  lines: lines.value,
  lengths: lengths.value,
  background: [0, 0, 0],
}));
