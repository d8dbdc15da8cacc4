/** Draws volumes of 8 bits by casting rays: as projections or as surfaces. */
import type { Block } from "../blockBounds.js";
import type { Size } from "../camera.js";
import type { Vector } from "../vectors.js";
import { Program, wholePicture } from "./program.js";
import { setRays, type View } from "./view.js";
import { mostHues, projectionShader, surfaceShader } from "./volumeShader.js";
import { disposeVolume, setFilter, uploadVolume, type VolumeTexture } from "./volumeTexture.js";

/** How the volume itself is drawn. */
export type VolumeMode = "maximum" | "minimum" | "surface" | "dark surface" | "none";

/** How a volume looks. */
export interface VolumeLook {
  readonly mode: VolumeMode;
  /** Values, 0 to 1, that are black and white in projections. */
  readonly window: readonly [number, number];
  /** Value of surfaces, 0 to 1. */
  readonly threshold: number;
  /** Red, green, blue of surfaces, 0 to 255. */
  readonly colour: Vector;
  /** Of surfaces, 0 to 1. */
  readonly opacity: number;
  /** Colours of labels 1, 2, … in turn, where the values are labels and not shares; eight at most. */
  readonly palette?: readonly Vector[];
}

/** How finely a picture is drawn. */
export interface Fineness {
  /** Pixels of the picture that is drawn into. */
  readonly pixels: Size;
  /** Whether values between voxel centres are interpolated, with a step of one voxel; else the nearest counts, by two. */
  readonly isFine: boolean;
}

const shareOf = (colour: Vector): Vector => [colour[0] / 255, colour[1] / 255, colour[2] / 255];

/** A ray caster in one context. */
export class VolumeRenderer {
  readonly #gl: WebGL2RenderingContext;
  readonly #projection: Program;
  readonly #surface: Program;
  readonly #volumes = new Map<string, VolumeTexture>();

  /** @throws SpaceError where the graphics card refuses the programs */
  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#projection = new Program(gl, wholePicture, projectionShader);
    this.#surface = new Program(gl, wholePicture, surfaceShader);
  }

  /** Puts a volume under a name, in place of the one there; undefined takes it away. @throws SpaceError as `uploadVolume` */
  set(name: string, block: Block | undefined): void {
    const old = this.#volumes.get(name);
    if (old) disposeVolume(this.#gl, old);
    this.#volumes.delete(name);
    if (block) this.#volumes.set(name, uploadVolume(this.#gl, block));
  }

  /** Draws a volume into what is bound, where its depth is less than what is there. */
  draw(name: string, look: VolumeLook, view: View, { pixels, isFine }: Fineness): void {
    const volume = this.#volumes.get(name);
    if (!volume || look.mode === "none") return;
    const gl = this.#gl;
    const isSurface = look.mode === "surface" || look.mode === "dark surface";
    const isDark = look.mode === "minimum" || look.mode === "dark surface";
    const program = isSurface ? this.#surface : this.#projection;
    program.use();
    setRays(program, view, pixels);
    program.texture("u_bounds", 1, gl.TEXTURE_3D, volume.bounds);
    program.texture("u_values", 0, gl.TEXTURE_3D, volume.values);
    setFilter(gl, isFine ? gl.LINEAR : gl.NEAREST);
    program.vector("u_voxels", volume.voxels);
    program.vector("u_spacing", volume.spacing);
    program.wholes("u_blocks", volume.blocks);
    program.number("u_step", isFine ? 1 : 2);
    program.whole("u_isDark", isDark);
    const [black, white] = look.window;
    if (isSurface) {
      program.number("u_threshold", isDark ? 1 - look.threshold : look.threshold);
      program.number("u_opacity", look.opacity);
      const palette = (look.palette ?? []).slice(0, mostHues);
      program.vector("u_colour", shareOf(look.colour));
      program.whole("u_hues", palette.length);
      program.vectors("u_palette", palette.map(shareOf));
    } else
      program.pair("u_window", ...(isDark ? ([1 - white, 1 - black] as const) : ([black, white] as const)));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  dispose(): void {
    for (const volume of this.#volumes.values()) disposeVolume(this.#gl, volume);
    this.#volumes.clear();
    this.#projection.dispose();
    this.#surface.dispose();
  }
}
