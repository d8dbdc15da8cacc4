/** All that one context of the 3-D view holds and how a picture is put together from it. */
import type { Block } from "../blockBounds.js";
import type { Camera, Size } from "../camera.js";
import type { PackedMarks } from "../marks.js";
import type { MeshData } from "../meshes/meshData.js";
import type { Vector } from "../vectors.js";
import { MarksRenderer } from "./marksRenderer.js";
import { type Lines, type MeshLook, MeshRenderer } from "./meshRenderer.js";
import { Copier, Target } from "./target.js";
import { type View, viewOf } from "./view.js";
import { type Fineness, type VolumeLook, VolumeRenderer } from "./volumeRenderer.js";

/** A volume of the scene. */
export interface SpaceVolume {
  readonly block: Block;
  readonly look: VolumeLook;
}

/** A mesh of the scene. */
export interface SpaceMesh {
  readonly mesh: MeshData;
  readonly look: MeshLook;
}

/** What is to be seen. */
export interface SpaceContent {
  /** The first one below the others. */
  readonly volumes: ReadonlyMap<string, SpaceVolume>;
  readonly meshes: ReadonlyMap<string, SpaceMesh>;
  readonly marks: PackedMarks;
  readonly lines: readonly Lines[];
  /** Of the box from the corner, Å along x, y, z. */
  readonly lengths: Vector;
  /** Red, green, blue, 0 to 255. */
  readonly background: Vector;
}

/** Rows of a picture, from its lower edge. */
export interface Rows {
  readonly from: number;
  readonly count: number;
}

/** The renderers of one context, with what was uploaded to them. */
export class Painter {
  readonly #gl: WebGL2RenderingContext;
  readonly #volumes: VolumeRenderer;
  readonly #marks: MarksRenderer;
  readonly #meshes: MeshRenderer;
  readonly #copier: Copier;
  readonly #targets: { readonly coarse: Target; readonly fine: Target };
  readonly #uploadedVolumes = new Map<string, Block>();
  readonly #uploadedMeshes = new Map<string, MeshData>();
  #uploadedMarks: PackedMarks | undefined;

  /** @throws SpaceError where the graphics card refuses the programs */
  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#volumes = new VolumeRenderer(gl);
    this.#marks = new MarksRenderer(gl);
    this.#meshes = new MeshRenderer(gl);
    this.#copier = new Copier(gl);
    this.#targets = { coarse: new Target(gl), fine: new Target(gl) };
  }

  /** Uploads what is new and frees what is gone. @throws SpaceError as `uploadVolume` */
  upload({ volumes, meshes, marks }: SpaceContent): void {
    for (const name of this.#uploadedVolumes.keys()) if (!volumes.has(name)) this.#setVolume(name, undefined);
    for (const [name, { block }] of volumes)
      if (this.#uploadedVolumes.get(name) !== block) this.#setVolume(name, block);
    for (const name of this.#uploadedMeshes.keys()) if (!meshes.has(name)) this.#setMesh(name, undefined);
    for (const [name, { mesh }] of meshes)
      if (this.#uploadedMeshes.get(name) !== mesh) this.#setMesh(name, mesh);
    if (this.#uploadedMarks !== marks) this.#marks.set(marks);
    this.#uploadedMarks = marks;
  }

  /** Draws the volumes, off the screen: all rows, or some of them; other rows stay as they are. */
  drawVolumes(
    { volumes, lengths }: SpaceContent,
    camera: Camera,
    shown: Size,
    { pixels, isFine }: Fineness,
    rows: Rows = { from: 0, count: pixels.height },
  ): void {
    const gl = this.#gl;
    const view = viewOf(camera, shown, lengths);
    this.#targets[isFine ? "fine" : "coarse"].bind(pixels);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(0, rows.from, pixels.width, rows.count);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    this.#blended(() => {
      for (const [name, { look }] of volumes) this.#volumes.draw(name, look, view, { pixels, isFine });
    });
    gl.depthFunc(gl.LESS);
    gl.disable(gl.SCISSOR_TEST);
  }

  /** Puts the picture on the screen: the volumes as they were drawn, and marks, meshes and lines. */
  compose(content: SpaceContent, camera: Camera, size: Size, isFine: boolean): void {
    const gl = this.#gl;
    const view = viewOf(camera, size, content.lengths);
    const [red, green, blue] = content.background;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, size.width, size.height);
    gl.clearColor(red / 255, green / 255, blue / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    const target = this.#targets[isFine ? "fine" : "coarse"];
    if (content.volumes.size > 0 && target.size.width > 0)
      this.#blended(() => this.#copier.draw(target, size), gl.ONE);
    for (const lines of content.lines) this.#meshes.drawLines(lines, view);
    this.#marks.draw(view);
    this.#drawMeshes(content, view);
  }

  dispose(): void {
    for (const part of [this.#volumes, this.#marks, this.#meshes, this.#copier]) part.dispose();
    this.#targets.coarse.dispose();
    this.#targets.fine.dispose();
  }

  /** Solid meshes first; what lies behind one that is seen through shows. */
  #drawMeshes({ meshes }: SpaceContent, view: View): void {
    const solid = [...meshes].filter(([, { look }]) => look.opacity >= 1);
    const clear = [...meshes].filter(([, { look }]) => look.opacity < 1);
    for (const [name, { look }] of solid) this.#meshes.draw(name, look, view);
    if (clear.length === 0) return;
    this.#gl.depthMask(false);
    this.#blended(() => {
      for (const [name, { look }] of clear) this.#meshes.draw(name, look, view);
    });
    this.#gl.depthMask(true);
  }

  /** Blends colours by their opacity; `own` is ONE where they were multiplied by it already. */
  #blended(draw: () => void, own: number = this.#gl.SRC_ALPHA): void {
    const gl = this.#gl;
    gl.enable(gl.BLEND);
    gl.blendFuncSeparate(own, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    draw();
    gl.disable(gl.BLEND);
  }

  #setVolume(name: string, block: Block | undefined): void {
    this.#uploadedVolumes.delete(name);
    this.#volumes.set(name, block);
    if (block) this.#uploadedVolumes.set(name, block);
  }

  #setMesh(name: string, mesh: MeshData | undefined): void {
    this.#meshes.set(name, mesh);
    if (mesh) this.#uploadedMeshes.set(name, mesh);
    else this.#uploadedMeshes.delete(name);
  }
}
