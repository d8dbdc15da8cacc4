/** A picture off the screen, with its depth, and how it is put on the screen. */
import type { Size } from "../camera.js";
import { Program, SpaceError, wholePicture } from "./program.js";

/** A picture that is drawn into. */
export class Target {
  readonly #gl: WebGL2RenderingContext;
  readonly #frame: WebGLFramebuffer;
  readonly colour: WebGLTexture;
  readonly depth: WebGLTexture;
  #size: Size = { width: 0, height: 0 };

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#frame = gl.createFramebuffer();
    this.colour = gl.createTexture();
    this.depth = gl.createTexture();
  }

  get size(): Size {
    return this.#size;
  }

  /** Binds the picture to draw into, of this size, what was in it lost where that is a new one. @throws SpaceError where there is no memory for it */
  bind(size: Size): void {
    const gl = this.#gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#frame);
    gl.viewport(0, 0, size.width, size.height);
    if (size.width === this.#size.width && size.height === this.#size.height) return;
    this.#size = size;
    this.#store(this.colour, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, gl.COLOR_ATTACHMENT0);
    this.#store(this.depth, gl.DEPTH_COMPONENT24, gl.DEPTH_COMPONENT, gl.UNSIGNED_INT, gl.DEPTH_ATTACHMENT);
    const isWhole = gl.checkFramebufferStatus(gl.FRAMEBUFFER) === gl.FRAMEBUFFER_COMPLETE;
    if (!isWhole && !gl.isContextLost())
      throw new SpaceError("The graphics card has no memory left for the 3-D view's picture.");
  }

  dispose(): void {
    this.#gl.deleteFramebuffer(this.#frame);
    this.#gl.deleteTexture(this.colour);
    this.#gl.deleteTexture(this.depth);
  }

  #store(texture: WebGLTexture, inner: number, format: number, type: number, place: number): void {
    const gl = this.#gl;
    const { width, height } = this.#size;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, inner, width, height, 0, format, type, null);
    const filter = format === gl.RGBA ? gl.LINEAR : gl.NEAREST;
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, place, gl.TEXTURE_2D, texture, 0);
  }
}

const copyFragment = `
uniform sampler2D u_colour;
uniform highp sampler2D u_depth;
uniform vec2 u_pixels;
out vec4 colour;
void main() {
  vec2 place = gl_FragCoord.xy / u_pixels;
  colour = texture(u_colour, place);
  gl_FragDepth = texture(u_depth, place).r;
}`;

/** Puts pictures on the screen, colour and depth. */
export class Copier {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: Program;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#program = new Program(gl, wholePicture, copyFragment);
  }

  /** Draws a picture over the whole of what is bound, scaled. */
  draw({ colour, depth }: Target, size: Size): void {
    const gl = this.#gl;
    this.#program.use();
    this.#program.texture("u_colour", 0, gl.TEXTURE_2D, colour);
    this.#program.texture("u_depth", 1, gl.TEXTURE_2D, depth);
    this.#program.pair("u_pixels", size.width, size.height);
    gl.depthFunc(gl.ALWAYS);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.depthFunc(gl.LESS);
  }

  dispose(): void {
    this.#program.dispose();
  }
}
