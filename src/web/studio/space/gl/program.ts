/** Programs of the graphics card. */

/** What the 3-D view cannot do here, in one sentence. */
export class SpaceError extends Error {}

/** A linked program and where its uniforms are. */
export class Program {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #places = new Map<string, WebGLUniformLocation | null>();

  /** @throws SpaceError where the graphics card's driver refuses it */
  constructor(gl: WebGL2RenderingContext, vertex: string, fragment: string) {
    this.#gl = gl;
    this.#program = gl.createProgram();
    const shaders = [
      [gl.VERTEX_SHADER, vertex],
      [gl.FRAGMENT_SHADER, fragment],
    ] as const;
    for (const [kind, source] of shaders) {
      const shader = gl.createShader(kind);
      if (!shader) throw new SpaceError("The graphics card has given the 3-D view up.");
      gl.shaderSource(shader, `#version 300 es\nprecision highp float;\nprecision highp int;\n${source}`);
      gl.compileShader(shader);
      gl.attachShader(this.#program, shader);
      gl.deleteShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost())
        throw new SpaceError(`The graphics card refuses a program: ${gl.getShaderInfoLog(shader)}`);
    }
    gl.linkProgram(this.#program);
    if (!gl.getProgramParameter(this.#program, gl.LINK_STATUS) && !gl.isContextLost())
      throw new SpaceError(`The graphics card refuses a program: ${gl.getProgramInfoLog(this.#program)}`);
  }

  use(): void {
    this.#gl.useProgram(this.#program);
  }

  /** Returns where an attribute of the vertices is. */
  attribute(name: string): number {
    return this.#gl.getAttribLocation(this.#program, name);
  }

  /** Sets a whole number, a truth value or the number of a texture. */
  whole(name: string, value: number | boolean): void {
    this.#gl.uniform1i(this.#place(name), Number(value));
  }

  number(name: string, value: number): void {
    this.#gl.uniform1f(this.#place(name), value);
  }

  pair(name: string, x: number, y: number): void {
    this.#gl.uniform2f(this.#place(name), x, y);
  }

  vector(name: string, [x, y, z]: readonly [number, number, number]): void {
    this.#gl.uniform3f(this.#place(name), x, y, z);
  }

  /** Sets an array of vectors from its beginning. */
  vectors(name: string, all: readonly (readonly [number, number, number])[]): void {
    if (all.length > 0) this.#gl.uniform3fv(this.#place(`${name}[0]`), all.flat());
  }

  wholes(name: string, [x, y, z]: readonly [number, number, number]): void {
    this.#gl.uniform3i(this.#place(name), x, y, z);
  }

  matrix(name: string, values: Float32Array): void {
    this.#gl.uniformMatrix4fv(this.#place(name), false, values);
  }

  /** Binds a texture to a unit and hands that to a sampler. */
  texture(name: string, unit: number, target: number, texture: WebGLTexture): void {
    this.#gl.activeTexture(this.#gl.TEXTURE0 + unit);
    this.#gl.bindTexture(target, texture);
    this.whole(name, unit);
  }

  dispose(): void {
    this.#gl.deleteProgram(this.#program);
  }

  #place(name: string): WebGLUniformLocation | null {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = this.#gl.getUniformLocation(this.#program, name);
    this.#places.set(name, place);
    return place;
  }
}

/** One triangle that covers the whole picture. */
export const wholePicture = `
void main() {
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;
