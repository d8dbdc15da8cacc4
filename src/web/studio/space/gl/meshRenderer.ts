/** Draws meshes, lit from the eye, and lines. */
import type { MeshData } from "../meshes/meshData.js";
import type { Vector } from "../vectors.js";
import { Program } from "./program.js";
import { setClip, type View } from "./view.js";

const meshVertex = `
uniform mat4 u_clip;
uniform vec3 u_eye, u_shift;
in vec3 a_place, a_normal;
out vec3 v_away, v_normal;
void main() {
  v_away = a_place + u_shift - u_eye;
  v_normal = a_normal;
  gl_Position = u_clip * vec4(v_away, 1);
}`;

const meshFragment = `
uniform vec3 u_colour;
uniform float u_opacity;
in vec3 v_away, v_normal;
out vec4 colour;
void main() {
  float lit = abs(dot(normalize(v_normal), normalize(v_away)));
  colour = vec4(u_colour * (0.25 + 0.75 * lit), u_opacity);
}`;

const lineVertex = `
uniform mat4 u_clip;
uniform vec3 u_eye;
in vec3 a_place;
void main() { gl_Position = u_clip * vec4(a_place - u_eye, 1); }`;

const lineFragment = `
uniform vec3 u_colour;
out vec4 colour;
void main() { colour = vec4(u_colour, 1); }`;

/** Lines of one colour. */
export interface Lines {
  /** Two ends for each line, Å, x, y, z. */
  readonly ends: readonly Vector[];
  /** Red, green, blue, 0 to 255. */
  readonly colour: Vector;
}

/** How a mesh looks. */
export interface MeshLook {
  readonly colour: Vector;
  readonly opacity: number;
  /** Where the mesh's 0 is, Å from the volume's corner. */
  readonly shift: Vector;
}

interface Uploaded {
  readonly array: WebGLVertexArrayObject;
  readonly buffers: readonly WebGLBuffer[];
  readonly count: number;
}

/** Meshes and lines in one context. */
export class MeshRenderer {
  readonly #gl: WebGL2RenderingContext;
  readonly #mesh: Program;
  readonly #line: Program;
  readonly #meshes = new Map<string, Uploaded>();
  readonly #lines: Uploaded;

  /** @throws SpaceError where the graphics card refuses the programs */
  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#mesh = new Program(gl, meshVertex, meshFragment);
    this.#line = new Program(gl, lineVertex, lineFragment);
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    this.#lines = { array, buffers: [this.#attribute(this.#line, "a_place", new Float32Array(0))], count: 0 };
    gl.bindVertexArray(null);
  }

  /** Puts a mesh under a name, in place of the one there; undefined takes it away. */
  set(name: string, mesh: MeshData | undefined): void {
    const gl = this.#gl;
    const old = this.#meshes.get(name);
    if (old) this.#free(old);
    this.#meshes.delete(name);
    if (!mesh) return;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    const buffers = [
      this.#attribute(this.#mesh, "a_place", mesh.positions),
      this.#attribute(this.#mesh, "a_normal", mesh.normals),
      gl.createBuffer(),
    ];
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers[2]!);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.indices, gl.STATIC_DRAW);
    gl.bindVertexArray(null);
    this.#meshes.set(name, { array, buffers, count: mesh.indices.length });
  }

  /** Draws a mesh; blending is the caller's. */
  draw(name: string, { colour, opacity, shift }: MeshLook, view: View): void {
    const mesh = this.#meshes.get(name);
    if (!mesh) return;
    const gl = this.#gl;
    this.#mesh.use();
    setClip(this.#mesh, view);
    this.#mesh.vector("u_shift", shift);
    this.#mesh.vector("u_colour", [colour[0] / 255, colour[1] / 255, colour[2] / 255]);
    this.#mesh.number("u_opacity", opacity);
    gl.bindVertexArray(mesh.array);
    gl.drawElements(gl.TRIANGLES, mesh.count, gl.UNSIGNED_INT, 0);
    gl.bindVertexArray(null);
  }

  /** Draws lines of one pixel's width. */
  drawLines({ ends, colour }: Lines, view: View): void {
    if (ends.length === 0) return;
    const gl = this.#gl;
    this.#line.use();
    setClip(this.#line, view);
    this.#line.vector("u_colour", [colour[0] / 255, colour[1] / 255, colour[2] / 255]);
    gl.bindVertexArray(this.#lines.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#lines.buffers[0]!);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(ends.flat()), gl.DYNAMIC_DRAW);
    gl.drawArrays(gl.LINES, 0, ends.length);
    gl.bindVertexArray(null);
  }

  dispose(): void {
    for (const mesh of [...this.#meshes.values(), this.#lines]) this.#free(mesh);
    this.#meshes.clear();
    this.#mesh.dispose();
    this.#line.dispose();
  }

  #attribute(program: Program, name: string, values: Float32Array): WebGLBuffer {
    const gl = this.#gl;
    const buffer = gl.createBuffer();
    const place = program.attribute(name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 12, 0);
    return buffer;
  }

  #free({ array, buffers }: Uploaded): void {
    this.#gl.deleteVertexArray(array);
    for (const buffer of buffers) this.#gl.deleteBuffer(buffer);
  }
}
