/** Draws marks as spheres, each a square towards the eye in which the sphere's own depth is computed, and as arrows. */
import { angstromsPerPixel } from "../camera.js";
import { chosenBit, hollowBit, markBytes, type PackedMarks } from "../marks.js";
import { arrowTriangles } from "./arrow.js";
import { Program } from "./program.js";
import { rays, setClip, setRays, type View } from "./view.js";

const instance = `
uniform mat4 u_clip;
uniform vec3 u_eye;
uniform float u_pixelAngle;
in vec4 a_sphere;
in vec4 a_colour;`;

const sphereVertex = `${instance}
out vec3 v_colour;
flat out int v_look;
flat out vec4 v_sphere;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
  vec3 away = a_sphere.xyz - u_eye;
  float far = length(away);
  float radius = max(a_sphere.w, 1.5 * u_pixelAngle * far);
  v_colour = a_colour.rgb;
  v_look = int(a_colour.a * 255.0 + 0.5);
  v_sphere = vec4(away, radius);
  vec3 ahead = away / far;
  vec3 aside = normalize(cross(ahead, abs(ahead.y) < 0.9 ? vec3(0, 1, 0) : vec3(1, 0, 0)));
  vec3 above = cross(aside, ahead);
  // Half the square: what touches the sphere from the eye, in the plane of its centre.
  float side = radius * far / sqrt(max(far * far - radius * radius, 1e-6));
  gl_Position = far <= radius ? vec4(2, 2, 2, 1) : u_clip * vec4(away + side * (corner.x * aside + corner.y * above), 1);
}`;

const sphereFragment = `${rays}
in vec3 v_colour;
flat in int v_look;
flat in vec4 v_sphere;
out vec4 colour;
void main() {
  vec3 way = ray();
  float a = dot(way, way), b = dot(way, v_sphere.xyz);
  float c = dot(v_sphere.xyz, v_sphere.xyz) - v_sphere.w * v_sphere.w;
  float square = b * b - a * c;
  if (square < 0.0) discard;
  float depth = (b - sqrt(square)) / a;
  vec3 normal = (way * depth - v_sphere.xyz) / v_sphere.w;
  float facing = abs(dot(normal, way)) * inversesqrt(a);
  bool isHollow = (v_look & ${hollowBit}) != 0, isChosen = (v_look & ${chosenBit}) != 0;
  if (isHollow && facing > 0.5) discard;
  bool isRim = isChosen && facing < 0.5;
  colour = vec4(isRim ? vec3(1) : v_colour * (0.35 + 0.65 * facing), 1);
  gl_FragDepth = stored(depth);
}`;

const arrowVertex = `${instance}
in vec3 a_point;
in vec3 a_direction;
out vec3 v_colour;
void main() {
  vec3 aside = normalize(cross(a_direction, abs(a_direction.y) < 0.9 ? vec3(0, 1, 0) : vec3(1, 0, 0)));
  vec3 above = cross(aside, a_direction);
  vec3 place = aside * a_point.x + above * a_point.y + a_direction * a_point.z;
  v_colour = a_colour.rgb * (0.6 + 0.4 * a_point.z);
  gl_Position = u_clip * vec4(a_sphere.xyz - u_eye + a_sphere.w * 2.5 * place, 1);
}`;

const arrowFragment = `
in vec3 v_colour;
out vec4 colour;
void main() { colour = vec4(v_colour, 1); }`;

interface Instances {
  readonly array: WebGLVertexArrayObject;
  readonly buffer: WebGLBuffer;
  count: number;
}

/** Spheres and arrows in one context. */
export class MarksRenderer {
  readonly #gl: WebGL2RenderingContext;
  readonly #sphere: Program;
  readonly #arrow: Program;
  readonly #spheres: Instances;
  readonly #arrows: Instances;
  readonly #arrowShape: WebGLBuffer;

  /** @throws SpaceError where the graphics card refuses the programs */
  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#sphere = new Program(gl, sphereVertex, sphereFragment);
    this.#arrow = new Program(gl, arrowVertex, arrowFragment);
    this.#spheres = this.#instances(this.#sphere);
    this.#arrows = this.#instances(this.#arrow);
    this.#arrowShape = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#arrowShape);
    gl.bufferData(gl.ARRAY_BUFFER, arrowTriangles, gl.STATIC_DRAW);
    const point = this.#arrow.attribute("a_point");
    gl.enableVertexAttribArray(point);
    gl.vertexAttribPointer(point, 3, gl.FLOAT, false, 12, 0);
    gl.bindVertexArray(null);
  }

  /** Replaces all marks. */
  set(marks: PackedMarks): void {
    this.#fill(this.#spheres, marks);
    this.#fill(this.#arrows, marks.arrows);
  }

  /** Draws all marks into the whole picture. */
  draw(view: View): void {
    const gl = this.#gl;
    const pixelAngle = angstromsPerPixel(1, view.size);
    for (const [program, { array, count }] of [
      [this.#sphere, this.#spheres],
      [this.#arrow, this.#arrows],
    ] as const) {
      if (count === 0) continue;
      program.use();
      if (program === this.#sphere) setRays(program, view, view.size);
      setClip(program, view);
      program.number("u_pixelAngle", pixelAngle);
      gl.bindVertexArray(array);
      if (program === this.#sphere) gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
      else gl.drawArraysInstanced(gl.TRIANGLES, 0, arrowTriangles.length / 3, count);
    }
    gl.bindVertexArray(null);
  }

  dispose(): void {
    const gl = this.#gl;
    for (const { array, buffer } of [this.#spheres, this.#arrows]) {
      gl.deleteVertexArray(array);
      gl.deleteBuffer(buffer);
    }
    gl.deleteBuffer(this.#arrowShape);
    this.#sphere.dispose();
    this.#arrow.dispose();
  }

  #instances(program: Program): Instances {
    const gl = this.#gl;
    const [array, buffer] = [gl.createVertexArray(), gl.createBuffer()];
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    const parts = [
      ["a_sphere", 4, gl.FLOAT, 0],
      ["a_colour", 4, gl.UNSIGNED_BYTE, 16],
      ["a_direction", 3, gl.FLOAT, 20],
    ] as const;
    for (const [name, size, type, offset] of parts) {
      const place = program.attribute(name);
      if (place < 0) continue;
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, type, type === gl.UNSIGNED_BYTE, markBytes, offset);
      gl.vertexAttribDivisor(place, 1);
    }
    return { array, buffer, count: 0 };
  }

  #fill(instances: Instances, marks: PackedMarks | undefined): void {
    const gl = this.#gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, instances.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, marks?.bytes ?? new ArrayBuffer(0), gl.DYNAMIC_DRAW);
    instances.count = marks?.count ?? 0;
  }
}
